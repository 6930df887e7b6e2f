"""The routes of MONAI Label's REST API that the module uses, and radloop's list of cases."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from .faults import Refused, Strange
from .job import Ticket
from .multipart import Part, decode, encode
from .wire import Reply, Request, exchange

HEART, CHEST = "cine_heart", "cxr_classifier"
THINKING_S = 900.0  # a model on a slow machine, behind others in the queue
SAVING_S = 60.0
_NO_PICTURE = "The server answered without a label map."
_FILMS = (".png", ".jpg", ".jpeg", ".dcm")
_REFUSED = "cannot be used"


@dataclass(frozen=True)
class CaseRow:
    """An image of the server. ``state``: new, analysed, reviewed or submitted; ``labels``: tags that can be opened;
    ``suffix``: of its file, where the server tells it.

    Or the series that a study without an image has in its place: ``why_not`` is the server's sentence.
    """

    image: str
    state: str
    n_frames: int | None = None
    labels: tuple[str, ...] = ()
    suffix: str = ""
    why_not: str = ""

    @property
    def may_be_film(self) -> bool:
        """Nothing in the list says so for sure: NIfTI of one frame may hold a film, or a still heart."""
        return self.suffix in _FILMS or self.n_frames == 1

    @property
    def order(self) -> tuple[bool, str]:
        """What cannot be used comes last."""
        return bool(self.why_not), self.image

    @property
    def may_be_cine(self) -> bool:
        return self.suffix not in _FILMS


def address(typed: str) -> str:
    """What a person types as address, made whole: "8000", ":8000", "host", "host:8000/root/", with or without scheme.

    0.0.0.0 is where a server listens, not where it is: it becomes 127.0.0.1. Raises Strange for what is no address.
    """
    text = typed.strip()
    if text.isdecimal() or text.startswith(":"):
        text = "127.0.0.1:" + text.lstrip(":")
    if "://" not in text:
        text = "http://" + text
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise Strange(f"“{typed}” is not an address; it looks like http://127.0.0.1:8000.") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or any(c.isspace() for c in text):
        raise Strange(f"“{typed}” is not an address; it looks like http://127.0.0.1:8000.")
    host = "127.0.0.1" if parts.hostname == "0.0.0.0" else parts.hostname
    host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{host}" + (f":{port}" if port else "") + parts.path.rstrip("/")


class Server:
    """A MONAI Label server with the model of the heart, that of chest films, or both.

    Every call blocks: use it in a job. ``token`` is for a radloop server that asks for one. Raises Strange where it
    cannot be one.
    """

    def __init__(self, url: str, token: str = "") -> None:
        self.url = address(url)
        self._token = token.strip()
        if not (self._token.isascii() and self._token.isprintable()) or " " in self._token:
            raise Strange("The token has characters that no token has; was it copied whole?")

    def models(self, ticket: Ticket) -> dict[str, dict[str, Any]]:
        """What the server says of each model of ours that it has, by name.

        Raises Strange when it is another kind of server, or has none of them that can be used.
        """
        info = self._ask(Request("GET", "/info/", {}, waiting="Connecting"), ticket).json()
        if not isinstance(info, dict) or not isinstance(info.get("models"), dict):
            raise Strange(f"{self.url} answers, but is not a MONAI Label server.")
        models = {name: info["models"][name] for name in (HEART, CHEST) if isinstance(info["models"].get(name), dict)}
        if not models:
            raise Strange(f"The server at {self.url} has neither of the models “{HEART}” and “{CHEST}”.")
        if all(model.get("state") == "failed" for model in models.values()):
            reasons = " ".join(dict.fromkeys(str(model.get("reason") or "") for model in models.values())).strip()
            raise Strange(f"The server cannot use its models: {reasons or 'it does not say why.'}")
        return models

    def cases(self, ticket: Ticket) -> list[CaseRow]:
        """The images of the server with their state, by name; then what cannot be used, with the reason."""
        stored = self._ask(Request("GET", "/datastore/", {"output": "all"}, waiting="Listing cases"), ticket).json()
        objects = stored.get("objects") if isinstance(stored, dict) else None
        if not isinstance(objects, dict) or not all(isinstance(entry, dict) for entry in objects.values()):
            raise Strange(f"The list of cases of {self.url} cannot be read.")
        tags = {image: tuple(entry.get("labels") or {}) for image, entry in objects.items()}
        said, refused = self._states(ticket)
        rows = [
            CaseRow(image, *said.get(image, (_state(tags[image]), None)), _submitted(tags[image]), _suffix(entry))
            for image, entry in objects.items()
        ]
        rows += [CaseRow(series, _REFUSED, why_not=why) for series, why in refused.items() if series not in objects]
        return sorted(rows, key=lambda row: row.order)

    def _states(self, ticket: Ticket) -> tuple[dict[str, tuple[str, int | None]], dict[str, str]]:
        """State and number of frames by image, and by series why it is none.

        From a server that keeps them; any other has none to give.
        """
        try:
            said = self._ask(Request("GET", "/radloop/cases", {}, waiting="Listing cases"), ticket).json()
        except Refused:
            return {}, {}
        rows = said.get("cases") if isinstance(said, dict) else said
        others = said.get("others") if isinstance(said, dict) else None  # older servers say none
        try:
            states = {row["image"]: (row["state"], row.get("n_frames")) for row in rows or []}
            return states, {other["series"]: _why(other) for other in others or []}
        except (AttributeError, KeyError, TypeError) as error:
            raise Strange(f"The list of cases of {self.url} cannot be read.") from error

    def image(self, image: str, ticket: Ticket, words: str = "Fetching the cine") -> bytes:
        request = Request(
            "GET", "/datastore/image", {"image": image}, timeout_s=SAVING_S, waiting=words, receiving=words
        )
        return self._ask(request, ticket).body

    def infer(
        self, model: str, where: Mapping[str, str], params: Mapping[str, Any], ticket: Ticket
    ) -> tuple[dict[str, Any], bytes]:
        """What a model says, JSON and NIfTI, of an image (``{"image": id}``) or a session (``{"session_id": id}``)."""
        asked = {"result_extension": ".nii.gz", **params}
        body, content_type = encode({"params": Part(json.dumps(asked).encode())})
        reply = self._ask(
            Request(
                "POST",
                f"/infer/{model}",
                {**where, "output": "all"},
                body,
                content_type,
                timeout_s=THINKING_S,
                waiting="The model is at work",
                receiving="Fetching the answer",
            ),
            ticket,
        )
        fields = _fields(reply)
        files = [part.data for part in fields.values() if part.filename is not None]
        if "params" not in fields or not files:
            raise Strange(_NO_PICTURE)
        try:
            said = json.loads(fields["params"].data)
        except ValueError as error:
            raise Strange("The figures in the server's answer cannot be read.") from error
        if not isinstance(said, dict):
            raise Strange("The figures in the server's answer cannot be read.")
        return said, files[0]

    def label(self, image: str, tag: str, ticket: Ticket) -> bytes:
        query = {"label": image, "tag": tag}
        words = "Fetching the label"
        return self._ask(Request("GET", "/datastore/label", query, waiting=words, receiving=words), ticket).body

    def label_info(self, image: str, tag: str, ticket: Ticket) -> dict[str, Any]:
        query = {"label": image, "tag": tag}
        info = self._ask(Request("GET", "/datastore/label/info", query, waiting="Fetching the label"), ticket).json()
        return info if isinstance(info, dict) else {}

    def open_session(self, filename: str, data: bytes, ticket: Ticket, words: str = "Sending the cine") -> str:
        """Lend the server a picture for a while, for one analysis; it is not added to its cases."""
        reply = self._send("/session/", {}, {"files": Part(data, filename)}, words, ticket).json()
        if not isinstance(reply, dict) or not reply.get("session_id"):
            raise Strange("The server took the picture, but did not say under which name.")
        return str(reply["session_id"])

    def close_session(self, session: str, ticket: Ticket) -> None:
        self._ask(Request("DELETE", f"/session/{quote(session, safe='')}", {}), ticket)

    def add_image(self, image: str, filename: str, data: bytes, ticket: Ticket, words: str) -> str:
        """Add a picture to the server's cases and give the id that it has there."""
        reply = self._send("/datastore/image", {"image": image}, {"file": Part(data, filename)}, words, ticket).json()
        return str(reply.get("image") or image) if isinstance(reply, dict) else image

    def has_image(self, image: str, data: bytes, ticket: Ticket) -> bool:
        """Whether the server's image of that id is this very file."""
        query = {"image": image, "check_sum": "SHA256:" + hashlib.sha256(data).hexdigest()}
        try:
            self._ask(Request("HEAD", "/datastore/image", query), ticket)
        except Refused:
            return False
        return True

    def put_label(
        self, image: str, tag: str, filename: str, data: bytes, info: Mapping[str, Any], ticket: Ticket
    ) -> None:
        form = {"label": Part(data, filename), "params": Part(json.dumps(info).encode())}
        self._send("/datastore/label", {"image": image, "tag": tag}, form, "Submitting", ticket)

    def _send(self, path: str, query: Mapping[str, str], form: Mapping[str, Part], words: str, ticket: Ticket) -> Reply:
        body, content_type = encode(form)
        request = Request(
            "PUT", path, query, body, content_type, timeout_s=SAVING_S, sending=words, waiting=words, receiving=words
        )
        return self._ask(request, ticket)

    def _ask(self, request: Request, ticket: Ticket) -> Reply:
        return exchange(self.url, request, ticket, self._token)


def _fields(reply: Reply) -> dict[str, Part]:
    boundary = reply.parameters.get("boundary")
    if not reply.content_type.startswith("multipart/") or not boundary:
        raise Strange(_NO_PICTURE)
    return decode(reply.body, boundary)


def _submitted(tags: tuple[str, ...]) -> tuple[str, ...]:
    """Tags of labels that people submitted; "original" is MONAI Label's word for a model's own."""
    return tuple(sorted(tag for tag in tags if tag != "original"))


def _suffix(entry: Mapping[str, Any]) -> str:
    image = entry.get("image")
    return str(image.get("ext") or "").lower() if isinstance(image, dict) else ""


def _why(other: Mapping[str, Any]) -> str:
    name = f"{other['description']}: " if other.get("description") else ""
    return f"{name}{other['sentence']}"


def _state(tags: tuple[str, ...]) -> str:
    """For a server that keeps no states: what its labels tell."""
    return "submitted" if _submitted(tags) else "analysed" if tags else "new"
