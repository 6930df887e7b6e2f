"""Images and labels as one zip."""

import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from fastapi import Response
from fastapi.responses import StreamingResponse

from radloop.refusal import Refusal
from radloop.server.pictures import Picture
from radloop.store import LabelRow


def zipped(cases: list[tuple[Picture, LabelRow]], scratch: Path) -> Response:
    """``<id>.nii.gz`` and ``labels/<tag>/<id>.nii.gz`` of every case, in a file that has no name and leaves nothing."""
    if not cases:
        raise Refusal("NO_LABELS", "There is no labelled image yet.", http_status=404)
    file = tempfile.TemporaryFile(dir=scratch)  # noqa: SIM115 - closed when it has been sent
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:  # what is in it is compressed already
        for image, label in cases:
            archive.write(image.file, image.name)
            archive.write(label.path, f"labels/{label.tag}/{label.image}{label.suffix}")
    size = file.tell()
    file.seek(0)
    headers = {"Content-Length": str(size), "Content-Disposition": 'attachment; filename="dataset.zip"'}
    return StreamingResponse(_pieces(file), media_type="application/zip", headers=headers)


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while piece := file.read(1 << 20):
            yield piece
