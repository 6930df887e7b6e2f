"""``/session/``: leave a picture, look at it, take it away."""

from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, File, Query, Response, UploadFile
from fastapi.responses import FileResponse

from radloop.answers.service import NewSession, SessionInfo
from radloop.refusal import Refusal
from radloop.server.context import Here
from radloop.server.forms import keep, plain_name
from radloop.server.sessions import Session

router = APIRouter(prefix="/session", tags=["Session"])

MOST_FILES = 20_000


@router.put("/")
def create(
    here: Here,
    files: Annotated[list[UploadFile], File(min_length=1, max_length=MOST_FILES)],
    expiry: Annotated[int, Query(ge=0, le=10_000_000, description="seconds unused; 0: as long as allowed")] = 0,
    uncompress: bool = False,
) -> NewSession:
    """One file, or several that make one picture."""
    if uncompress:
        raise Refusal("NO_ARCHIVES", "Archives are not unpacked here: send their files.", http_status=400)

    def fill(place: Path) -> Path:
        if len(files) == 1:
            return keep(files[0], place, plain_name(files[0]))
        inner = place / "files"
        inner.mkdir()
        for number, file in enumerate(files):
            keep(file, inner, f"{number:05d}_{plain_name(file)}")
        return inner

    session = here.sessions.add(fill, expiry)
    return NewSession(session_id=session.id, session_info=_about(session))


@router.get("/{session_id}", response_model=SessionInfo)
def look(
    here: Here,
    session_id: str,
    update_ts: bool = False,
    image: Annotated[bool, Query(description="the picture itself")] = False,
) -> SessionInfo | Response:
    """What is known about a session, or its file."""
    session = here.sessions.get(session_id, touch=update_ts)
    if not image:
        return _about(session)
    if session.file.is_dir():
        raise Refusal("MANY_FILES", "This session is of several files.", http_status=400)
    return FileResponse(session.file, media_type="application/octet-stream", filename=session.file.name)


@router.delete("/{session_id}")
def remove(here: Here, session_id: str) -> SessionInfo:
    return _about(here.sessions.remove(session_id))


def _about(session: Session) -> SessionInfo:
    return SessionInfo(
        name=session.id,
        image=session.file.name,
        create_ts=session.created,
        last_access_ts=session.used,
        expiry=session.expiry_s,
    )
