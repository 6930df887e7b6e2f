"""A radiograph as a DICOM object, for samples and tests."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from radloop.dicom.elements import Uids, decimals, with_meta
from radloop.dicom.files import write_whole

CR = "1.2.840.10008.5.1.4.1.1.1"


def make_film(
    path: Path, pixels: NDArray[np.uint8], *, spacing_mm: float, seed: str | None = None, patient: str = "Sample"
) -> str:
    """Write pixels (rows, columns), bright is dense, as a CR image; the same seed gives the same UIDs.

    Returns its SOP Instance UID.
    """
    uid = Uids(seed)
    film = Dataset()
    film.SOPClassUID, film.SOPInstanceUID = CR, uid("film")
    film.StudyInstanceUID, film.SeriesInstanceUID = uid("study"), uid("series")
    film.PatientName, film.PatientID, film.PatientBirthDate, film.PatientSex = patient, patient, "", ""
    film.StudyDate, film.StudyTime, film.AccessionNumber, film.StudyID = "", "", "", "1"
    film.ReferringPhysicianName, film.Manufacturer = "", "radloop"
    film.StudyDescription, film.SeriesDescription = "Chest", "Radiograph made by a phantom"
    film.Modality, film.BodyPartExamined, film.ViewPosition = "CR", "CHEST", "PA"
    film.SeriesNumber, film.InstanceNumber, film.PatientOrientation = 1, 1, ["L", "F"]
    film.ImageType = ["DERIVED", "SECONDARY"]
    film.Rows, film.Columns = pixels.shape
    film.SamplesPerPixel, film.PhotometricInterpretation = 1, "MONOCHROME2"
    film.BitsAllocated, film.BitsStored, film.HighBit, film.PixelRepresentation = 8, 8, 7, 0
    film.ImagerPixelSpacing = decimals(spacing_mm, spacing_mm)
    film.WindowCenter, film.WindowWidth = "128", "256"
    film.PixelData = np.ascontiguousarray(pixels, np.uint8).tobytes()
    write_whole(path, with_meta(film))
    return str(film.SOPInstanceUID)
