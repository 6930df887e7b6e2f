"""Pieces that every DICOM object written here is made of."""

import uuid
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian

RESEARCH_USE = "For research use only, not a medical device."
_NAMES = uuid.UUID("6f0d3a86-3a3f-5c5e-9d0f-1b7f5d2f7a11")


class Uids:
    """UIDs that follow from a seed and from what they name (2.25: DICOM PS3.5, B.2); without a seed, new ones."""

    def __init__(self, seed: str | None = None) -> None:
        self.seed = seed or str(uuid.uuid4())

    def __call__(self, *what: object) -> str:
        return f"2.25.{uuid.uuid5(_NAMES, '/'.join(map(str, (self.seed, *what)))).int}"


def with_meta(dataset: Dataset) -> Dataset:
    """The same object, ready to be written as a file in explicit little endian."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta = meta
    return dataset


def item(**values: Any) -> Sequence:
    """A sequence of one item with these elements."""
    only = Dataset()
    for keyword, value in values.items():
        setattr(only, keyword, value)
    return Sequence([only])


def code(value: str, scheme: str, meaning: str) -> Sequence:
    return item(CodeValue=value, CodingSchemeDesignator=scheme, CodeMeaning=meaning)


def decimals(*values: float) -> list[str]:
    """Decimal strings of at most 16 characters (DICOM PS3.5, 6.2), as exact as that allows."""
    return [decimal(v) for v in values]


def decimal(value: float) -> str:
    return next(s for digits in range(14, 0, -1) if len(s := f"{value:.{digits}g}") <= 16)


class Place:
    """Where the slices of a picture lie, in the words of DICOM (LPS, mm)."""

    def __init__(self, affine: NDArray[np.float64]) -> None:
        self._lps = np.diag([-1.0, -1.0, 1.0, 1.0]) @ affine
        sizes = np.linalg.norm(self._lps[:3, :3], axis=0)
        self.between_columns, self.between_rows, self.between_slices = map(float, sizes)
        self.orientation = np.concatenate([self._lps[:3, 0] / sizes[0], self._lps[:3, 1] / sizes[1]])

    def position(self, z: int) -> NDArray[np.float64]:
        return np.asarray(self._lps[:3, 3] + self._lps[:3, 2] * z)

    @property
    def is_rectangular(self) -> bool:
        return abs(float(np.dot(self.orientation[:3], self.orientation[3:]))) < 1e-3
