"""A cine as one Enhanced MR object: all its planes as frames (DICOM PS3.3, A.36)."""

from typing import TYPE_CHECKING

import numpy as np
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from radloop.dicom.elements import RESEARCH_USE, Uids, code, decimal, decimals, item

if TYPE_CHECKING:
    from radloop.dicom.make import Prepared

ENHANCED_MR = "1.2.840.10008.5.1.4.1.1.4.1"


def multi_frame(study: Dataset, series: "Prepared", uids: Uids) -> Dataset:
    """Frames slice by slice, phase by phase, with time and position as dimensions."""
    place, pixels = series.place, series.pixels
    columns, rows, n_slices, n_frames = pixels.shape
    ds = Dataset()
    ds.update(study)
    ds.SOPClassUID, ds.SOPInstanceUID = ENHANCED_MR, uids("enhanced", 1)
    ds.SeriesInstanceUID, ds.SeriesDescription = uids("enhanced"), series.view.description
    ds.SeriesNumber, ds.InstanceNumber = series.view.series_number, 1
    ds.ImageType = ["DERIVED", "PRIMARY", "CARDIAC", "NONE"]
    ds.PixelPresentation, ds.VolumetricProperties, ds.VolumeBasedCalculationTechnique = "MONOCHROME", "VOLUME", "NONE"
    ds.ComplexImageComponent, ds.AcquisitionContrast = "MAGNITUDE", "UNKNOWN"
    ds.AcquisitionDateTime, ds.AcquisitionNumber = "20260101120000", 1
    ds.ContentQualification, ds.BurnedInAnnotation, ds.LossyImageCompression = "RESEARCH", "NO", "00"
    ds.PresentationLUTShape, ds.AcquisitionContextSequence = "IDENTITY", Sequence()
    ds.ImageComments = RESEARCH_USE
    ds.ApplicableSafetyStandardAgency = "IEC"
    ds.CardiacSynchronizationTechnique, ds.CardiacBeatRejectionTechnique = "RETROSPECTIVE", "NONE"
    ds.LowRRValue = ds.HighRRValue = round(series.rr_ms)
    ds.Rows, ds.Columns, ds.NumberOfFrames = rows, columns, n_slices * n_frames
    ds.PixelRepresentation = int(pixels.dtype.kind == "i")
    _dimensions(ds, uids)
    ds.SharedFunctionalGroupsSequence = item(
        PixelMeasuresSequence=item(
            PixelSpacing=decimals(place.between_rows, place.between_columns),
            SliceThickness=decimal(place.between_slices),
            SpacingBetweenSlices=decimal(place.between_slices),
        ),
        PlaneOrientationSequence=item(ImageOrientationPatient=decimals(*place.orientation)),
        FrameAnatomySequence=item(FrameLaterality="U", AnatomicRegionSequence=code("80891009", "SCT", "Heart")),
        MRImageFrameTypeSequence=item(
            FrameType=ds.ImageType,
            PixelPresentation="MONOCHROME",
            VolumetricProperties="VOLUME",
            VolumeBasedCalculationTechnique="NONE",
            ComplexImageComponent="MAGNITUDE",
            AcquisitionContrast="UNKNOWN",
        ),
        FrameVOILUTSequence=item(WindowCenter=series.window[0], WindowWidth=series.window[1]),
        PixelValueTransformationSequence=item(RescaleIntercept="0", RescaleSlope="1", RescaleType="US"),
    )
    ds.PerFrameFunctionalGroupsSequence = Sequence(
        _frame(series, z, t) for z in range(n_slices) for t in range(n_frames)
    )
    ds.PixelData = np.ascontiguousarray(pixels.transpose(2, 3, 1, 0)).tobytes()
    return ds


def _dimensions(ds: Dataset, uids: Uids) -> None:
    organization = uids("dimensions")
    ds.DimensionOrganizationSequence = item(DimensionOrganizationUID=organization)
    ds.DimensionIndexSequence = Sequence(
        item(DimensionOrganizationUID=organization, DimensionIndexPointer=pointer, FunctionalGroupPointer=group)[0]
        for pointer, group in ((0x00209057, 0x00209111), (0x00209128, 0x00209111))  # in-stack position, time
    )


def _frame(series: "Prepared", z: int, t: int) -> Dataset:
    frame = Dataset()
    frame.FrameContentSequence = item(
        StackID="1", InStackPositionNumber=z + 1, TemporalPositionIndex=t + 1, DimensionIndexValues=[z + 1, t + 1]
    )
    frame.PlanePositionSequence = item(ImagePositionPatient=decimals(*series.place.position(z)))
    frame.CardiacSynchronizationSequence = item(
        NominalCardiacTriggerDelayTime=round(float(series.times_ms[t]), 3),
        RRIntervalTimeNominal=round(series.rr_ms, 3),
    )
    return frame
