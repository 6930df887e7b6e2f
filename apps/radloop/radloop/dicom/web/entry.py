"""What an archive remembers of one object: where it is, what it says of itself, which planes it has."""

from dataclasses import dataclass
from pathlib import Path

from pydicom.dataset import Dataset

from radloop.dicom.plane import Plane, planes_of, readable, text
from radloop.dicom.web.offer import Json, is_uid

STUDY = (
    "StudyDate", "StudyTime", "AccessionNumber", "ReferringPhysicianName", "TimezoneOffsetFromUTC",
    "PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyInstanceUID", "StudyID", "StudyDescription",
)  # fmt: skip
SERIES = (
    "Modality", "SeriesDescription", "SeriesInstanceUID", "SeriesNumber", "SeriesDate", "SeriesTime",
    "BodyPartExamined", "Laterality", "PerformedProcedureStepStartDate", "PerformedProcedureStepStartTime",
)  # fmt: skip
INSTANCE = (
    "SOPClassUID", "SOPInstanceUID", "InstanceNumber", "Rows", "Columns", "BitsAllocated", "NumberOfFrames",
)  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """``summary`` holds what searches are answered from; ``stamp`` is (time of change in ns, size)."""

    path: Path
    stamp: tuple[int, int]
    study: str
    series: str
    instance: str
    summary: Json
    planes: tuple[Plane, ...]


def entry(path: Path, name: str, stamp: tuple[int, int], header: Dataset) -> Entry | None:
    """None where the object's UIDs cannot be asked for."""
    study, series, instance = (text(header, k) for k in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"))
    if not all(map(is_uid, (study, series, instance))):
        return None
    short = Dataset()
    if readable(header, "SpecificCharacterSet"):
        short.SpecificCharacterSet = header.SpecificCharacterSet
    for keyword in (*STUDY, *SERIES, *INSTANCE):
        if readable(header, keyword) is not None:
            short[keyword] = header[keyword]
    summary = short.to_json_dict(suppress_invalid_tags=True)
    return Entry(path, stamp, study, series, instance, summary, planes_of(header, name))
