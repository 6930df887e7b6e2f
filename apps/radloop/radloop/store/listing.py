"""The store's images and newest labels as MONAI Label's clients list them; no path of the server's is in it."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from radloop.store.names import IMAGE_SUFFIXES, LABEL_SUFFIXES
from radloop.store.queries import LISTED, newest_labels
from radloop.store.rows import suffix_of
from radloop.store.tables import images, labels


def summary(connection: Connection) -> dict[str, Any]:
    per_tag = (
        select(labels.c.tag, func.count(labels.c.image.distinct()))
        .join(images, images.c.id == labels.c.image)
        .where(LISTED, labels.c.deleted.is_(None))
        .group_by(labels.c.tag)
        .order_by(labels.c.tag)
    )
    total = connection.execute(select(func.count()).select_from(images).where(LISTED)).scalar_one()
    tags = {tag: count for tag, count in connection.execute(per_tag)}
    return {"total": total, "completed": tags.get("final", 0), "label_tags": tags}


def listing(connection: Connection) -> dict[str, Any]:
    objects: dict[str, Any] = {}
    every = select(images.c.id, images.c.name, images.c.info, images.c.added).where(LISTED).order_by(images.c.id)
    for image_id, name, info, added in connection.execute(every):
        objects[image_id] = {"image": _entry(image_id, suffix_of(name, IMAGE_SUFFIXES), info, added), "labels": {}}
    newest = newest_labels(None).subquery()
    query = select(labels.c.image, labels.c.tag, labels.c.name, labels.c.info, labels.c.created)
    query = query.join(newest, newest.c.newest == labels.c.id).order_by(labels.c.image, labels.c.tag)
    for image_id, tag, name, info, created in connection.execute(query):
        if image_id in objects:
            objects[image_id]["labels"][tag] = _entry(image_id, suffix_of(name, LABEL_SUFFIXES), info, created)
    return {"name": "radloop", "description": "", "images_dir": ".", "labels_dir": "labels", "objects": objects}


def _entry(image_id: str, suffix: str, info: dict[str, Any], at: str) -> dict[str, Any]:
    about = {"ts": int(datetime.fromisoformat(at).timestamp()), "name": f"{image_id}{suffix}"}
    return {"ext": suffix, "info": {**info, **about}}
