"""Images that an archive of DICOM objects holds: rows like any other, whose files are made when they are wanted.

Which images there are, the archive knows; that one lies there is no event, as with files of the studies folder.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from radloop.store.events import ImageFile, new_image
from radloop.store.names import stamp, when
from radloop.store.tables import images

SOURCE = "archive"


def plan(
    connection: Connection, data: Path, names: Mapping[str, str], *, complete: bool
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The rows to add and the changes to rows (``key`` is the id); see ``Store.note_archived``."""
    ours = images.c.source == SOURCE
    query = select(images.c.id, images.c.source, images.c.name, images.c.present, images.c.removed)
    query = query.where(ours | images.c.id.in_(names)) if complete else query.where(images.c.id.in_(names))
    rows = {row.id: row for row in connection.execute(query)}
    now = when(stamp())
    added = [
        {"id": image_id, **new_image(ImageFile(SOURCE, "", name, 0, 0, None), now, {})}
        for image_id, name in names.items()
        if image_id not in rows
    ]
    changed = []
    for row in rows.values():
        if row.source != SOURCE or row.removed is not None:
            continue
        there = row.id in names
        name = names[row.id] if there and (data / names[row.id]).is_file() else row.name
        if (there, name) != (row.present, row.name):
            changed.append({"key": row.id, "present": there, "name": name, "sha256": None})
    return added, changed
