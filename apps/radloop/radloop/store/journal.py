"""The journal of an image: one JSON line for every event, only ever appended to, beside the files it tells of.

The database can be made anew from the journals and the files. A line torn by a crash belongs to something
that was never acknowledged; readers pass over it.
"""

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from radloop.store.events import Event
from radloop.store.files import make_folder, sync_folder

FOLDER = "journal"
_SUFFIX = ".jsonl"


def append(data: Path, event: Event) -> None:
    """Add a line and have it on disk. The caller holds the store's write transaction."""
    path = data / FOLDER / f"{event.image}{_SUFFIX}"
    make_folder(path.parent)
    is_new = not path.exists()
    line = json.dumps(event.as_json(), allow_nan=False).encode() + b"\n"
    with path.open("ab+", buffering=0) as file:
        size = file.seek(0, os.SEEK_END)
        if size:
            file.seek(size - 1)
            if file.read(1) != b"\n":
                line = b"\n" + line
        try:
            if file.write(line) != len(line):
                raise OSError(28, os.strerror(28), str(path))
            os.fsync(file.fileno())
        except OSError:
            with suppress(OSError):
                file.truncate(size)
            raise
    if is_new:
        sync_folder(path.parent)


def read(data: Path) -> Iterator[tuple[Path, int, Event | None]]:
    """Every line of every journal, with its number from 1, oldest first in each; None for one that is torn."""
    for path in sorted((data / FOLDER).glob(f"*{_SUFFIX}")):
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                try:
                    yield path, number, Event.from_json(json.loads(line))
                except (ValueError, TypeError, KeyError):
                    if line.strip():
                        yield path, number, None
