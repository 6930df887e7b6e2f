"""A cine written as a valid MR study: for samples, tests, and viewers that take only DICOM."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from radloop.dicom.elements import RESEARCH_USE, Place, Uids, decimal, decimals, with_meta
from radloop.dicom.enhanced import multi_frame
from radloop.dicom.files import write_whole
from radloop.dicom.views import View, views_beside
from radloop.images import Cine
from radloop.refusal import Refusal

Form = Literal["one-series", "series-per-slice", "enhanced"]
MR_IMAGE = "1.2.840.10008.5.1.4.1.1.4"


@dataclass(frozen=True)
class Prepared:
    """A view with 16-bit ``pixels`` (x, y, z, t), the trigger time of each phase, and its place."""

    view: View
    pixels: NDArray[Any]
    times_ms: NDArray[np.float64]
    rr_ms: float
    place: Place
    window: tuple[str, str]


def make_study(
    cine: Cine,
    folder: Path,
    *,
    form: Form = "one-series",
    seed: str | None = None,
    patient: str = "Sample",
    beside: bool = True,
    rr_ms: float | None = None,
    jitter_ms: float = 0.0,
) -> list[Path]:
    """Write a cine as MR images into a folder, and return their paths.

    ``form``: slices and phases in one series, one series a slice, or one multi-frame object. With
    ``beside``, three scouts and a long-axis cine of the same heart lie in the study too. The same
    ``seed`` gives the same UIDs; none, new ones. ``rr_ms`` is the time from beat to beat: by default
    what the times of the cine suggest, or 1000; frames without times are spread over it.
    ``jitter_ms`` shifts the trigger times of each slice by that much more than the last one's, as
    breath-holds do. Whole numbers that 16 bits hold are kept; other values are scaled to 0-4095.
    """
    if not cine.spacing_known:
        raise Refusal("NO_SPACING", "The cine does not say how large its voxels are: no DICOM can be made of it.")
    if any(folder.glob("*.dcm")):
        raise Refusal("FOLDER_IN_USE", f"{folder} holds DICOM files already: give another folder.")
    uids = Uids(seed)
    study = _study(uids, patient)
    written: list[Path] = []
    heart = View("SAX cine", 10, cine, moving=True)
    for view in [heart, *(views_beside(cine) if beside else [])]:
        series = _prepared(view, rr_ms)
        if view is heart and form == "enhanced":
            objects = iter([multi_frame(study, series, uids)])
        else:
            objects = _single_frames(
                study, series, uids, one_each=view is heart and form == "series-per-slice", jitter_ms=jitter_ms
            )
        for n, dataset in enumerate(objects, 1):
            path = folder / f"{view.description.lower().replace(' ', '-')}-{n:03d}.dcm"
            write_whole(path, with_meta(dataset))
            written.append(path)
    return written


def _prepared(view: View, rr_ms: float | None) -> Prepared:
    cine, place = view.cine, Place(view.cine.affine)
    if not place.is_rectangular:
        raise Refusal("SHEARED", "Rows and columns of the cine are not at right angles: no DICOM can be made of it.")
    pixels = _stored(cine.voxels)
    if cine.times_ms is None or cine.n_frames == 1:
        interval = rr_ms or 1000.0
        times = np.arange(cine.n_frames) * interval / cine.n_frames
    else:
        times = np.asarray(cine.times_ms - cine.times_ms[0], float)
        interval = rr_ms or float(times[-1] * cine.n_frames / (cine.n_frames - 1))
    low, high = np.percentile(pixels[::2, ::2], [1, 99])
    return Prepared(view, pixels, times, interval, place, (decimal((low + high) / 2), decimal(max(high - low, 1))))


def _stored(voxels: NDArray[Any]) -> NDArray[Any]:
    low, high = float(voxels.min()), float(voxels.max())
    if not np.isfinite([low, high]).all():
        raise Refusal("NOT_FINITE", "The cine holds voxels that are no numbers: no DICOM can be made of it.")
    if np.array_equal(voxels, np.rint(voxels)):
        if low >= 0 and high < 2**16:
            return voxels.astype("<u2")
        if low >= -(2**15) and high < 2**15:
            return voxels.astype("<i2")
    return np.rint((voxels.astype(np.float64) - low) * (4095 / (high - low or 1.0))).astype("<u2")


def _study(uids: Uids, patient: str) -> Dataset:
    """What all objects of the study share."""
    ds = Dataset()
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.StudyDate = ds.SeriesDate = ds.ContentDate = "20260101"
    ds.StudyTime = ds.SeriesTime = ds.ContentTime = "120000"
    ds.AccessionNumber, ds.StudyID, ds.ReferringPhysicianName = "", "1", ""
    ds.StudyDescription = "Cardiac MR"
    ds.Modality, ds.Manufacturer, ds.ManufacturerModelName = "MR", "radloop", "make"
    ds.SoftwareVersions, ds.DeviceSerialNumber = "1", "1"
    ds.PatientName, ds.PatientID, ds.PatientBirthDate, ds.PatientSex = f"{patient}^", patient, "", ""
    ds.BodyPartExamined = "HEART"
    ds.StudyInstanceUID, ds.FrameOfReferenceUID = uids("study"), uids("space")
    ds.PositionReferenceIndicator, ds.PatientPosition = "", "HFS"
    ds.ImageComments = f"Made by radloop from a picture. {RESEARCH_USE}"
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = 16, 16, 15
    return ds


def _single_frames(
    study: Dataset, series: Prepared, uids: Uids, *, one_each: bool, jitter_ms: float
) -> Iterator[Dataset]:
    """One object a plane, slice by slice; ``one_each`` gives each slice a series."""
    view, place = series.view, series.place
    columns, rows, n_slices, n_frames = series.pixels.shape
    for z in range(n_slices):
        name = f"{view.description} {z + 1}" if one_each else view.description
        for t in range(n_frames):
            number = t + 1 if one_each else z * n_frames + t + 1
            ds = Dataset()
            ds.update(study)
            ds.SOPClassUID, ds.SOPInstanceUID = MR_IMAGE, uids(name, number)
            ds.SeriesInstanceUID, ds.SeriesDescription = uids(name), name
            ds.SeriesNumber = view.series_number + (z if one_each else 0)
            ds.InstanceNumber, ds.AcquisitionNumber = number, 1
            ds.ImageType = ["DERIVED", "SECONDARY", "OTHER"]
            ds.ScanningSequence, ds.SequenceVariant, ds.MRAcquisitionType = "GR", "SS", "2D"
            ds.RepetitionTime, ds.EchoTime, ds.FlipAngle, ds.EchoTrainLength = "3", "1.5", "45", 1
            ds.ScanOptions = "CG" if view.moving else ""
            if view.moving:
                ds.TriggerTime = decimal(round(float(series.times_ms[t]) + jitter_ms * z, 3))
                ds.CardiacNumberOfImages = n_frames
                ds.NominalInterval, ds.HeartRate = round(series.rr_ms), round(60_000 / series.rr_ms)
            ds.ImageOrientationPatient = decimals(*place.orientation)
            ds.ImagePositionPatient = decimals(*place.position(z))
            ds.PixelSpacing = decimals(place.between_rows, place.between_columns)
            ds.SliceThickness = decimal(place.between_slices)
            if n_slices > 1:
                ds.SpacingBetweenSlices = decimal(place.between_slices)
            ds.Rows, ds.Columns = rows, columns
            ds.PixelRepresentation = int(series.pixels.dtype.kind == "i")
            ds.WindowCenter, ds.WindowWidth = series.window
            ds.PixelData = np.ascontiguousarray(series.pixels[:, :, z, t].T).tobytes()
            yield ds
