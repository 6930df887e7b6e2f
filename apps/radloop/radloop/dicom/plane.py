"""One plane of pixels in a DICOM object: which it is, where it lies, when in the heartbeat it was taken."""

import math
from dataclasses import dataclass
from typing import Any

from pydicom.dataset import Dataset

from radloop.dicom.files import UNREADABLE

ENHANCED = frozenset(
    {
        "1.2.840.10008.5.1.4.1.1.4.1",  # Enhanced MR
        "1.2.840.10008.5.1.4.1.1.4.4",  # Legacy Converted Enhanced MR
    }
)
MR = frozenset({"1.2.840.10008.5.1.4.1.1.4"}) | ENHANCED


@dataclass(frozen=True, slots=True)
class Plane:
    """``position`` is the centre of the first pixel, ``orientation`` the directions of a row and of a
    column (both LPS, mm); ``spacing_mm`` lies between rows, then between columns.

    ``frame`` counts from 1 in a multi-frame object and is None in others. ``trigger_ms`` is counted
    from the R wave. ``order`` is what the object says about the order in time besides that.
    """

    name: str
    study_uid: str
    series_uid: str
    sop_class_uid: str
    sop_instance_uid: str
    frame: int | None
    series_number: int
    instance_number: int
    description: str
    image_type: tuple[str, ...]
    colour: bool
    rows: int
    columns: int
    position: tuple[float, ...] | None
    orientation: tuple[float, ...] | None
    spacing_mm: tuple[float, ...] | None
    trigger_ms: float | None
    order: int
    rr_ms: float | None
    slope: float
    intercept: float


def numbers(dataset: Dataset, keyword: str, count: int) -> tuple[float, ...] | None:
    """``count`` finite numbers, or None where the element has none or is spoilt."""
    try:
        value: Any = dataset.get(keyword)
        found = tuple(float(v) for v in (value if count > 1 else [value]))
    except UNREADABLE:
        return None
    return found if len(found) == count and all(map(math.isfinite, found)) else None


def number(dataset: Dataset, keyword: str) -> float | None:
    found = numbers(dataset, keyword, 1)
    return found[0] if found else None


def whole(dataset: Dataset, keyword: str, otherwise: int = 0) -> int:
    found = number(dataset, keyword)
    return otherwise if found is None else int(found)


def text(dataset: Dataset, keyword: str) -> str:
    value = readable(dataset, keyword)
    return "" if value is None else str(value).strip()


def readable(dataset: Dataset, keyword: str) -> Any:
    """A value, or None where it is absent or damaged."""
    try:
        return dataset.get(keyword)
    except UNREADABLE:
        return None


def planes_of(header: Dataset, name: str) -> tuple[Plane, ...]:
    """The planes of an MR image, from its header alone; none where the object is anything else.

    An object whose header contradicts itself (fewer frames described than held) has one plane without
    geometry, so that it is named when its series is refused.
    """
    if text(header, "SOPClassUID") not in MR:
        return ()
    if text(header, "SOPClassUID") not in ENHANCED:
        return (_plane(header, name, None, [header]),)
    try:
        own = [_flat(item) for item in header.get("PerFrameFunctionalGroupsSequence") or []]
        shared = [_flat(item) for item in header.get("SharedFunctionalGroupsSequence") or []]
    except UNREADABLE:
        own = []
    if not own or len(own) != whole(header, "NumberOfFrames"):
        return (_plane(header, name, None, []),)
    return tuple(_plane(header, name, n, [groups, *shared[:1], header]) for n, groups in enumerate(own, 1))


def _flat(groups: Dataset) -> Dataset:
    """The elements of all functional groups of one item beside each other, but for a maker's own."""
    flat = Dataset()
    for element in groups:
        if element.VR == "SQ" and not element.tag.is_private:
            for item in element.value[:1]:
                flat.update(item)
    return flat


def _plane(header: Dataset, name: str, frame: int | None, where: list[Dataset]) -> Plane:
    def first(keyword: str, count: int) -> tuple[float, ...] | None:
        return next((v for d in where if (v := numbers(d, keyword, count)) is not None), None)

    def one(*keywords: str) -> float | None:
        return next((v[0] for k in keywords if (v := first(k, 1)) is not None), None)

    orientation, spacing = first("ImageOrientationPatient", 6), first("PixelSpacing", 2)
    if orientation and not _is_orthonormal(orientation):
        orientation = None
    if spacing and min(spacing) <= 0:
        spacing = None
    heart_rate = one("HeartRate")
    interval = one("NominalInterval", "RRIntervalTimeNominal") or (60_000 / heart_rate if heart_rate else None)
    slope, intercept = one("RescaleSlope"), one("RescaleIntercept")
    kind = readable(where[0], "FrameType") or readable(header, "ImageType") if where else None
    return Plane(
        name=name,
        study_uid=text(header, "StudyInstanceUID"),
        series_uid=text(header, "SeriesInstanceUID"),
        sop_class_uid=text(header, "SOPClassUID"),
        sop_instance_uid=text(header, "SOPInstanceUID"),
        frame=frame,
        series_number=whole(header, "SeriesNumber"),
        instance_number=whole(header, "InstanceNumber"),
        description=text(header, "SeriesDescription"),
        image_type=tuple(map(str, kind)) if kind and not isinstance(kind, str) else (),
        colour=whole(header, "SamplesPerPixel", 1) != 1 or text(header, "PhotometricInterpretation") != "MONOCHROME2",
        rows=whole(header, "Rows"),
        columns=whole(header, "Columns"),
        position=first("ImagePositionPatient", 3),
        orientation=orientation,
        spacing_mm=spacing,
        trigger_ms=one("NominalCardiacTriggerDelayTime", "TriggerTime"),
        order=int(one("TemporalPositionIndex", "TemporalPositionIdentifier") or 0),
        rr_ms=interval if interval and interval > 0 else None,
        slope=1.0 if slope is None else slope,
        intercept=intercept or 0.0,
    )


def _is_orthonormal(direction: tuple[float, ...]) -> bool:
    row, column = direction[:3], direction[3:]
    return (
        abs(math.hypot(*row) - 1) < 0.01
        and abs(math.hypot(*column) - 1) < 0.01
        and abs(sum(r * c for r, c in zip(row, column, strict=True))) < 0.01
    )
