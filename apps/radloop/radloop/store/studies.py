"""The watched folder: what lies in it, and which images that makes.

The folder is only read. Its images are files with an image's suffix, at any depth; not images are
``*_gt`` files (labels laid out as in ACDC), folders called ``labels``, and what begins with a dot.
"""

import logging
import os
import stat
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, select

from radloop.store.events import ImageFile, new_image
from radloop.store.files import sha256_of
from radloop.store.names import IMAGE_SUFFIXES, image_id_of, split_suffix, stamp, told_apart, when
from radloop.store.tables import images

_log = logging.getLogger(__name__)
_LOOK_AGAIN_S = 1.0
# A folder's time of change has a grain: one changed this shortly before it was listed may have changed after, too.
_GRAIN_NS = 2_000_000_000


@dataclass(frozen=True)
class Found:
    """A file: its path below the folder with ``/`` between the parts, and its state."""

    name: str
    bytes: int
    mtime_ns: int


@dataclass
class StudiesFolder:
    """A folder that is listed again when something in it has changed."""

    folder: Path
    leave_out: Path
    _seen: dict[Path, int] = field(default_factory=dict)
    _looked: float = float("-inf")
    lock: threading.Lock = field(default_factory=threading.Lock)

    def has_changed(self) -> bool:
        """Whether files came or went since ``files`` (asks the disk at most once a second)."""
        if time.monotonic() - self._looked < _LOOK_AGAIN_S:
            return False
        self._looked = time.monotonic()
        return not self._seen or any(_changed_at(folder) != at for folder, at in self._seen.items())

    def files(self) -> list[Found]:
        """Every image file, those of outer folders first, then by name."""
        started_ns = time.time_ns()
        seen: dict[Path, int] = {}
        found: list[Found] = []
        waiting = [self.folder]
        while waiting:
            folder = waiting.pop()
            changed_ns = _changed_at(folder)
            seen[folder] = changed_ns if started_ns - changed_ns > _GRAIN_NS else -1
            try:
                with os.scandir(folder) as entries:
                    for entry in entries:
                        if entry.name.startswith("."):
                            continue
                        if entry.is_dir(follow_symlinks=False):
                            inner = Path(entry.path)
                            if entry.name != "labels" and inner != self.leave_out:
                                waiting.append(inner)
                        elif (one := self._image(entry)) is not None:
                            found.append(one)
            except OSError as fault:
                _log.warning("a folder in the studies folder cannot be read: %s", fault.strerror)
        self._seen, self._looked = seen, time.monotonic()
        return sorted(found, key=lambda one: (one.name.count("/"), one.name))

    def _image(self, entry: "os.DirEntry[str]") -> Found | None:
        split = split_suffix(entry.name, IMAGE_SUFFIXES)
        if split is None or split[0].endswith("_gt"):
            return None
        try:
            state = entry.stat()
            name = entry.path[len(str(self.folder)) + 1 :].replace(os.sep, "/")
            name.encode()
        except OSError:  # gone again, or a link to nowhere
            return None
        except UnicodeEncodeError:
            _log.warning("a file in the studies folder has a name that is no text, and is left out")
            return None
        return Found(name, state.st_size, state.st_mtime_ns) if stat.S_ISREG(state.st_mode) else None


def _changed_at(folder: Path) -> int:
    try:
        return folder.stat().st_mtime_ns
    except OSError:
        return -2


class KnownFile(NamedTuple):
    """What is known of an image's file; see the columns of the same names."""

    id: str
    source: str
    root: str
    name: str
    bytes: int
    mtime_ns: int
    sha256: str | None
    present: bool
    removed: str | None


def known_files(connection: Connection) -> list[KnownFile]:
    columns = (images.c[column] for column in KnownFile._fields)
    return [KnownFile(*row) for row in connection.execute(select(*columns))]


def plan(rows: list[KnownFile], root: Path, found: list[Found]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The rows to add and the changes to rows (``key`` is the id) that make the images those that were found.

    A file keeps its id for as long as its path below the folder stays, and an id is never given twice. When the
    folder itself has moved (or another one is watched now), a file is the image it was only if it has the
    same size and, where that is known, the same checksum: two patients may both be called ``ed.nii.gz``.
    """
    taken = {row.id for row in rows}
    by_file = {row.name: row for row in rows if row.root == str(root)}
    of_other_roots: dict[str, list[KnownFile]] = {}
    for known in rows:
        if known.source == "studies" and known.root != str(root):
            of_other_roots.setdefault(known.name, []).append(known)
    added: list[dict[str, Any]] = []
    changed: list[dict[str, Any]] = []
    here: set[str] = set()
    now = when(stamp())
    for one in found:
        row = by_file.get(one.name) or _moved(root, one, of_other_roots.get(one.name, []))
        if row is None:
            usual = image_id = image_id_of(one.name)
            if image_id in taken:
                image_id = told_apart(usual, one.name)
            if image_id in taken:
                image_id = told_apart(usual, str(root / one.name))
            taken.add(image_id)
            file = ImageFile("studies", str(root), one.name, one.bytes, one.mtime_ns, None)
            added.append({"id": image_id, **new_image(file, now, {})})
            continue
        here.add(row.id)
        same = row.bytes == one.bytes and (row.mtime_ns == one.mtime_ns or row.root != str(root))
        if row.removed is None and not (row.present and same and row.root == str(root)):
            state = {"root": str(root), "bytes": one.bytes, "mtime_ns": one.mtime_ns, "present": True}
            changed.append({"key": row.id, **state, "sha256": row.sha256 if same else None})
    for known in rows:
        if known.source == "studies" and known.present and known.id not in here:
            state = {"root": known.root, "bytes": known.bytes, "mtime_ns": known.mtime_ns, "present": False}
            changed.append({"key": known.id, **state, "sha256": known.sha256})
    return added, changed


def carry_out(connection: Connection, added: list[dict[str, Any]], changed: list[dict[str, Any]]) -> None:
    if added:
        connection.execute(images.insert(), added)
    if changed:
        connection.execute(images.update().where(images.c.id == bindparam("key")), changed)


def _moved(root: Path, one: Found, rows: list[KnownFile]) -> KnownFile | None:
    for row in rows:
        if row.bytes == one.bytes and row.sha256 in (None, sha256_of(root / one.name)):
            return row
    return None
