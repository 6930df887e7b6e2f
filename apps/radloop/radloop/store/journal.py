"""The journal of an image: one JSON line for every event, only ever appended to, beside the files it tells of.

The database can be made anew from the journals and the files. A line torn by a crash belongs to something
that was never acknowledged; readers pass over it.
"""

import errno
import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from radloop.store.events import Event
from radloop.store.files import make_folder, sync_folder

FOLDER = "journal"
_SUFFIX = ".jsonl"


def append(data: Path, event: Event) -> None:
    """Add a line and have it on disk. The caller holds the store's write transaction."""
    append_line(path_of(data, event.image), line_of(event))


def append_line(path: Path, line: bytes) -> None:
    """Add ``line``, which ends with a line break, on a line of its own and have it on disk, or leave nothing."""
    make_folder(path.parent)
    is_new = not path.exists()
    with path.open("ab+", buffering=0) as file:
        size = file.seek(0, os.SEEK_END)
        if size:
            file.seek(size - 1)
            if file.read(1) != b"\n":
                line = b"\n" + line
        try:
            if file.write(line) != len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
            os.fsync(file.fileno())
        except OSError:
            with suppress(OSError):
                file.truncate(size)
            raise
    if is_new:
        sync_folder(path.parent)


def line_of(event: Event) -> bytes:
    return json.dumps(event.as_json(), allow_nan=False).encode() + b"\n"


def path_of(data: Path, image_id: str) -> Path:
    return data / FOLDER / f"{image_id}{_SUFFIX}"


@dataclass(frozen=True)
class Line:
    """A line of a journal; ``event`` is None for one that is torn or damaged."""

    journal: Path
    text: bytes
    event: Event | None


def read(data: Path) -> Iterator[Line]:
    """Every line of every journal, oldest first in each."""
    for path in sorted((data / FOLDER).glob(f"*{_SUFFIX}")):
        with path.open("rb") as file:
            for text in file:
                if text.strip():
                    yield Line(path, text, _event_of(text))


def _event_of(text: bytes) -> Event | None:
    try:
        return Event.from_json(json.loads(text))
    except (ValueError, RecursionError):
        return None
