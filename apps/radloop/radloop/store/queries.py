"""The questions put to the tables, and the refusals where there is no answer."""

from typing import Any

from sqlalchemy import Connection, RowMapping, Select, func, select

from radloop.refusal import Refusal
from radloop.store.events import ImageFile
from radloop.store.tables import images, labels

LISTED = images.c.present & images.c.removed.is_(None)


def image(connection: Connection, image_id: str) -> RowMapping | None:
    return connection.execute(select(images).where(images.c.id == image_id)).mappings().first()


def listed_image(connection: Connection, image_id: str) -> RowMapping:
    row = connection.execute(select(images).where(images.c.id == image_id, LISTED)).mappings().first()
    if row is None:
        raise no_such_image(image_id)
    return row


def no_such_image(image_id: str) -> Refusal:
    return Refusal("NO_SUCH_IMAGE", f"There is no image {image_id[:128]!r}.", http_status=404)


def refuse_taken(connection: Connection, image_id: str) -> None:
    row = image(connection, image_id)
    if row is not None and row["removed"] is None:
        raise Refusal(
            "IMAGE_EXISTS", f"There is an image {image_id!r} already; images are not overwritten.", http_status=409
        )


def label(connection: Connection, label_id: str) -> RowMapping:
    row = connection.execute(select(labels).where(labels.c.id == label_id)).mappings().first()
    if row is None:
        raise Refusal("NO_SUCH_LABEL", f"There is no label with the id {label_id[:64]!r}.", http_status=404)
    return row


def labels_of(image_id: str, tag: str | None, *, deleted: bool = False) -> Select[Any]:
    query = select(labels).where(labels.c.image == image_id).order_by(labels.c.id.desc())
    query = query if tag is None else query.where(labels.c.tag == tag)
    return query if deleted else query.where(labels.c.deleted.is_(None))


def newest_labels(tag: str | None) -> Select[Any]:
    query = select(labels.c.image, func.max(labels.c.id).label("newest")).where(labels.c.deleted.is_(None))
    query = query if tag is None else query.where(labels.c.tag == tag)
    return query.group_by(labels.c.image, labels.c.tag)


def file_of(row: RowMapping) -> ImageFile:
    return ImageFile(row["source"], row["root"], row["name"], row["bytes"], row["mtime_ns"], row["sha256"])
