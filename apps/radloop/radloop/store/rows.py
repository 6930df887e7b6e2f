"""What the store answers: an image or a label, with the path of its file."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import RowMapping

from radloop.store.names import CLASS, IMAGE_SUFFIXES, LABEL_SUFFIXES, patient_of, split_suffix


@dataclass(frozen=True)
class ImageRow:
    """An image. ``sha256`` is None until it was asked for (``Store.checksum``).

    ``source`` says whose the file is, see ``tables``; one of an "archive" need not be there yet.
    """

    id: str
    path: Path
    source: str
    info: dict[str, Any]
    sha256: str | None
    added: str

    @property
    def suffix(self) -> str:
        return suffix_of(self.path.name, IMAGE_SUFFIXES)

    @property
    def patient(self) -> str:
        return patient_of(self.id, self.info)


@dataclass(frozen=True)
class LabelRow:
    """A submitted label. ``info`` holds the fields of ``answers.Review`` and whatever else the client sent.

    ``author`` is who the server knew it to be; ``info["author"]`` is the same, or the client's own claim where
    the server knew nobody. ``deleted`` is when it was taken back; its file stays.
    """

    id: str
    image: str
    tag: str
    path: Path
    author: str | None
    created: str
    info: dict[str, Any]
    sha256: str
    image_sha256: str | None
    supersedes: str | None
    deleted: str | None

    @property
    def suffix(self) -> str:
        return suffix_of(self.path.name, LABEL_SUFFIXES)

    @property
    def names_a_class(self) -> bool:
        """Whether it is a class of the whole image, and no label map."""
        return self.suffix == CLASS


def suffix_of(name: str, suffixes: tuple[str, ...]) -> str:
    split = split_suffix(name, suffixes)
    return split[1] if split else Path(name).suffix


def image_path(data: Path, root: str, name: str) -> Path:
    return Path(root or data, name)


def image_row(data: Path, row: RowMapping) -> ImageRow:
    path = image_path(data, row["root"], row["name"])
    return ImageRow(row["id"], path, row["source"], row["info"], row["sha256"], row["added"])


def label_row(data: Path, row: RowMapping) -> LabelRow:
    return LabelRow(
        id=row["id"],
        image=row["image"],
        tag=row["tag"],
        path=data / row["name"],
        author=row["author"],
        created=row["created"],
        info=row["info"],
        sha256=row["sha256"],
        image_sha256=row["image_sha256"],
        supersedes=row["supersedes"],
        deleted=row["deleted"],
    )
