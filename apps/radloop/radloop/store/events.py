"""Everything that ever happens to the store, and what each event does to the tables.

The same function serves the moment itself and, long after, making a lost database anew from the journals:
so what can be done can also be recovered. Studies files that merely lie there are no events.
"""

from dataclasses import asdict, dataclass
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter
from sqlalchemy import Connection, func, select

from radloop.store.names import IMAGE_ID, STAMP, when
from radloop.store.tables import events, images, labels

LABEL_FIELDS = {"tag", "name", "author", "info", "sha256", "image_sha256", "supersedes"}
Kind = Literal["image", "image_info", "image_removed", "label", "label_info", "label_deleted"]


@dataclass(frozen=True)
class ImageFile:
    """Where an image's file lies; see the columns of the same names."""

    source: str
    root: str
    name: str
    bytes: int
    mtime_ns: int
    sha256: str | None


@dataclass(frozen=True)
class Event:
    """``id`` sorts by time. ``file`` is the image's file at that time. ``body`` depends on the kind."""

    id: Annotated[str, Field(pattern=STAMP)]
    kind: Kind
    image: Annotated[str, Field(pattern=IMAGE_ID)]
    label: str | None
    file: ImageFile
    body: dict[str, Any]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def kept_file(self) -> tuple[str, str] | None:
        """The file below the data folder that this event brought, and its SHA-256; None where it brought none."""
        if self.kind == "label":
            return str(self.body["name"]), str(self.body["sha256"])
        if self.kind == "image" and self.file.source == "uploads":
            return self.file.name, str(self.file.sha256)
        return None

    @classmethod
    def from_json(cls, value: Any) -> "Event":
        """An event as it was written; ``ValueError`` (pydantic's) where it is damaged."""
        event = _events.validate_python(value)
        if event.kind == "label" and set(event.body) != LABEL_FIELDS:
            raise ValueError("a label's event without its fields")
        return event


_events = TypeAdapter(Event)


def newest_event(connection: Connection) -> str | None:
    found: str | None = connection.execute(select(func.max(events.c.id))).scalar()
    return found


def apply(connection: Connection, event: Event) -> None:
    """Let ``event`` have its effect.

    One that is there already has none; one that comes late does not undo newer ones.
    """
    if connection.execute(select(events.c.id).where(events.c.id == event.id)).first():
        return
    known = connection.execute(select(images.c.id).where(images.c.id == event.image)).first() is not None
    if not known:
        connection.execute(images.insert().values(id=event.image, **_image_columns(event)))
    if event.kind == "image" and known and _is_newest(connection, event):
        connection.execute(images.update().where(images.c.id == event.image).values(**_image_columns(event)))
    elif event.kind == "image_info" and _is_newest(connection, event):
        connection.execute(images.update().where(images.c.id == event.image).values(info=event.body["info"]))
    elif event.kind == "image_removed":
        at = when(event.id)
        earlier = (labels.c.image == event.image) & labels.c.deleted.is_(None) & (labels.c.id < event.id)
        connection.execute(labels.update().where(earlier).values(deleted=at))
        if not _exists_later(connection, event, "image"):
            connection.execute(images.update().where(images.c.id == event.image).values(removed=at, present=False))
    elif event.kind == "label":
        connection.execute(
            labels.insert().values(id=event.label, image=event.image, created=when(event.id), **event.body)
        )
    elif event.kind == "label_info" and _is_newest(connection, event):
        connection.execute(labels.update().where(labels.c.id == event.label).values(info=event.body["info"]))
    elif event.kind == "label_deleted":
        connection.execute(labels.update().where(labels.c.id == event.label).values(deleted=when(event.id)))
    connection.execute(events.insert().values(event.as_json()))


def _image_columns(event: Event) -> dict[str, Any]:
    return new_image(event.file, when(event.id), event.body.get("info", {}) if event.kind == "image" else {})


def new_image(file: ImageFile, added: str, info: dict[str, Any]) -> dict[str, Any]:
    """The columns, but for the id, of an image that is there from now on."""
    return {**vars(file), "info": info, "added": added, "present": True, "removed": None}


def _is_newest(connection: Connection, event: Event) -> bool:
    return not _exists_later(connection, event, event.kind)


def _exists_later(connection: Connection, event: Event, kind: Kind) -> bool:
    same = (events.c.image == event.image) & (events.c.kind == kind) & (events.c.id > event.id)
    of_label = events.c.label.is_(None) if event.label is None else events.c.label == event.label
    return connection.execute(select(events.c.id).where(same & of_label).limit(1)).first() is not None
