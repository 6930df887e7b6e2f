"""Copies of a whole store: a backup made while it is in use, the way back, and a plain folder for other programs."""

import csv
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from sqlalchemy import select

from radloop.refusal import Refusal
from radloop.store import journal
from radloop.store.database import FILE
from radloop.store.events import Event
from radloop.store.files import TEMPORARY, make_folder, sha256_of, sync_folder
from radloop.store.rows import LabelRow, label_row
from radloop.store.store import Store
from radloop.store.tables import events, labels
from radloop.store.versions import FOLDER as VERSIONS


def backup(store: Store, to: Path) -> list[str]:
    """Copy the store as it is at one moment into the new folder ``to``, while it is in use.

    The studies folder belongs to someone else and is not copied. Returns the names of files that are
    missing or not what they were kept as: their copies are no better.
    """
    with _new_folder(to) as folder:
        store.database.copy_to(folder / FILE)
        # The moment of the backup, whatever is submitted meanwhile.
        with Store(folder) as copy, copy.database.reading() as connection:
            happened = [Event.from_json(dict(row)) for row in connection.execute(select(events)).mappings()]
        bad: list[str] = []
        for event in sorted(happened, key=lambda event: event.id):
            if (kept := event.kept_file()) is not None:
                name, sha256 = kept
                make_folder((folder / name).parent)
                if not (store.data / name).is_file():
                    bad.append(name)
                    continue
                shutil.copyfile(store.data / name, folder / name)
                if sha256_of(folder / name) != sha256:
                    bad.append(name)
            path = journal.path_of(folder, event.image)
            path.parent.mkdir(exist_ok=True)
            with path.open("ab") as lines:
                lines.write(journal.line_of(event))
        if (store.data / VERSIONS).is_dir():  # immutable, so whatever the rows name is there and whole
            shutil.copytree(store.data / VERSIONS, folder / VERSIONS, ignore=shutil.ignore_patterns(f"{TEMPORARY}*"))
    return bad


def restore(backed_up: Path, data: Path) -> None:
    """Make the data folder ``data``, which must not hold anything yet, from a backup."""
    if not (backed_up / FILE).is_file():
        raise Refusal("NO_BACKUP", f"The folder {backed_up} holds no backup of a store: {FILE} is missing.")
    with _new_folder(data) as folder:
        shutil.copytree(backed_up, folder, dirs_exist_ok=True)


def export(store: Store, to: Path) -> int:
    """Write everything as the plain new folder ``to``; returns the number of images.

    Images and newest labels lie as MONAI Label's own server would have them, with ``datastore_v2.json``; every
    label ever submitted lies under ``history``, listed in ``labels.csv``.
    """
    listed = store.images()
    with _new_folder(to) as folder:
        for image in listed:
            target = folder / f"{image.id}{image.suffix}"
            if image.path.is_dir():
                shutil.copytree(image.path, target)
            elif image.path.is_file():
                shutil.copyfile(image.path, target)
        with store.database.reading() as connection:
            every = [label_row(store.data, row) for row in connection.execute(_every_label).mappings()]
        shown = {image.id for image in listed}
        for label in every:
            _copy_label(label, folder / "history" / label.image / f"{label.id}{label.suffix}")
            if label.image in shown and label.deleted is None:  # oldest first, so the newest one stays
                _copy_label(label, folder / "labels" / label.tag / f"{label.image}{label.suffix}")
        (folder / "datastore_v2.json").write_text(json.dumps(store.listing(), indent=1))
        with (folder / "labels.csv").open("w", newline="", encoding="utf-8") as file:
            rows = csv.writer(file)
            rows.writerow(["id", "image", "tag", "author", "created", "sha256", "supersedes", "deleted", "info"])
            for label in every:
                one = asdict(label) | {"info": json.dumps(label.info)}
                columns = ("id", "image", "tag", "author", "created", "sha256", "supersedes", "deleted", "info")
                rows.writerow([one[column] for column in columns])
    return len(listed)


_every_label = select(labels).order_by(labels.c.id)


def _copy_label(label: LabelRow, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if label.path.is_file():
        shutil.copyfile(label.path, target)


@contextmanager
def _new_folder(to: Path) -> Iterator[Path]:
    """A folder that is there whole or not at all."""
    if to.exists() and (not to.is_dir() or any(to.iterdir())):
        raise Refusal("NOT_EMPTY", f"{to} is there already: name a folder that is new or empty.", http_status=409)
    make_folder(to.parent)
    folder = to.parent / f"{TEMPORARY}{os.getpid()}-{to.name}"
    folder.mkdir()
    try:
        yield folder
        os.sync()  # one for thousands of files
        if to.exists():
            to.rmdir()
        folder.rename(to)
        sync_folder(to.parent)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
