"""Every image of the datastore with its state, for a list that a person picks from."""

from functools import lru_cache
from pathlib import Path

from radloop.answers.panel import CaseState, EveryCase, State
from radloop.images import count_frames
from radloop.server.context import Context
from radloop.store import ImageRow

A_MODELS_OWN = "original"
"""MONAI Label's tag for a label that no person has submitted."""


def every_case(here: Context) -> EveryCase:
    here.watch.look()
    objects = here.store.listing()["objects"]
    return EveryCase(
        cases=[
            CaseState(image=row.id, state=_state(set(objects[row.id]["labels"])), n_frames=_frames(here, row))
            for row in here.store.images()
            if row.id in objects
        ]
    )


def _state(tags: set[str]) -> State:
    if tags - {A_MODELS_OWN}:
        return "submitted"
    return "analysed" if tags else "new"


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
