"""Versions of models: immutable folders, a row each, and what was published when.

``versions/<model>/<name>/`` holds ``model.pt`` (the weights) and ``version.json`` (everything else that the row
says); ``versions/<model>/publications.jsonl`` holds the publications, so that rows that were lost are made anew.
Which version is served follows from the publications alone: see ``served``.
"""

import json
import os
import shutil
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import Connection, RowMapping, func, select

from radloop.refusal import Refusal
from radloop.store import journal
from radloop.store.files import TEMPORARY, arriving, disk_faults_refused, sha256_of, sync_folder
from radloop.store.names import stamp, when
from radloop.store.store import Store
from radloop.store.tables import publications, versions

FOLDER = "versions"
WEIGHTS, ABOUT, PUBLICATIONS = "model.pt", "version.json", "publications.jsonl"

Kind = Literal["shipped", "published", "rolled_back"]


@dataclass(frozen=True)
class VersionRow:
    """A version: ``weights`` is its file, ``sha256`` what that file was kept as.

    ``data`` names the labels and patients it learned from, ``metrics`` what it reached on those held out,
    ``configuration`` how it was trained.
    """

    model: str
    name: str
    origin: Literal["shipped", "trained"]
    parent: str | None
    created: str
    weights: Path
    sha256: str
    data: dict[str, Any]
    metrics: dict[str, Any]
    configuration: dict[str, Any]

    @property
    def settings(self) -> dict[str, Any]:
        """What is laid over the bundle's configuration when it answers: a version may have classes of its own."""
        settings: dict[str, Any] = self.configuration.get("inference", {})
        return settings

    @property
    def base(self) -> str:
        """The version of the bundle that it descends from, the part of its name before "+"."""
        return self.name.partition("+")[0]


@dataclass(frozen=True)
class Publication:
    """Something that changed which version is served. ``id`` sorts by time."""

    id: str
    model: str
    version: str
    kind: Kind
    author: str | None


def history(store: Store, model: str) -> list[VersionRow]:
    """Every version of a model, oldest first."""
    with store.database.reading() as connection:
        return _history(store, connection, model)


def publications_of(store: Store, model: str) -> list[Publication]:
    """Everything that changed which version is served, oldest first."""
    with store.database.reading() as connection:
        return _publications(connection, model)


def version(store: Store, model: str, name: str) -> VersionRow:
    """One version; ``NO_SUCH_VERSION`` where there is none of that name."""
    known = {row.name: row for row in history(store, model)}
    if name not in known:
        raise Refusal(
            "NO_SUCH_VERSION",
            f"{model} has no version {name[:64]!r}; there are: {', '.join(known) or 'none'}.",
            http_status=404,
        )
    return known[name]


def served(store: Store, model: str) -> list[VersionRow]:
    """The version that is to answer, then those to fall back on, the last good one first."""
    with store.database.reading() as connection:
        known = {row.name: row for row in _history(store, connection, model)}
        names = stack(_publications(connection, model))
    return [known[name] for name in dict.fromkeys(reversed(names)) if name in known]


def stack(happened: Iterable[Publication]) -> list[str]:
    """Names of the versions that were published and not rolled back, the newest last.

    What is shipped lies at the bottom, and a newer radloop's weights take the place of the older one's there:
    they answer at once where nothing was published, and under what was published otherwise.
    """
    names: list[str] = []
    for one in happened:
        if one.kind == "shipped":
            names[:1] = [one.version]
        elif one.kind == "published":
            names.append(one.version)
        elif len(names) > 1:
            names.pop()
    return names


def note_shipped(store: Store, model: str, bundle_version: str, weights: Path) -> VersionRow:
    """Keep a copy of the weights that radloop ships as a version, and take up versions whose rows were lost.

    Called whenever versions begin to be used: does nothing where the same weights are known under that version.
    Other weights under a version's name (a bundle under development) become ``VERSION+shipped.<digits>``.
    """
    with disk_faults_refused():
        _take_up(store, model)
        digest = sha256_of(weights)
        names = (bundle_version, f"{bundle_version}+shipped.{digest[:8]}")
        known = {row.name: row for row in history(store, model)}
        row = next((known[name] for name in names if name in known and known[name].sha256 == digest), None)
        if row is None:
            name = names[1] if bundle_version in known else bundle_version
            row = _add(store, model, weights, origin="shipped", name=name, parent=None, about={})
        with store.database.writing() as connection:
            shipped = [one.version for one in _publications(connection, model) if one.kind == "shipped"]
            if shipped[-1:] != [row.name]:
                _publish(store, connection, model, row.name, "shipped", None)
    return row


def add_version(
    store: Store,
    model: str,
    weights: Path,
    *,
    parent: str,
    data: dict[str, Any],
    metrics: dict[str, Any],
    configuration: dict[str, Any],
) -> VersionRow:
    """Keep new weights for good, unpublished. Named after the bundle's version that they descend from: ``0.2.0+3``.

    The same weights from the same parent are one version: work that was cut off just after this may do it again.
    """
    base = version(store, model, parent).base
    digest = sha256_of(weights)
    for row in history(store, model):
        if (row.origin, row.parent, row.sha256) == ("trained", parent, digest):
            return row
    about = {"data": data, "metrics": metrics, "configuration": configuration}
    with disk_faults_refused():
        return _add(store, model, weights, origin="trained", name=None, base=base, parent=parent, about=about)


def publish(store: Store, model: str, name: str, author: str | None) -> VersionRow:
    """Have a version answer from now on. The caller has made sure that it loads; its hash is compared here."""
    row = version(store, model, name)
    check_whole(row)
    with disk_faults_refused(), store.database.writing() as connection:
        if stack(_publications(connection, model))[-1:] == [name]:
            raise Refusal("SERVED_ALREADY", f"{model} {name} is served already.", http_status=409)
        _publish(store, connection, model, name, "published", author)
    return row


def rollback(store: Store, model: str, author: str | None) -> VersionRow:
    """Have the version answer that did before the present one was published; returns it."""
    with disk_faults_refused(), store.database.writing() as connection:
        names = stack(_publications(connection, model))
        if len(names) < 2:
            raise Refusal("NOTHING_BEFORE", f"{model}: no version was published before this one.", http_status=409)
        _publish(store, connection, model, names[-1], "rolled_back", author)
    return version(store, model, names[-2])


def check_whole(row: VersionRow) -> None:
    """Raises ``Refusal`` where the weights are missing or are not those that were kept."""
    try:
        whole = sha256_of(row.weights) == row.sha256
    except FileNotFoundError:
        whole = False
    if not whole:
        raise Refusal(
            "VERSION_DAMAGED", f"{row.model} {row.name}: its weights are missing or damaged.", http_status=409
        )


# -- how versions come to be -----------------------------------------------------------------------------------------


def _add(
    store: Store,
    model: str,
    weights: Path,
    *,
    origin: str,
    name: str | None,
    parent: str | None,
    about: dict[str, Any],
    base: str = "",
) -> VersionRow:
    """The folder is made whole beside its place, then renamed; after that the row. See ``_take_up``."""
    top = store.data / FOLDER / model
    staging = top / f"{TEMPORARY}{os.getpid()}-{os.urandom(6).hex()}"
    try:
        with arriving(weights, staging) as arrived, store.database.writing() as connection:
            name = name or f"{base}+{_next_number(connection, top, model)}"
            file = f"{FOLDER}/{model}/{name}/{WEIGHTS}"
            kept = {"data": {}, "metrics": {}, "configuration": {}} | about
            row = {"model": model, "name": name, "origin": origin, "parent": parent, "created": when(stamp())}
            row |= {"file": file, "sha256": arrived.sha256, **kept}
            arrived.path.rename(staging / WEIGHTS)
            _write(staging / ABOUT, json.dumps(row, indent=1, allow_nan=False).encode() + b"\n")
            for path in staging.iterdir():
                path.chmod(0o444)  # immutable, and says so
            sync_folder(staging)
            staging.rename(top / name)
            sync_folder(top)
            connection.execute(versions.insert(), row)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return version(store, model, name)


def _next_number(connection: Connection, top: Path, model: str) -> int:
    """Numbers are given once a model, also those of folders whose rows were lost."""
    names = {
        str(name) for name in connection.execute(select(versions.c.name).where(versions.c.model == model)).scalars()
    }
    names |= {path.name for path in top.iterdir()}
    numbers = [int(number) for name in names if (number := name.partition("+")[2]).isdecimal()]
    return max(numbers, default=0) + 1


def _write(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _publish(store: Store, connection: Connection, model: str, name: str, kind: Kind, author: str | None) -> None:
    newest = connection.execute(select(func.max(publications.c.id))).scalar()
    row = asdict(Publication(stamp(newest), model, name, kind, author))
    connection.execute(publications.insert(), row)
    journal.append_line(store.data / FOLDER / model / PUBLICATIONS, json.dumps(row).encode() + b"\n")


def _take_up(store: Store, model: str) -> None:
    """Rows for whole folders and publications that have none: cut off by a crash, or the database is a new one."""
    top = store.data / FOLDER / model
    if not top.is_dir():
        return
    found = [told for file in top.glob(f"[!.]*/{ABOUT}") if (told := _json(file.read_bytes())) is not None]
    file = top / PUBLICATIONS
    lines = file.read_bytes().splitlines() if file.is_file() else []
    happened = [told for line in lines if (told := _json(line)) is not None]
    with store.database.reading() as connection:
        lost = _lost(connection, model, found, happened)
    if any(lost):
        with store.database.writing() as connection:  # another process may have done it meanwhile
            for table, rows in zip((versions, publications), _lost(connection, model, found, happened), strict=True):
                if rows:
                    connection.execute(table.insert(), rows)


def _lost(
    connection: Connection, model: str, found: list[dict[str, Any]], happened: list[dict[str, Any]]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    names = set(connection.execute(select(versions.c.name).where(versions.c.model == model)).scalars())
    ids = set(connection.execute(select(publications.c.id)).scalars())
    return [one for one in found if one["name"] not in names], [one for one in happened if one["id"] not in ids]


def _json(text: bytes) -> dict[str, Any] | None:
    try:
        told = json.loads(text)
    except ValueError:  # torn: it was never acknowledged
        return None
    return told if isinstance(told, dict) else None


# -- rows ------------------------------------------------------------------------------------------------------------


def _history(store: Store, connection: Connection, model: str) -> list[VersionRow]:
    query = select(versions).where(versions.c.model == model).order_by(versions.c.created, versions.c.name)
    return [_row(store.data, row) for row in connection.execute(query).mappings()]


def _publications(connection: Connection, model: str) -> list[Publication]:
    query = select(publications).where(publications.c.model == model).order_by(publications.c.id)
    return [Publication(**row) for row in connection.execute(query).mappings()]


def _row(data: Path, row: RowMapping) -> VersionRow:
    told = dict(row)
    return VersionRow(weights=data / told.pop("file"), **told)
