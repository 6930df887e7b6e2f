"""Whether files, journals and rows agree, and the repair of what a crash, or a lost database, can leave."""

import logging
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sqlalchemy import Connection, select

from radloop.store import journal
from radloop.store.database import FILE, Database
from radloop.store.events import Event, apply
from radloop.store.files import TEMPORARY, make_folder, replace, sha256_of, sync_folder
from radloop.store.in_use import alone
from radloop.store.names import stamp
from radloop.store.rows import image_path
from radloop.store.tables import events, images, labels, versions

_log = logging.getLogger(__name__)

SET_ASIDE = "set-aside"
_KEPT_FOLDERS = ("labels", "images")
# A file is written to without pause; one that nobody has touched for so long belongs to nobody any more.
_LEFTOVER_AFTER_S = 600

Fault = Literal[
    "LEFTOVER",  # a temporary file of a submission that was cut off
    "TORN_LINE",  # half a journal line: cut off before it was acknowledged
    "CUT_OFF",  # a journal line whose file never came: the same
    "UNLISTED",  # a whole file with its journal line but without a row: cut off just before being acknowledged
    "UNWRITTEN",  # a row whose line is missing from the journal
    "ORPHAN",  # a file that no journal and no row knows
    "FILE_MISSING",
    "DAMAGED",  # a file whose checksum is not the one it was kept with
    "IMAGE_CHANGED",  # an image that is not the one its newest label was drawn on
    "DATABASE",
]


@dataclass(frozen=True)
class Finding:
    """Something that is not as it should be. ``what`` is an id or a path below the data folder."""

    fault: Fault
    what: str
    repaired: bool


def check(data: Path, database: Database, *, repair: bool) -> list[Finding]:
    """Compare everything with everything; safe while the store is in use.

    ``repair`` puts right all that a crash can leave: whole files get their rows, the rest is moved to the
    folder ``set-aside``. What has been lost or damaged on the disk is only reported: it needs a backup.
    """
    if (fault := database.fault()) is not None:
        return [Finding("DATABASE", fault, False)]
    with database.writing() as connection:  # so that nothing is half done while it is compared
        found = [*_leftovers(data, repair), *_journals(data, connection, repair), *_orphans(data, connection, repair)]
    return found + list(_contents(data, database))


def take_up(data: Path, connection: Connection) -> None:
    """Fill an empty database from the journals: every event, in the order in which they happened."""
    known = [line.event for line in journal.read(data) if line.event is not None]
    for event in sorted(known, key=lambda event: event.id):
        if _whole(data, event):
            apply(connection, event)
        else:
            _log.warning("%s of image %s has no whole file and is left out", event.kind, event.image)


def set_database_aside(data: Path) -> Path:
    """Move the database away, so that the next opening makes it anew from the journals; returns where it is now."""
    with alone(data):
        folder = data / SET_ASIDE / stamp()
        make_folder(folder)
        for path in data.glob(f"{FILE}*"):
            path.rename(folder / path.name)
        sync_folder(data)
    return folder / FILE


def _leftovers(data: Path, repair: bool) -> Iterator[Finding]:
    for top in (*_KEPT_FOLDERS, journal.FOLDER):
        for path in sorted((data / top).glob(f"**/{TEMPORARY}*")):
            if time.time() - path.stat().st_mtime > _LEFTOVER_AFTER_S:
                if repair:
                    path.unlink()
                yield Finding("LEFTOVER", path.relative_to(data).as_posix(), repair)


def _journals(data: Path, connection: Connection, repair: bool) -> Iterator[Finding]:
    listed = set(connection.execute(select(events.c.id)).scalars())
    written: set[str] = set()
    keep: dict[Path, list[bytes]] = {}
    drop: dict[Path, list[bytes]] = {}
    late: list[Event] = []
    for line in journal.read(data):
        event = line.event
        good = event is not None and (event.id in listed or _whole(data, event))
        (keep if good else drop).setdefault(line.journal, []).append(line.text)
        if event is None:
            yield Finding("TORN_LINE", line.journal.relative_to(data).as_posix(), repair)
        elif not good:
            yield Finding("CUT_OFF", event.id, repair)
        else:
            written.add(event.id)
            if event.id not in listed:
                late.append(event)
                yield Finding("UNLISTED", event.id, repair)
    missing = [row for row in connection.execute(select(events).order_by(events.c.id)).mappings()]
    unwritten = [Event.from_json(dict(row)) for row in missing if row["id"] not in written]
    if repair:
        for path, lines in drop.items():
            _set_lines_aside(data, path, lines, keep.get(path, []))
        for event in sorted(late, key=lambda event: event.id):
            apply(connection, event)
    for event in unwritten:
        if repair:
            journal.append(data, event)
        yield Finding("UNWRITTEN", event.id, repair)


def _orphans(data: Path, connection: Connection, repair: bool) -> Iterator[Finding]:
    # By now, in a repair, whole files have their rows; without one, their journal lines speak for them.
    known = [line.event for line in journal.read(data) if line.event is not None]
    known += [Event.from_json(dict(row)) for row in connection.execute(select(events)).mappings()]
    told = {kept[0] for event in known if (kept := event.kept_file()) is not None}
    for top in _KEPT_FOLDERS:
        for path in sorted((data / top).glob("*/*")):
            name = path.relative_to(data).as_posix()
            if name in told or path.name.startswith(TEMPORARY):
                continue
            if repair:
                make_folder((data / SET_ASIDE / name).parent)
                path.rename(data / SET_ASIDE / name)
            yield Finding("ORPHAN", name, repair)


def _contents(data: Path, database: Database) -> Iterator[Finding]:
    with database.reading() as connection:
        kept = list(connection.execute(select(labels.c.name, labels.c.sha256)))
        uploads = images.c.source == "uploads"
        kept += list(connection.execute(select(images.c.name, images.c.sha256).where(uploads)))
        kept += list(connection.execute(select(versions.c.file, versions.c.sha256)))
        drawn_on = connection.execute(
            select(images.c.id, images.c.root, images.c.name, labels.c.image_sha256)
            .join(labels, labels.c.image == images.c.id)
            .where(images.c.present, images.c.source == "studies", labels.c.deleted.is_(None))
            .order_by(labels.c.id)
        ).all()
    for name, sha256 in kept:
        if not (data / name).is_file():
            yield Finding("FILE_MISSING", name, False)
        elif sha256_of(data / name) != sha256:
            yield Finding("DAMAGED", name, False)
    newest = {image_id: (image_path(data, root, name), sha256) for image_id, root, name, sha256 in drawn_on}
    for image_id, (path, sha256) in newest.items():
        if path.is_file() and sha256_of(path) != sha256:
            yield Finding("IMAGE_CHANGED", image_id, False)


def _whole(data: Path, event: Event) -> bool:
    """Whether the file that an event brought, if it brought one, is there as it was."""
    if (kept := event.kept_file()) is None:
        return True
    name, sha256 = kept
    return (data / name).is_file() and sha256_of(data / name) == sha256


def _set_lines_aside(data: Path, path: Path, lines: list[bytes], keep: list[bytes]) -> None:
    folder = data / SET_ASIDE / journal.FOLDER
    make_folder(folder)
    with (folder / path.name).open("ab") as file:
        file.writelines(line.rstrip(b"\n") + b"\n" for line in lines)
        file.flush()
        os.fsync(file.fileno())
    replace(path, b"".join(keep))
