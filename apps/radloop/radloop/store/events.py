"""Everything that ever happens to the store, and what each event does to the tables.

The same function serves the moment itself and, long after, making a lost database anew from the journals:
so what can be done can also be recovered. Studies files that merely lie there are no events.
"""

from dataclasses import asdict, dataclass
from typing import Any, Literal

from sqlalchemy import Connection, func, select

from radloop.store.names import when
from radloop.store.tables import events, images, labels

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

    id: str
    kind: Kind
    image: str
    label: str | None
    file: ImageFile
    body: dict[str, Any]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Event":
        return cls(**{**value, "file": ImageFile(**value["file"])})


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
    connection.execute(
        events.insert().values(id=event.id, kind=event.kind, image=event.image, label=event.label, body=event.body)
    )


def _image_columns(event: Event) -> dict[str, Any]:
    return {
        **asdict(event.file),
        "info": event.body.get("info", {}) if event.kind == "image" else {},
        "added": when(event.id),
        "present": True,
        "removed": None,
    }


def _is_newest(connection: Connection, event: Event) -> bool:
    return not _exists_later(connection, event, event.kind)


def _exists_later(connection: Connection, event: Event, kind: Kind) -> bool:
    same = (events.c.image == event.image) & (events.c.kind == kind) & (events.c.id > event.id)
    of_label = events.c.label.is_(None) if event.label is None else events.c.label == event.label
    return connection.execute(select(events.c.id).where(same & of_label).limit(1)).first() is not None
