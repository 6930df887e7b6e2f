"""The store as its users see it: images, labels and what is known of them, kept in a data folder."""

from collections.abc import Collection, Mapping
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from sqlalchemy import Connection, func, select

from radloop.refusal import Refusal
from radloop.store import archived, in_use, journal, listing, queries
from radloop.store.check import Finding, check, take_up
from radloop.store.database import Database
from radloop.store.events import Event, ImageFile, Kind, apply, newest_event
from radloop.store.files import Arrived, arriving, disk_faults_refused, own_folder, put_into_place, sha256_of
from radloop.store.infos import checked_info, reviewed_info
from radloop.store.names import (
    IMAGE_SUFFIXES,
    LABEL_SUFFIXES,
    checked_image_id,
    checked_suffix,
    checked_tag,
    stamp,
)
from radloop.store.rows import ImageRow, LabelRow, image_path, image_row, label_row
from radloop.store.studies import StudiesFolder, carry_out, known_files, plan
from radloop.store.tables import images, labels


class Store:
    """Images, their labels and what is known of them.

    Everything lies under ``data``; the ``studies`` folder is watched and only read. Any number of threads, and
    more than one process, may use a store at a time. ``database_url`` is for a database other than the
    SQLite file in the data folder.

    What a method answers is on disk when it returns. Every method raises ``Refusal``: with HTTP status 404
    for what is not there, 409 for what is there already, 507 when the disk is full, 503 when others keep the
    store busy for half a minute.
    """

    def __init__(self, data: Path, studies: Path | None = None, *, database_url: str | None = None) -> None:
        self.data = data.resolve()
        if studies is not None and not studies.is_dir():
            raise Refusal("NO_STUDIES", f"The studies folder {studies} is not there or no folder.", http_status=404)
        own_folder(self.data)
        with disk_faults_refused():
            self._in_use = in_use.join(self.data)
        self._studies = StudiesFolder(studies.resolve(), self.data) if studies is not None else None
        try:
            self.database = Database(self.data, database_url)
        except Refusal:
            self._in_use.close()
            raise
        self._take_up_if_lost()
        self._look()

    def close(self) -> None:
        self.database.close()
        self._in_use.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    # -- images -----------------------------------------------------------------------------------------------------

    def scan(self) -> None:
        """Bring the images up to what lies in the studies folder now. The other methods do so by themselves,
        a second after a change at the latest."""
        if self._studies is None:
            return
        with self._studies.lock:
            found = self._studies.files()
            with self.database.reading() as connection:
                known = known_files(connection)
            changes = plan(known, self._studies.folder, found)
            if any(changes):
                with self.database.writing() as connection:
                    if (now := known_files(connection)) != known:  # another process wrote meanwhile
                        changes = plan(now, self._studies.folder, found)
                    carry_out(connection, *changes)

    def images(self) -> list[ImageRow]:
        """Every image, by id."""
        self._look()
        with self.database.reading() as connection:
            rows = connection.execute(select(images).where(queries.LISTED).order_by(images.c.id)).mappings()
            return [image_row(self.data, row) for row in rows]

    def image(self, image_id: str) -> ImageRow:
        """One image; ``NO_SUCH_IMAGE`` where there is none of that id, or its file is gone."""
        self._look()
        with self.database.reading() as connection:
            return image_row(self.data, queries.listed_image(connection, image_id))

    def add_image(self, image_id: str, source: Path, suffix: str | None = None) -> ImageRow:
        """Copy a file in as a new image. ``suffix`` (".nii.gz") where the name of ``source`` does not tell it."""
        checked_image_id(image_id)
        suffix = checked_suffix(f"image{suffix}" if suffix else source.name, IMAGE_SUFFIXES)
        self._look()
        with self.database.reading() as connection:
            queries.refuse_taken(connection, image_id)
        folder = self.data / "images" / image_id
        with disk_faults_refused(), arriving(source, folder) as arrived, self.database.writing() as connection:
            queries.refuse_taken(connection, image_id)
            at = stamp(newest_event(connection))
            target = folder / f"{at}{suffix}"
            name = target.relative_to(self.data).as_posix()
            mtime_ns = arrived.path.stat().st_mtime_ns
            file = ImageFile("uploads", "", name, arrived.bytes, mtime_ns, arrived.sha256)
            self._happen(connection, Event(at, "image", image_id, None, file, {"info": {}}), arrived, target)
        return self.image(image_id)

    def refer_image(self, image_id: str, path: Path, info: dict[str, Any] | None = None) -> ImageRow:
        """Know a file or folder elsewhere (a DICOM series that another part keeps) as an image, or at a new place."""
        checked_image_id(image_id)
        state = path.stat()
        place = path.resolve()
        file = ImageFile("elsewhere", str(place.parent), place.name, state.st_size, state.st_mtime_ns, None)
        with self.database.writing() as connection:
            row = queries.image(connection, image_id)
            if row is not None and row["source"] != "elsewhere":
                queries.refuse_taken(connection, image_id)
            if row is None or row["removed"] is not None:
                at = stamp(newest_event(connection))
                self._happen(connection, Event(at, "image", image_id, None, file, {"info": checked_info(info or {})}))
            elif queries.file_of(row) != file:
                connection.execute(images.update().where(images.c.id == image_id).values(asdict(file)))
        return self.image(image_id)

    def archived(self) -> set[str]:
        """Ids of the images that an archive holds."""
        self._look()
        with self.database.reading() as connection:
            ours = select(images.c.id).where(queries.LISTED, images.c.source == archived.SOURCE)
            return set(connection.execute(ours).scalars())

    def note_archived(self, names: Mapping[str, str], *, complete: bool = False) -> None:
        """Know the images of a DICOM archive by their ids; with ``complete`` these are all, and others are gone.

        ``names``: id to the path, below the data folder, where whoever fetches the image puts its file. An image
        goes on with the file that it has until the one of a new name is there.
        """
        with self.database.reading() as connection:
            added, changed = archived.plan(connection, self.data, names, complete=complete)
        if added or changed:
            with self.database.writing() as connection:  # another process may have done it meanwhile
                carry_out(connection, *archived.plan(connection, self.data, names, complete=complete))

    def remove_image(self, image_id: str) -> None:
        """List an image no longer, nor its labels. Files stay: of the studies folder, and of uploads."""
        self._note(image_id, "image_removed", {})

    def checksum(self, image_id: str) -> str:
        """SHA-256 of an image's file as it is now, in hexadecimal digits; remembered until the file changes."""
        with self.database.reading() as connection:
            row = queries.listed_image(connection, image_id)
        if row["source"] == "uploads":
            return str(row["sha256"])
        path = image_path(self.data, row["root"], row["name"])
        try:
            state = path.stat()
            if row["sha256"] is not None and (row["bytes"], row["mtime_ns"]) == (state.st_size, state.st_mtime_ns):
                return str(row["sha256"])
            digest = sha256_of(path)
        except (FileNotFoundError, IsADirectoryError) as fault:
            raise queries.no_such_image(image_id) from fault
        known = {"bytes": state.st_size, "mtime_ns": state.st_mtime_ns, "sha256": digest}
        with self.database.writing() as connection:
            connection.execute(images.update().where(images.c.id == image_id).values(known))
        return digest

    def image_info(self, image_id: str) -> dict[str, Any]:
        return self.image(image_id).info

    def set_image_info(self, image_id: str, info: dict[str, Any]) -> None:
        """Lay ``info`` over what is known of an image; what was there before stays in the history."""
        self._note(image_id, "image_info", checked_info(info))

    # -- labels -----------------------------------------------------------------------------------------------------

    def add_label(
        self, image_id: str, file: Path, *, tag: str = "final", author: str | None, info: dict[str, Any]
    ) -> LabelRow:
        """Keep a label for good. It supersedes the newest one of that image and tag, which stays.

        ``author`` is who the caller knows it to be; a name that ``info`` claims beside it becomes
        ``info["claimed_author"]``. ``info`` may hold the fields of ``answers.Review``; missing ones are filled in.
        """
        checked_tag(tag)
        suffix = checked_suffix(file.name, LABEL_SUFFIXES)
        kept = reviewed_info(checked_info(info), author)
        self._look()
        with self.database.reading() as connection:
            of = queries.listed_image(connection, image_id)
        image_sha256 = self.checksum(image_id) if of["source"] in ("studies", "uploads") else None
        folder = self.data / "labels" / image_id
        with disk_faults_refused(), arriving(file, folder) as arrived, self.database.writing() as connection:
            of = queries.listed_image(connection, image_id)
            newest = connection.execute(queries.labels_of(image_id, tag).limit(1)).mappings().first()
            at = stamp(newest_event(connection))
            target = folder / f"{at}{suffix}"
            body = {
                "tag": tag,
                "name": target.relative_to(self.data).as_posix(),
                "author": author,
                "info": kept,
                "sha256": arrived.sha256,
                "image_sha256": image_sha256,
                "supersedes": newest["id"] if newest else None,
            }
            self._happen(connection, Event(at, "label", image_id, at, queries.file_of(of), body), arrived, target)
        return self.label_by_id(at)

    def labels(self, image_id: str, *, deleted: bool = False) -> list[LabelRow]:
        """The labels of an image, newest first: every tag, superseded ones too, and deleted ones if asked for."""
        with self.database.reading() as connection:
            if queries.image(connection, image_id) is None:
                raise queries.no_such_image(image_id)
            rows = connection.execute(queries.labels_of(image_id, None, deleted=deleted)).mappings()
            return [label_row(self.data, row) for row in rows]

    def label(self, image_id: str, tag: str = "final") -> LabelRow:
        """The newest label of an image under a tag; ``NO_SUCH_LABEL`` where there is none."""
        with self.database.reading() as connection:
            row = connection.execute(queries.labels_of(image_id, tag).limit(1)).mappings().first()
        if row is None:
            raise Refusal(
                "NO_SUCH_LABEL", f"There is no label {tag[:64]!r} of image {image_id[:128]!r}.", http_status=404
            )
        return label_row(self.data, row)

    def label_by_id(self, label_id: str) -> LabelRow:
        """One label by its own id, superseded and deleted ones too."""
        with self.database.reading() as connection:
            return label_row(self.data, queries.label(connection, label_id))

    def remove_label(self, label_id: str) -> None:
        """Mark a label as taken back; the one it superseded is the newest again. Its file stays."""
        self._note_label(label_id, "label_deleted", {})

    def label_info(self, label_id: str) -> dict[str, Any]:
        return self.label_by_id(label_id).info

    def set_label_info(self, label_id: str, info: dict[str, Any]) -> None:
        """Lay ``info`` over what is known of a label; what was there before stays in the history."""
        self._note_label(label_id, "label_info", checked_info(info))

    def labelled(self, tag: str = "final") -> list[tuple[ImageRow, LabelRow]]:
        """Every image that has a label of that tag, with the newest one: what can be learned from."""
        self._look()
        newest = queries.newest_labels(tag).subquery()
        query = select(images, labels.c.id.label("label_id")).join(newest, newest.c.image == images.c.id)
        with self.database.reading() as connection:
            pairs = connection.execute(
                query.join(labels, labels.c.id == newest.c.newest).where(queries.LISTED).order_by(images.c.id)
            ).mappings()
            of_image = {row["label_id"]: image_row(self.data, row) for row in pairs}
            rows = connection.execute(select(labels).join(newest, newest.c.newest == labels.c.id)).mappings()
            found = {row["id"]: label_row(self.data, row) for row in rows}
        return [(image, found[label_id]) for label_id, image in of_image.items()]

    # -- lists ------------------------------------------------------------------------------------------------------

    def summary(self) -> dict[str, Any]:
        """MONAI Label's figures of a datastore: how many images, how many with a final label, images per tag."""
        self._look()
        with self.database.reading() as connection:
            return listing.summary(connection)

    def listing(self) -> dict[str, Any]:
        """Everything in the form of MONAI Label's ``datastore_v2.json`` (``/datastore/?output=all``): newest labels."""
        self._look()
        with self.database.reading() as connection:
            return listing.listing(connection)

    def next_unlabelled(
        self, order: Literal["first", "random"] = "first", *, tag: str = "final", without: Collection[str] = ()
    ) -> ImageRow | None:
        """An image that has no label of that tag: the first by id, or any. ``without``: ids that others have open."""
        self._look()
        done = select(labels.c.image).where(labels.c.tag == tag, labels.c.deleted.is_(None))
        query = select(images).where(queries.LISTED, images.c.id.not_in(done))
        query = query.where(images.c.id.not_in(list(without))) if without else query
        query = query.order_by(images.c.id if order == "first" else func.random()).limit(1)
        with self.database.reading() as connection:
            row = connection.execute(query).mappings().first()
        return image_row(self.data, row) if row else None

    def check(self, *, repair: bool = False) -> list[Finding]:
        """What is not as it should be, see ``radloop.store.check``; safe while the store is in use."""
        return check(self.data, self.database, repair=repair)

    # -- how things happen ------------------------------------------------------------------------------------------

    def _take_up_if_lost(self) -> None:
        with self.database.reading() as connection:
            lost = newest_event(connection) is None and any(journal.read(self.data))
        if lost:
            with disk_faults_refused(), self.database.writing() as connection:
                take_up(self.data, connection)

    def _look(self) -> None:
        if self._studies is not None and self._studies.has_changed():
            self.scan()

    def _note(self, image_id: str, kind: Kind, info: dict[str, Any]) -> None:
        self._look()
        with disk_faults_refused(), self.database.writing() as connection:
            of = queries.listed_image(connection, image_id)
            body = {"info": {**of["info"], **info}} if kind == "image_info" else {}
            self._happen(
                connection, Event(stamp(newest_event(connection)), kind, image_id, None, queries.file_of(of), body)
            )

    def _note_label(self, label_id: str, kind: Kind, info: dict[str, Any]) -> None:
        with disk_faults_refused(), self.database.writing() as connection:
            row = queries.label(connection, label_id)
            if row["deleted"] is not None:
                raise Refusal("LABEL_DELETED", f"Label {label_id} was deleted.", http_status=404)
            of = queries.image(connection, row["image"])
            assert of is not None  # the database holds labels to their images
            if "reviewed" in info:  # said now, so no longer assumed
                info = {"assumed_reviewed": False, **info}
            body = {"info": reviewed_info({**row["info"], **info}, row["author"])} if kind == "label_info" else {}
            at = stamp(newest_event(connection))
            self._happen(connection, Event(at, kind, row["image"], label_id, queries.file_of(of), body))

    def _happen(
        self, connection: Connection, event: Event, arrived: Arrived | None = None, target: Path | None = None
    ) -> None:
        """The order is what a crash at any point leaves whole: row (open), journal, file, and then, by the caller, row.

        A file in its place is thus always in the journal, and a row always has its file. What stays without
        a row was never acknowledged; ``check`` takes it up.
        """
        apply(connection, event)
        journal.append(self.data, event)
        if arrived is not None and target is not None:
            put_into_place(arrived, target)
