"""DICOM files on disk: found by content, read as headers, written whole or not at all."""

import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset
from pydicom.errors import BytesLengthException, InvalidDicomError
from pydicom.uid import UID, ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from radloop.images import replace_whole
from radloop.refusal import Refusal

# What pydicom raises on files that are no DICOM, or that end too early.
UNREADABLE = (
    InvalidDicomError, BytesLengthException, EOFError, OSError, ValueError, KeyError, TypeError, AttributeError,
    IndexError, NotImplementedError, OverflowError, RecursionError, struct.error, zlib.error,
)  # fmt: skip
"""Values are decoded when they are asked for, so a damaged one raises these then, not when the file is read."""

_DIRECTORY = "1.2.840.10008.1.3.10"  # Media Storage Directory: a DICOMDIR lists files and is none of them


@dataclass(frozen=True)
class Scan:
    """The DICOM headers (without pixels) of a folder, by path; names of other files, and of damaged ones."""

    headers: dict[Path, Dataset]
    others: list[str]
    damaged: list[str]


def scan(folder: Path) -> Scan:
    """Read the header of every DICOM file in a folder and below, in the order of their names; or of one file."""
    if not folder.exists():
        raise Refusal("NOT_FOUND", f"{folder} does not exist.")
    paths = sorted(p for p in folder.rglob("*") if p.is_file()) if folder.is_dir() else [folder]
    found = Scan({}, [], [])
    for path in paths:
        name = str(path.relative_to(folder)) if folder.is_dir() else path.name
        if not looks_like_dicom(path):
            found.others.append(name)
            continue
        header = read_header(path)
        if header is None:
            found.damaged.append(name)
        elif header.get("SOPClassUID") is not None:
            found.headers[path] = header
    return found


def looks_like_dicom(path: Path) -> bool:
    """Whether a file begins as DICOM does: ``DICM`` after the preamble, or bare group 0002 or 0008."""
    try:
        with path.open("rb") as file:
            start = file.read(132)
    except OSError:
        return False
    return start[128:] == b"DICM" or (len(start) == 132 and start[:2] in (b"\x02\0", b"\x08\0") and start[3] == 0)


def read_header(path: Path) -> Dataset | None:
    """The header without pixels; None where the file is damaged. A DICOMDIR has none that counts: empty."""
    try:
        header = pydicom.dcmread(path, stop_before_pixels=True, force=True)
        if header.file_meta.get("MediaStorageSOPClassUID") == _DIRECTORY:
            return Dataset()
        complete = all(header.get(k) for k in ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID"))
        return header if complete and header.get("SeriesInstanceUID") else None
    except UNREADABLE:
        return None


def transfer_syntax(dataset: Dataset) -> UID:
    """How the values of an object that was read are written; found out where it does not say."""
    if stated := dataset.file_meta.get("TransferSyntaxUID"):
        return UID(str(stated))
    implicit, little = dataset.original_encoding
    if not little:
        return ExplicitVRBigEndian
    return ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian


def write_whole(path: Path, content: Dataset) -> None:
    """Write an object as a file that is there complete or not at all."""
    with replace_whole(path) as temporary:
        pydicom.dcmwrite(temporary, content, enforce_file_format=True)
