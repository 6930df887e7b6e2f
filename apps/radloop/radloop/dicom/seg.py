"""A label map of a cine as DICOM SEG: one object that follows time, or one a phase."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence

from radloop.dicom.codes import ANATOMICAL_STRUCTURE, Segment, heart_segments
from radloop.dicom.elements import RESEARCH_USE, Uids, code, decimals, item, with_meta
from radloop.dicom.files import write_whole
from radloop.dicom.plane import Plane, text
from radloop.dicom.source import Source
from radloop.dicom.subject import copy_subject, nobody
from radloop.images import LabelMap
from radloop.refusal import Refusal

SERIES_NUMBER = 900


def write_seg(
    path: Path,
    label: LabelMap,
    source: Source,
    *,
    algorithm: str,
    version: str,
    segments: Sequence[Segment] | None = None,
    per_phase: bool = False,
    manual: bool = False,
) -> list[Path]:
    """Write a label map (x, y, z, t) on the grid of ``source`` as BINARY segmentation; return what was written.

    One object for all phases, or with ``per_phase`` one for each (``seg_01.dcm`` for ``seg.dcm``), in one
    series, for readers that cannot follow time. Segment numbers are the values of the label map; frames
    are ordered by phase, segment, slice, and each names the plane that it covers. ``manual`` where a
    person drew or corrected it. Refuses a label map of another grid.
    """
    n_slices, n_frames = len(source.planes), source.cine.n_frames
    first = source.planes[0][0]
    grid = (first.columns, first.rows, n_slices, n_frames)
    if label.shape != grid:
        raise Refusal("WRONG_GRID", f"The labels are {label.shape} voxels, the cine is {grid}.")
    segments = segments or heart_segments()
    uids = Uids()
    template = _template(source, algorithm, version, segments, uids, manual)
    phases = [[t] for t in range(n_frames)] if per_phase else [list(range(n_frames))]
    written = []
    for number, these in enumerate(phases, 1):
        where = path.with_name(f"{path.stem}_{number:02d}{path.suffix}") if per_phase else path
        what = f"Segmentation, phase {number:02d}/{n_frames}" if per_phase else "Segmentation, all phases"
        write_whole(where, _object(template, label, source, segments, these, number, what, uids))
        written.append(where)
    return written


def _object(
    template: Dataset,
    label: LabelMap,
    source: Source,
    segments: Sequence[Segment],
    phases: Sequence[int],
    number: int,
    description: str,
    uids: Uids,
) -> Dataset:
    ds = Dataset()
    ds.update(template)
    ds.SOPInstanceUID = uids("seg", number)
    ds.InstanceNumber, ds.SeriesDescription = number, description
    ds.NumberOfFrames = len(phases) * len(segments) * len(source.planes)
    ds.ReferencedSeriesSequence = _referenced([row[t] for t in phases for row in source.planes])
    # Frames of one plane share what they say about it: building it is most of the work.
    origins = [[_origin(row[t]) for row in source.planes] for t in phases]
    places = [item(ImagePositionPatient=decimals(*(row[0].position or ()))) for row in source.planes]
    ds.PerFrameFunctionalGroupsSequence = DicomSequence(
        _frame(t, segment.number, z, place, of_phase[z])
        for t, of_phase in zip(phases, origins, strict=True)
        for segment in segments
        for z, place in enumerate(places)
    )
    ds.PixelData = _bits(label, [s.number for s in segments], phases)
    return with_meta(ds)


def _frame(t: int, number: int, z: int, place: DicomSequence, origin: DicomSequence) -> Dataset:
    frame = Dataset()
    frame.FrameContentSequence = item(DimensionIndexValues=[t + 1, number, z + 1], TemporalPositionIndex=t + 1)
    frame.PlanePositionSequence = place
    frame.SegmentIdentificationSequence = item(ReferencedSegmentNumber=number)
    frame.DerivationImageSequence = origin
    return frame


def _origin(plane: Plane) -> DicomSequence:
    image = _reference(plane)
    image.SpatialLocationsPreserved = "YES"
    image.PurposeOfReferenceCodeSequence = code("121322", "DCM", "Source image for image processing operation")
    return item(
        SourceImageSequence=DicomSequence([image]), DerivationCodeSequence=code("113076", "DCM", "Segmentation")
    )


def _reference(plane: Plane) -> Dataset:
    reference = Dataset()
    reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = plane.sop_class_uid, plane.sop_instance_uid
    if plane.frame is not None:
        reference.ReferencedFrameNumber = plane.frame
    return reference


def _referenced(planes: Sequence[Plane]) -> DicomSequence:
    """Every object that the planes come from, once, by series."""
    series: dict[str, dict[str, Dataset]] = {}
    for plane in planes:
        whole = Dataset()
        whole.ReferencedSOPClassUID, whole.ReferencedSOPInstanceUID = plane.sop_class_uid, plane.sop_instance_uid
        series.setdefault(plane.series_uid, {})[plane.sop_instance_uid] = whole
    return DicomSequence(
        item(SeriesInstanceUID=uid, ReferencedInstanceSequence=DicomSequence(those.values()))[0]
        for uid, those in series.items()
    )


def _bits(label: LabelMap, values: Sequence[int], phases: Sequence[int]) -> bytes:
    """One bit a pixel, lowest first, frame after frame without gaps (DICOM PS3.5, 8.1.1).

    Eight frames at a time: they end on a whole byte whatever the size of a frame.
    """
    rows_first = label.transpose(3, 2, 1, 0)
    frames = [(t, value, z) for t in phases for value in values for z in range(label.shape[2])]
    packed = b"".join(
        np.packbits(np.stack([rows_first[t, z] == v for t, v, z in frames[n : n + 8]]), bitorder="little").tobytes()
        for n in range(0, len(frames), 8)
    )
    return packed + b"\0" * (len(packed) % 2)


def _template(
    source: Source, algorithm: str, version: str, segments: Sequence[Segment], uids: Uids, manual: bool
) -> Dataset:
    """Everything that does not depend on the labels, by highdicom, from the planes of one phase.

    highdicom refuses planes that lie at one place, as those of other phases do; so frames, references
    and pixels are put in by ``_object``, with time as the first dimension.
    """
    import highdicom as hd
    from highdicom.sr import CodedConcept
    from pydicom.sr.codedict import codes

    def concept(what: Any) -> CodedConcept:
        return CodedConcept(what.value, what.scheme, what.meaning)

    kind = hd.seg.SegmentAlgorithmTypeValues
    identity = hd.AlgorithmIdentificationSequence(
        name=algorithm, version=version, family=codes.cid7162.ArtificialIntelligence
    )
    descriptions = [
        hd.seg.SegmentDescription(
            segment_number=s.number,
            segment_label=s.name,
            segmented_property_category=concept(ANATOMICAL_STRUCTURE),
            segmented_property_type=concept(s.code),
            algorithm_type=kind.SEMIAUTOMATIC if manual else kind.AUTOMATIC,
            algorithm_identification=identity,
            display_color=hd.color.CIELabColor.from_rgb(*s.rgb),
        )
        for s in segments
    ]
    images = [_image(source, row[0], row[0].study_uid) for row in source.planes]
    seg: Dataset = hd.seg.Segmentation(
        source_images=images,
        pixel_array=np.zeros((len(images), images[0].Rows, images[0].Columns), np.uint8),
        segmentation_type=hd.seg.SegmentationTypeValues.BINARY,
        segment_descriptions=descriptions,
        series_instance_uid=uids("series"),
        series_number=SERIES_NUMBER,
        sop_instance_uid=uids("template"),
        instance_number=1,
        manufacturer="radloop",
        manufacturer_model_name=algorithm,
        software_versions=version,
        device_serial_number="1",
        content_description=RESEARCH_USE,
        content_label="HEART",
        pixel_measures=hd.PixelMeasuresSequence(
            pixel_spacing=source.planes[0][0].spacing_mm or (1, 1),
            slice_thickness=source.slice_distance_mm,
            spacing_between_slices=source.slice_distance_mm,
        ),
        omit_empty_frames=False,
    )
    copy_subject(source.header, seg)
    if "DimensionOrganizationType" in seg:
        del seg.DimensionOrganizationType
    time = Dataset()
    time.DimensionIndexPointer, time.FunctionalGroupPointer = 0x00209128, 0x00209111
    time.DimensionOrganizationUID = seg.DimensionOrganizationSequence[0].DimensionOrganizationUID
    time.DimensionDescriptionLabel = "Temporal Position Index"
    seg.DimensionIndexSequence.insert(0, time)
    return seg


def _image(source: Source, plane: Plane, study_uid: str) -> Dataset:
    """A plane as if it were an image of its own, in one series and one frame of reference with the others."""
    ds = nobody()
    ds.StudyInstanceUID, ds.SeriesInstanceUID = study_uid, source.cine.id
    ds.SOPClassUID = "1.2.840.10008.5.1.4.1.1.4"
    ds.SOPInstanceUID = plane.sop_instance_uid if plane.frame is None else Uids(plane.sop_instance_uid)(plane.frame)
    ds.FrameOfReferenceUID = text(source.header, "FrameOfReferenceUID") or Uids(study_uid)("space")
    ds.PositionReferenceIndicator = ""
    ds.Rows, ds.Columns = plane.rows, plane.columns
    ds.ImagePositionPatient = decimals(*(plane.position or ()))
    first = source.planes[0][0]  # parallel planes differ in their last digits, which highdicom takes for tilted
    ds.ImageOrientationPatient = decimals(*(first.orientation or ()))
    ds.PixelSpacing = decimals(*(first.spacing_mm or ()))
    ds.SliceThickness = source.slice_distance_mm
    return ds
