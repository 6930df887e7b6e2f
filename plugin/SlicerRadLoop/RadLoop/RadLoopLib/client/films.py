"""Conversations with a server about chest films, each one job: open one, have it classified, submit a class."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from typing import Any

from ..exam import Cine, NotReadable, read_cine, write_cine
from ..film import Answer, NoFilm, Said, answer_of, is_dicom, read_picture
from .exchange import TAG, add_image
from .faults import Fault, Refused, Strange
from .job import Ticket
from .server import CHEST, Server


@dataclass(frozen=True)
class OpenedFilm:
    """picture : a film (1, 1, row, column), a DICOM object that Slicer is to read, or None where none was asked for."""

    picture: Cine | bytes | None
    submitted: Said | None


@dataclass(frozen=True)
class Reading:
    """The model's answer; ``heat_map`` is on the film's own grid, 0 to 1, None where there is none."""

    answer: Answer
    heat_map: Cine | None


def open_film(server: Server, image: str, ticket: Ticket, *, with_picture: bool) -> OpenedFilm:
    """A film of the server, and the class that was submitted for it last."""
    picture: Cine | bytes | None = None
    if with_picture:
        data = server.image(image, ticket, "Fetching the film")
        try:
            picture = data if is_dicom(data) else read_picture(image, data)
        except NoFilm as error:
            raise Strange(str(error)) from error
    return OpenedFilm(picture, _submitted(server, image, ticket))


def classify_image(server: Server, image: str, ticket: Ticket) -> Reading:
    return _reading(server, {"image": image}, ticket)


def classify_film(server: Server, name: str, film: Cine, ticket: Ticket) -> Reading:
    """The answer for a film that only the scene has. It is lent to the server for this one question."""
    session = server.open_session(f"{name}.nii.gz", write_cine(film), ticket, "Sending the film")
    try:
        return _reading(server, {"session_id": session}, ticket)
    finally:
        with contextlib.suppress(Fault):  # it expires by itself
            server.close_session(session, Ticket())


def submit_class(
    server: Server, image: str, info: dict[str, Any], ticket: Ticket, *, new_film: Cine | None = None
) -> str:
    """Put the class ``info["label"]`` on the server, with its film first where the server does not have it.

    Returns the image's id. The class is read back, so that what is called submitted is there.
    """
    if new_film is not None:
        image = add_image(server, image, write_cine(new_film), ticket, "Sending the film")
    server.put_label(image, TAG, "label.json", json.dumps({"label": info["label"]}).encode(), info, ticket)
    try:
        kept = json.loads(server.label(image, TAG, ticket))
    except ValueError:
        kept = None
    if not isinstance(kept, dict) or kept.get("label") != info["label"]:
        raise Strange("The server gives back another class than was sent; it was not submitted.")
    return image


def _submitted(server: Server, image: str, ticket: Ticket) -> Said | None:
    try:
        info = server.label_info(image, TAG, ticket)
    except Refused as refusal:
        if refusal.status != 404:
            raise
        return None
    label, author = info.get("label"), info.get("author")
    return Said(label, author if isinstance(author, str) else None) if isinstance(label, str) else None


def _reading(server: Server, where: dict[str, str], ticket: Ticket) -> Reading:
    said, data = server.infer(CHEST, where, {"heat_map": True}, ticket)
    ticket.say("Reading the answer")
    try:
        answer = answer_of(said)
        return Reading(answer, read_cine(data) if answer.heat_map else None)
    except (NotReadable, ValueError) as error:
        raise Strange(str(error)) from error
