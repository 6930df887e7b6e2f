"""The store's images and newest labels as MONAI Label's clients list them; no path of the server's is in it."""

from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, select

from radloop.store.queries import LISTED, newest_labels
from radloop.store.rows import image_row, label_row
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


def listing(connection: Connection, data: Path) -> dict[str, Any]:
    objects: dict[str, Any] = {}
    for row in connection.execute(select(images).where(LISTED).order_by(images.c.id)).mappings():
        image = image_row(data, row)
        info = _info(image.info, image.added, f"{image.id}{image.suffix}")
        objects[image.id] = {"image": {"ext": image.suffix, "info": info}, "labels": {}}
    newest = newest_labels(None).subquery()
    query = select(labels).join(newest, newest.c.newest == labels.c.id).order_by(labels.c.image, labels.c.tag)
    for row in connection.execute(query).mappings():
        label = label_row(data, row)
        if label.image in objects:
            info = _info(label.info, label.created, f"{label.image}{label.suffix}")
            objects[label.image]["labels"][label.tag] = {"ext": label.suffix, "info": info}
    return {"name": "radloop", "description": "", "images_dir": ".", "labels_dir": "labels", "objects": objects}


def _info(info: dict[str, Any], at: str, name: str) -> dict[str, Any]:
    return {**info, "ts": int(datetime.fromisoformat(at).timestamp()), "name": name}
