"""From an image's id to a file that a worker can read, whether it lies in a folder or as DICOM in an archive."""

import hashlib
import os
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from radloop.refusal import Refusal
from radloop.store import ImageRow, Store

if TYPE_CHECKING:
    from radloop.dicom import DicomCine
    from radloop.dicom.web import Offer
    from radloop.dicom.web.offer import Json
    from radloop.images import Cine

FOLDER, FILMS = "cines", "films"
"""Below the data folder: cines of the archive as NIfTI, and films as the objects that they are."""

_STUDY, _SERIES = "0020000D", "0020000E"

KEPT = 32
"""So many files are kept beside those that have labels, and any that was used within ``IN_USE_S``."""

IN_USE_S = 3600.0
REMEMBERED_S = 5.0
"""What the archive said of a cine is believed for so long: a panel asks many times in a row."""


@dataclass(frozen=True)
class Picture:
    """``file`` is whole and stays for the length of a request.

    ``said`` is what objects say of the grid (``affine``, ``times_ms``, ``spacing_known``, ``remarks``) that a
    NIfTI header rounds or cannot hold; None where the file says it all.
    """

    id: str
    file: Path
    name: str
    said: dict[str, Any] | None = None
    in_archive: bool = False


@contextmanager
def called(picture: Picture) -> Iterator[None]:
    """Refusals name the picture as people know it, and not as its file is called here."""
    try:
        yield
    except Refusal as refusal:
        if picture.file.name == picture.name or picture.file.name not in refusal.sentence:
            raise
        sentence = refusal.sentence.replace(picture.file.name, picture.name)
        raise Refusal(refusal.code, sentence, http_status=refusal.http_status) from refusal


class Pictures:
    """Images of the store, and cines and films of the archive, under their ids. Safe to use from several threads.

    A cine is called by the UID of its series, a film by that of its object. Every method raises ``Refusal``: 404 for
    what is not there, 422 for a series that is no short-axis cine.
    """

    def __init__(self, store: Store, studies: str | Path) -> None:
        self.store = store
        self._studies = studies
        self._archive: Offer | None = None
        self._opening = threading.Lock()
        self._cines: dict[str, tuple[float, DicomCine]] = {}
        self._making: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)

    @property
    def is_open(self) -> bool:
        return self._archive is not None

    def open(self) -> "Offer":
        """The archive, with everything imported that reads it.

        That takes as long as any start may, so the first answer goes before. What else imports it waits for this: of
        two threads that import pydicom at once, one fails.
        """
        with self._opening:
            if self._archive is None:
                from radloop.dicom.web import open_archive

                self._archive = open_archive(self._studies)
            return self._archive

    @property
    def archive(self) -> "Offer":
        return self._archive or self.open()

    def row(self, image: str) -> ImageRow:
        """The image of this id; a cine also by the UID of any series that it is joined from, a film by its object's."""
        from radloop.dicom.web.offer import is_uid

        try:
            return self.store.image(image)
        except Refusal as unknown:
            if unknown.http_status != 404 or not is_uid(image):
                raise
        if self._is_object(image):
            self.store.note_archived({image: name_of_film(image)})
            return self.store.image(image)
        cine = self.cine(image)
        self.store.note_archived({cine.id: name_of(cine)})
        return self.store.image(cine.id)

    def id_of(self, image: str) -> str:
        """The id that an image's labels are kept under; what is no image (any more) is left to the store to refuse."""
        try:
            return self.row(image).id
        except Refusal as refusal:
            if refusal.http_status >= 500:
                raise
            return image

    def picture(self, image: str) -> Picture:
        """The file of an image; that of a cine in the archive is made at its first use."""
        row = self.row(image)
        if row.source != "archive":
            return Picture(row.id, row.path, f"{row.id}{row.suffix}")
        if row.path.parent.name == FILMS:
            self._have(row.path, row.id, self._fetch)
            return Picture(row.id, row.path, row.path.name)
        cine = self.cine(row.id)
        file = self.store.data / name_of(cine)
        self._have(file, row.id, self._make)
        if row.path != file:
            self.store.note_archived({row.id: name_of(cine)})
        return Picture(row.id, file, f"{row.id}{row.suffix}", said_of(cine), in_archive=True)

    def cine(self, image: str) -> "DicomCine":
        """A cine of the archive by the UID of any of its series; no pixels are read."""
        known = self._cines.get(image)
        if known is not None and time.monotonic() - known[0] < REMEMBERED_S:
            return known[1]
        cine = self.archive.find_cine(image)
        self.know(cine)
        return cine

    def known(self, image: str) -> "DicomCine | None":
        """The cine as it was last seen, without asking the archive."""
        known = self._cines.get(image)
        return known[1] if known else None

    def know(self, cine: "DicomCine") -> None:
        now = time.monotonic()
        for uid in (cine.id, *cine.series_uids):
            self._cines[uid] = now, cine

    def _have(self, file: Path, image: str, make: Callable[[Path, str], None]) -> None:
        """See to it that the file is there; those that were made earlier and are of no use any more go."""
        with self._making[image]:
            if file.is_file():
                os.utime(file)  # used now
                return
            make(file, image)
            for old in sorted(file.parent.glob("[!.]*"), key=_used)[:-KEPT]:
                if time.time() - _used(old) > IN_USE_S and not self._is_labelled(_image_of(old)):
                    old.unlink(missing_ok=True)

    def _make(self, file: Path, image: str) -> None:
        from radloop.images import write_cine

        write_cine(file, self.archive.cine(image)[0])

    def _fetch(self, file: Path, image: str) -> None:
        from radloop.images import replace_whole

        study, series = (str(self._objects(image)[0][tag]["Value"][0]) for tag in (_STUDY, _SERIES))
        content = next(iter(self.archive.objects(study, series, image)))
        with replace_whole(file) as temporary:
            temporary.write_bytes(content)

    def _is_object(self, uid: str) -> bool:
        return bool(self._objects(uid))

    def _objects(self, uid: str) -> "list[Json]":
        return self.archive.search("instances", [("SOPInstanceUID", uid), ("includefield", _STUDY)])

    def _is_labelled(self, image: str) -> bool:
        """Models learn from a label and its image: that one stays."""
        try:
            return bool(self.store.labels(image, deleted=True))
        except Refusal:
            return False


def _used(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except FileNotFoundError:  # gone since it was listed
        return 0.0


def name_of(cine: "DicomCine") -> str:
    """Where the cine's file lies below the data folder: another place when other objects make the cine."""
    planes = "\n".join(f"{plane.sop_instance_uid} {plane.frame}" for row in cine.grid for plane in row)
    return f"{FOLDER}/{cine.id}-{hashlib.sha256(planes.encode()).hexdigest()[:12]}.nii.gz"


def name_of_film(uid: str) -> str:
    return f"{FILMS}/{uid}.dcm"


def _image_of(file: Path) -> str:
    return file.stem if file.parent.name == FILMS else file.name.rpartition("-")[0]


def said_of(cine: "DicomCine") -> dict[str, Any]:
    return grid_said(without_pixels(cine))


def grid_said(cine: "Cine") -> dict[str, Any]:
    """A picture's place in space and time as plain data for workers."""
    return {
        "affine": cine.affine.tolist(),
        "times_ms": None if cine.times_ms is None else cine.times_ms.tolist(),
        "spacing_known": cine.spacing_known,
        "remarks": [tuple(remark) for remark in cine.remarks],
    }


def without_pixels(cine: "DicomCine") -> "Cine":
    """The cine's grid and times without reading a pixel; its voxels are zeros that take no room."""
    import numpy as np
    from pydicom.dataset import Dataset

    from radloop.dicom import Source
    from radloop.images import Cine

    source = Source(cine, Dataset())
    first = cine.grid[0][0]
    shape = first.columns, first.rows, cine.n_slices, cine.n_frames
    return Cine(np.broadcast_to(np.uint8(0), shape), source.affine, source.times_ms, remarks=cine.remarks)


def picture_of(path: Path, name: str, folder: Path, *, films: bool = False) -> Picture:
    """A picture that a client sent: a file, which the answer calls ``name``, or DICOM objects with a cine in them.

    The cine is written into ``folder`` and called as in an archive, by its UID. Where ``films`` are asked for, a
    DICOM object is one by itself.
    """
    from radloop.dicom.files import looks_like_dicom

    if films and path.is_dir():
        raise Refusal("SEVERAL_FILES", "This session holds several files; a radiograph is one.")
    if films or (not path.is_dir() and not looks_like_dicom(path)):
        return Picture(name, path, path.name)
    from radloop.dicom import read_cine_dicom
    from radloop.images import write_cine

    cine, source = read_cine_dicom(path)
    file = folder / "cine.nii"
    write_cine(file, cine)
    return Picture(source.cine.id, file, file.name, grid_said(cine))
