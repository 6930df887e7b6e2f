"""Every image of the datastore with its state, for a list that a person picks from."""

from functools import lru_cache
from pathlib import Path
from typing import Any

from radloop.answers.panel import CaseState, EveryCase, State
from radloop.images import count_frames
from radloop.refusal import Refusal
from radloop.server.context import Context
from radloop.store import ImageRow

A_MODELS_OWN = "original"
"""MONAI Label's tag for a label that no person has submitted."""

ANALYSED = "analysed"
"""In an image's info: the model version that looked at it last."""


def every_case(here: Context) -> EveryCase:
    here.watch.look()
    objects = here.store.listing()["objects"]
    return EveryCase(
        cases=[
            CaseState(image=row.id, state=_state(set(objects[row.id]["labels"]), row.info), n_frames=_frames(here, row))
            for row in here.store.images()
            if row.id in objects
        ],
        others=here.watch.refused,
    )


def note_analysed(here: Context, image: str, version: str | None) -> None:
    """Remember that a model has looked at an image; what is known already is not written again."""
    if version and here.store.image_info(image).get(ANALYSED) != version:
        here.store.set_image_info(image, {ANALYSED: version})


def was_analysed(here: Context, image: str) -> bool:
    """Whether a model has looked at an image; one that the store does not know yet was looked at by none."""
    try:
        return ANALYSED in here.store.image_info(image)
    except Refusal as refusal:
        if refusal.http_status != 404:
            raise
        return False


def _state(tags: set[str], info: dict[str, Any]) -> State:
    if tags - {A_MODELS_OWN}:
        return "submitted"
    return "analysed" if tags or ANALYSED in info else "new"


def _frames(here: Context, row: ImageRow) -> int | None:
    if row.source == "archive":
        cine = here.pictures.known(row.id)
        return cine.n_frames if cine else None
    try:
        state = row.path.stat()
    except OSError:
        return None
    return _in_file(row.path, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=4096)
def _in_file(path: Path, mtime_ns: int, size: int) -> int | None:
    """``mtime_ns`` and ``size`` tell that a file has changed."""
    return count_frames(path)
