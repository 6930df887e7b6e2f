"""Labelled films: what an index of files or a MedMNIST archive lists, and films in memory for training."""

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from cxr_classifier_code.picture import resized

PARTS = ("train", "val", "test")


@dataclass(frozen=True)
class Entry:
    """One labelled film; ``image`` is its file or its pixels (rows, columns)."""

    name: str
    label: str
    patient: str
    view: str
    part: str
    image: Path | NDArray[np.uint8]

    def pixels(self) -> NDArray[np.float32]:
        return read_image(self.image) if isinstance(self.image, Path) else self.image.astype(np.float32)


def listed(source: str, classes: Sequence[str], split: str = "") -> list[Entry]:
    """What an ``index.csv`` (or the folder that has one) or an ``.npz`` laid out as MedMNIST's lists of ``classes``.

    The columns of an index are ``file, label, patient, part`` and, where known, ``view``; files are relative to it.
    Without ``part`` the file ``split`` says it, by patient.
    """
    path = Path(source)
    if path.suffix == ".npz":
        entries = in_archive(path, classes)
    else:
        entries = in_index(path / "index.csv" if path.is_dir() else path, split)
    entries = [entry for entry in entries if entry.label in classes]
    if not entries:
        raise ValueError(f"{source}: no film of the classes {', '.join(classes)}")
    return entries


def in_index(path: Path, split: str = "") -> list[Entry]:
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    part_of: dict[str, str] = {}
    if rows and "part" not in rows[0]:
        stated = json.loads(Path(split).read_text())
        part_of = {patient: part for part in PARTS for patient in stated[part]}
    return [
        Entry(
            row["file"],
            row["label"],
            row["patient"],
            row.get("view") or "",
            row.get("part") or part_of.get(row["patient"], ""),
            path.parent / row["file"],
        )
        for row in rows
    ]


def in_archive(path: Path, classes: Sequence[str]) -> list[Entry]:
    """MedMNIST's labels are numbers of classes. Its patients are not known: each film stands for itself."""
    entries = []
    with np.load(path, allow_pickle=False) as arrays:
        for part in PARTS:
            if f"{part}_images" not in arrays:
                continue
            labels = arrays[f"{part}_labels"].ravel()
            for i, image in enumerate(arrays[f"{part}_images"]):
                name = f"{part}_{i}"
                entries.append(Entry(name, classes[int(labels[i])], name, "", part, image))
    return entries


@dataclass(frozen=True)
class Films:
    """In memory: ``pictures`` (N, 1, side, side) uint8, ``labels`` (N,) index of the class, and their entries."""

    pictures: Tensor
    labels: Tensor
    entries: tuple[Entry, ...]
    classes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.labels)

    def picked(self, keep: Sequence[int]) -> "Films":
        rows = torch.tensor(keep, dtype=torch.long)
        return Films(self.pictures[rows], self.labels[rows], tuple(self.entries[i] for i in keep), self.classes)

    def part(self, *parts: str) -> "Films":
        return self.picked([i for i, entry in enumerate(self.entries) if entry.part in parts])


def read_films(source: str, classes: Sequence[str], side: int, split: str = "") -> Films:
    """As ``listed``; pictures smaller than ``side`` are interpolated up to it."""
    entries = listed(source, classes, split)
    pictures = torch.stack([grey_levels(entry.pixels(), side) for entry in entries])[:, None]
    labels = torch.tensor([list(classes).index(entry.label) for entry in entries])
    return Films(pictures, labels, tuple(entries), tuple(classes))


def read_image(path: Path) -> NDArray[np.float32]:
    """(rows, columns) of a picture that Pillow reads, made grey, or of a 2D ``.npy``."""
    if path.suffix == ".npy":
        return np.load(path, allow_pickle=False).astype(np.float32)
    with Image.open(path) as image:
        grey = image if image.mode in ("L", "I", "F", "I;16") else image.convert("L")
        return np.asarray(grey).astype(np.float32)


def grey_levels(image: NDArray[np.float32], side: int) -> Tensor:
    """The middle square at (side, side), its range spread over 0 to 255: what is kept of a film for training."""
    square = resized(image, side)
    low, high = square.min(), square.max()
    return ((square - low) / (high - low).clamp(min=1e-6) * 255).round().to(torch.uint8)
