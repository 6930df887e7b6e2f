"""Files that outlive a power cut: written beside their place, synced, then renamed into it."""

import errno
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from radloop.refusal import Refusal

TEMPORARY = ".arriving-"
_CHUNK = 1 << 20


@dataclass
class Arrived:
    """A whole copy, on disk, not yet in its place; or there already, once ``placed`` says where."""

    path: Path
    sha256: str
    bytes: int
    placed: Path | None = None


_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_DISK_FAULTS = (errno.EIO, errno.EROFS, errno.EACCES, errno.EPERM, errno.ENODEV, errno.ESTALE)


def disk_full() -> Refusal:
    return Refusal("DISK_FULL", "The disk is full: nothing was kept.", http_status=507)


def disk_fault(reason: str | None) -> Refusal:
    return Refusal("DISK_FAULT", f"The disk did not take it ({reason}): nothing was kept.", http_status=503)


def _is_no_room(fault: OSError | Refusal) -> bool:
    return fault.code == "DISK_FULL" if isinstance(fault, Refusal) else fault.errno in _NO_ROOM


@contextmanager
def disk_faults_refused() -> Iterator[None]:
    """A disk without room, or without leave to write, is something a person can mend: say so."""
    try:
        yield
    except OSError as fault:
        if fault.errno in _NO_ROOM:
            raise disk_full() from fault
        if fault.errno in _DISK_FAULTS:
            raise disk_fault(fault.strerror) from fault
        raise


@contextmanager
def arriving(source: Path, folder: Path) -> Iterator[Arrived]:
    """Copy ``source`` under a temporary name into ``folder``; what was not put into place is gone afterwards.

    So is what was, where the disk was too full for the row that belongs to it. After any other fault of the disk it
    stays, because then nobody knows whether that row will be found there.
    """
    make_folder(folder)
    arrived = None
    temporary = folder / f"{TEMPORARY}{os.getpid()}-{os.urandom(6).hex()}"
    try:
        digest = hashlib.sha256()
        size = 0
        with source.open("rb") as original, temporary.open("xb") as copy:
            while chunk := original.read(_CHUNK):
                digest.update(chunk)
                size += copy.write(chunk)
            copy.flush()
            os.fsync(copy.fileno())
        arrived = Arrived(temporary, digest.hexdigest(), size)
        yield arrived
    except (OSError, Refusal) as fault:
        if _is_no_room(fault) and arrived is not None and arrived.placed is not None:
            arrived.placed.unlink(missing_ok=True)
        raise
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def put_into_place(arrived: Arrived, target: Path) -> None:
    """Give a file its name, for good. ``target`` is a name nobody else uses."""
    arrived.path.rename(target)
    arrived.placed = target
    sync_folder(target.parent)


def replace(path: Path, content: bytes) -> None:
    """Write a file anew; whoever reads it finds the old or the new content, also after a power cut."""
    temporary = path.parent / f"{TEMPORARY}{os.getpid()}-{os.urandom(6).hex()}"
    try:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
    sync_folder(path.parent)


def make_folder(folder: Path) -> None:
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    sync_folder(folder.parent)


def own_folder(folder: Path) -> None:
    """Make the folder that everything is written to, or refuse it by name where that is not possible."""
    try:
        make_folder(folder)
        reason = None if folder.is_dir() and os.access(folder, os.W_OK | os.X_OK) else "no leave to write there"
    except OSError as fault:
        if fault.errno in _NO_ROOM:
            raise disk_full() from fault
        reason = fault.strerror
    if reason is not None:
        raise Refusal("NO_DATA_FOLDER", f"{folder}: cannot be the data folder ({reason}).", http_status=503)


def sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
