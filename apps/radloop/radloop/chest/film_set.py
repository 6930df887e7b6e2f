"""Sets of labelled films, in three layouts: an index, class folders, a MedMNIST archive."""

import csv
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from radloop.chest.films import read_film
from radloop.chest.folder import find_films
from radloop.images import Radiograph
from radloop.images.radiograph import check_size, checked_pixels, grey
from radloop.refusal import Refusal

Part = Literal["train", "val", "test"]
PARTS: tuple[Part, ...] = ("train", "val", "test")
_NAMES_OF_PARTS: dict[str, Part] = {
    "train": "train", "training": "train", "val": "val", "valid": "val", "validation": "val", "test": "test",
    "testing": "test",
}  # fmt: skip

NOTHING_FOUND = {"normal", "negative", "healthy", "control", "no finding", "no_finding", "nofinding", "none", "no", "0"}
"""Names of the class that comes first of two: the other one is what is looked for."""


@dataclass(frozen=True)
class LabelledFilm:
    """``name`` as the set has it; ``patient`` None where it does not tell, ``part`` None where it has no parts.

    ``content`` is a file, or pixels (rows, columns).
    """

    name: str
    label: str
    content: Path | NDArray[np.generic]
    patient: str | None = None
    part: Part | None = None
    view: str = ""

    def read(self) -> Radiograph:
        """Raises Refusal."""
        if isinstance(self.content, Path):
            return read_film(self.content)
        shown = grey(self.name, self.content) if self.content.ndim == 3 else self.content
        check_size(self.name, shown.shape[1], shown.shape[0])
        return Radiograph(checked_pixels(self.name, shown.T), None, np.diag([-1.0, -1.0, 1.0, 1.0]))


@dataclass(frozen=True)
class FilmSet:
    """``classes`` in order: of two, the second is what is looked for. ``layout`` in words for people."""

    place: Path
    layout: str
    films: tuple[LabelledFilm, ...]
    classes: tuple[str, ...]

    @property
    def knows_patients(self) -> bool:
        return any(film.patient for film in self.films)

    @property
    def has_parts(self) -> bool:
        return any(film.part for film in self.films)


def read_set(place: Path, classes: Sequence[str] = ()) -> FilmSet:
    """What lies at ``place``: a folder with ``index.csv`` (or such a file), class folders, or an ``.npz``.

    ``classes`` are the names that labels are to have (capitals do not count), and the order of an archive's numbers;
    without them the set's own names are taken. Raises Refusal, naming file and fault: NO_SUCH_FILE, NO_FILMS,
    BAD_INDEX, BAD_ARCHIVE, ONE_CLASS, NO_SUCH_CLASS, BAD_CLASS.
    """
    if not place.exists():
        raise Refusal("NO_SUCH_FILE", f"{place}: no such file or folder", http_status=404)
    if place.is_dir():
        found = _in_index(place / "index.csv") if (place / "index.csv").is_file() else _in_folders(place)
    elif place.suffix.lower() == ".npz":
        found = _in_archive(place, classes)
    elif place.suffix.lower() == ".csv":
        found = _in_index(place)
    else:
        raise Refusal("NO_FILMS", f"{place}: is no folder, .csv or .npz of labelled radiographs.")
    layout, films = found
    films, named = _with_classes(place, films, classes)
    if len({film.label for film in films}) < 2:
        raise Refusal("ONE_CLASS", f"{place}: all films are {films[0].label!r}; two classes or more are needed.")
    return FilmSet(place, layout, tuple(films), named)


def _with_classes(
    place: Path, films: list[LabelledFilm], wanted: Sequence[str]
) -> tuple[list[LabelledFilm], tuple[str, ...]]:
    found = sorted({film.label for film in films}, key=lambda name: (name.lower() not in NOTHING_FOUND, name))
    for name in found:
        # Bundles are configured in files in which these begin an expression.
        if name[:1] in "$@%" or not name.isprintable() or len(name) > 128:
            raise Refusal("BAD_CLASS", f"{place}: {name[:64]!r} cannot be the name of a class.")
    if not wanted:
        return films, tuple(found)
    known = {name.lower(): name for name in wanted}
    for name in found:
        if name.lower() not in known:
            raise Refusal("NO_SUCH_CLASS", f"{place}: has films of {name!r}; the classes are: {', '.join(wanted)}.")
    return [replace(film, label=known[film.label.lower()]) for film in films], tuple(wanted)


def _in_index(file: Path) -> tuple[str, list[LabelledFilm]]:
    """Columns ``file``, ``label``, and where known ``patient``, ``part`` and ``view``; files lie beside the index."""
    try:
        with file.open(newline="", encoding="utf-8-sig") as lines:
            rows = list(csv.DictReader(lines))
    except (UnicodeDecodeError, csv.Error) as fault:
        raise Refusal("BAD_INDEX", f"{file}: is not a CSV table in UTF-8.") from fault
    if missing := {"file", "label"} - set(rows[0] if rows else {}):
        raise Refusal(
            "BAD_INDEX", f"{file}: has no column {sorted(missing)[0]!r}." if rows else f"{file}: lists no film."
        )
    films = []
    absent = []
    for number, row in enumerate(rows, 2):
        name, label, part = (str(row.get(key) or "").strip() for key in ("file", "label", "part"))
        if not name or not label:
            raise Refusal("BAD_INDEX", f"{file}: line {number} has no {'label' if name else 'file'}.")
        if part and part.lower() not in _NAMES_OF_PARTS:
            raise Refusal("BAD_INDEX", f"{file}: line {number}: {part[:40]!r} is no part (train, val, test).")
        path = file.parent / name
        if not path.is_file():
            absent.append(name)
        patient, view = (str(row.get(key) or "").strip() for key in ("patient", "view"))
        films.append(LabelledFilm(name, label, path, patient or None, _NAMES_OF_PARTS.get(part.lower()), view))
    if absent:
        more = f" and {len(absent) - 1} more" if len(absent) > 1 else ""
        raise Refusal("NO_SUCH_FILE", f"{file}: names files that are not there: {absent[0]}{more}.")
    return "index.csv", films


def _in_folders(place: Path) -> tuple[str, list[LabelledFilm]]:
    place = _unwrapped(place)
    folders = _folders(place)
    parts = [
        (folder, _NAMES_OF_PARTS[folder.name.lower()]) for folder in folders if folder.name.lower() in _NAMES_OF_PARTS
    ]
    films: list[LabelledFilm] = []
    places: list[tuple[Path, Part | None]] = [*parts] or [(place, None)]
    for folder, part in places:
        for of_class in _folders(folder):
            try:
                found = find_films(of_class)
            except Refusal as refusal:
                raise Refusal("NO_FILMS", f"{of_class}: this class folder holds no images.") from refusal
            films += [LabelledFilm(str(file.relative_to(place)), of_class.name, file, None, part) for file in found]
    if not films:
        what = "neither index.csv nor a folder for each class"
        raise Refusal("NO_FILMS", f"{place}: holds {what} (also below train, val, test).")
    return "class folders" + (" in train, val, test" if parts else ""), films


def _unwrapped(place: Path) -> Path:
    """Archives unpack into a folder within a folder of the same name."""
    inside = _folders(place)
    while len(inside) == 1 and len(_folders(inside[0])) > 1:
        place, inside = inside[0], _folders(inside[0])
    return place


def _folders(place: Path) -> list[Path]:
    return sorted(path for path in place.iterdir() if path.is_dir() and not path.name.startswith((".", "__")))


def _in_archive(file: Path, classes: Sequence[str]) -> tuple[str, list[LabelledFilm]]:
    """``train_images`` (N, rows, columns) and ``train_labels`` (N, 1), and so on; labels are numbers of classes."""
    films: list[LabelledFilm] = []
    try:
        with np.load(file, allow_pickle=False) as arrays:
            for part in PARTS:
                if f"{part}_images" not in arrays or f"{part}_labels" not in arrays:
                    continue
                images, labels = arrays[f"{part}_images"], arrays[f"{part}_labels"]
                labels = labels.reshape(len(labels), -1)
                if len(images) != len(labels) or labels.shape[1] != 1 or images.ndim not in (3, 4):
                    shapes = f"{part}_images {images.shape} and {part}_labels {labels.shape}"
                    raise Refusal("BAD_ARCHIVE", f"{file}: {shapes} are no films with one class each.")
                for number, (image, label) in enumerate(zip(images, labels[:, 0].tolist(), strict=True)):
                    films.append(LabelledFilm(f"{part}_{number}", _class_of(file, label, classes), image, None, part))
    except (ValueError, OSError, EOFError, KeyError, zipfile.BadZipFile) as fault:
        raise Refusal("BAD_ARCHIVE", f"{file}: is no archive of arrays, or is damaged.") from fault
    if not films:
        raise Refusal("BAD_ARCHIVE", f"{file}: holds no train_images with train_labels, nor val_ or test_.")
    return "MedMNIST archive", films


def _class_of(file: Path, label: object, classes: Sequence[str]) -> str:
    if not isinstance(label, int) or label < 0:
        raise Refusal("BAD_ARCHIVE", f"{file}: has the label {label!r}; labels are numbers of classes, from 0.")
    if not classes:
        return str(label)
    if label >= len(classes):
        raise Refusal("NO_SUCH_CLASS", f"{file}: has the label {label}; the classes are: {', '.join(classes)}.")
    return classes[label]
