"""A model's labels as DICOM SEG of the cine that they were made from."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from radloop.server.context import Context

if TYPE_CHECKING:
    from radloop.dicom.codes import Segment


def segments_of(here: Context, model: str) -> "list[Segment]":
    """Names, codes and colours as they stand in the bundle's metadata."""
    from radloop.dicom.codes import Code, Segment

    details = here.catalogue.model(model).label_details
    return [Segment(d.value, d.name, Code(d.code, d.scheme, d.meaning), d.colour) for d in details]


def seg_of(here: Context, model: str, image: str, result: dict[str, Any], folder: Path) -> Path:
    """What a worker answered about a cine of the archive, written as one SEG of all frames."""
    from radloop.dicom.seg import write_seg
    from radloop.images import read_label

    _, source = here.pictures.archive.cine(image)
    label, version = read_label(Path(result["file"])), json.loads(result["answer"])["model_version"]
    segments = segments_of(here, model)
    [seg] = write_seg(folder / "seg.dcm", label, source, algorithm=model, version=version, segments=segments)
    return seg
