"""Output files that are there whole or not at all."""

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from radloop.refusal import Refusal


@contextmanager
def replace_whole(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path``; what is written there takes its place at the end.

    The temporary file keeps the suffixes (writers choose a format by them) and begins with a dot.
    It is synced to the disk before the rename, and the folder after it; it is removed when anything
    goes wrong, and then ``path`` is as it was. Folders on the way are made.

    Raises Refusal("CANNOT_WRITE") where the system does not let the file be written.
    """
    temporary = path.with_name(f".{secrets.token_hex(6)}-{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        _sync(temporary)
        temporary.replace(path)
        _sync(path.parent)
    except OSError as error:
        status = 507 if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG) else 503
        sentence = f"{path}: cannot be written ({error.strerror or error})."
        raise Refusal("CANNOT_WRITE", sentence, http_status=status) from error
    finally:
        with suppress(OSError):  # mostly it is not there any more
            temporary.unlink()


def check_folder(folder: Path) -> None:
    """Refuse a folder that cannot be made or written to, before work is spent on what is to lie there; makes nothing.

    Raises Refusal("CANNOT_WRITE").
    """
    there = next(place for place in (folder.absolute(), *folder.absolute().parents) if os.path.lexists(place))
    if not there.is_dir():
        raise Refusal("CANNOT_WRITE", f"{folder}: cannot be written ({there} is no folder).")
    if not os.access(there, os.W_OK | os.X_OK):
        raise Refusal("CANNOT_WRITE", f"{folder}: cannot be written (no permission in {there}).")


def _sync(path: Path) -> None:
    if os.name == "nt" and path.is_dir():  # Windows cannot open folders
        return
    descriptor = os.open(path, os.O_RDONLY if os.name != "nt" else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
