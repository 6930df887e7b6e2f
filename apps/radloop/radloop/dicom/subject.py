"""Whose picture it is: the words on patient and study, taken over into what is written about it."""

from pydicom.dataset import Dataset

from radloop.dicom.plane import readable

_REQUIRED = (
    "PatientName", "PatientID", "PatientBirthDate", "PatientSex",
    "StudyInstanceUID", "StudyDate", "StudyTime", "StudyID", "AccessionNumber", "ReferringPhysicianName",
)  # fmt: skip
_OPTIONAL = (
    "IssuerOfPatientID", "PatientAge", "PatientSize", "PatientWeight", "PatientIdentityRemoved",
    "DeidentificationMethod", "StudyDescription", "TimezoneOffsetFromUTC",
)  # fmt: skip


def nobody() -> Dataset:
    """A patient and study without values: highdicom refuses the impossible dates that archives hold."""
    ds = Dataset()
    for keyword in _REQUIRED:
        setattr(ds, keyword, "")
    return ds


def copy_subject(header: Dataset, to: Dataset) -> None:
    """Take over patient and study as they stand, faults included, in UTF-8."""
    to.SpecificCharacterSet = "ISO_IR 192"
    for keyword in _REQUIRED:
        setattr(to, keyword, _value(header, keyword))
    for keyword in _OPTIONAL:
        if readable(header, keyword) is not None:
            setattr(to, keyword, _value(header, keyword))


def _value(header: Dataset, keyword: str) -> object:
    value = readable(header, keyword)
    return "" if value is None else str(value) if keyword in ("PatientName", "ReferringPhysicianName") else value
