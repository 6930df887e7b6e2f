"""What goes on between a person and a server, whichever model is asked; one thing at a time. No Qt, no nodes."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from . import client
from .client import CHEST, HEART, CaseRow, Fault, Job, Server, Ticket

_CALLED = {HEART: "heart model", CHEST: "chest X-ray model"}


class Errands:
    """Connect to a server, list its images, run one job after the other. ``poll`` takes up what came of them.

    message : the last thing worth saying; is_fault : whether it is bad news.
    models : what the server said of each model that it has, by name.
    changed : called when any of this is new.
    """

    def __init__(self) -> None:
        self.server: Server | None = None
        self.models: dict[str, dict[str, Any]] = {}
        self.cases: list[CaseRow] = []
        self.message = ""
        self.is_fault = False
        self.changed: Callable[[], None] = lambda: None
        self._job: Job[Any] | None = None
        self._then: Callable[[Any], None] = lambda _: None

    # The job at hand

    @property
    def busy(self) -> bool:
        return self._job is not None

    @property
    def ticket(self) -> Ticket | None:
        return self._job.ticket if self._job else None

    def poll(self) -> None:
        """Take up the job's result if it is there. Call often, on the main thread."""
        job, then = self._job, self._then
        if job is None or not job.done:
            return
        self._job = None
        try:
            then(job.result())
        except (Fault, ValueError) as fault:
            self.say(str(fault), is_fault=not isinstance(fault, client.Cancelled))
        self.changed()

    def cancel(self) -> None:
        """Stop the job. What comes of it later is thrown away; the scene stays as it is."""
        if self._job:
            self._job.cancel()
            self._job = None
            self.say("Cancelled.")

    def say(self, message: str, *, is_fault: bool = False) -> None:
        self.message, self.is_fault = message, is_fault
        self.changed()

    def check_free(self) -> None:
        if self._job is not None:
            raise ValueError("Something is under way; wait for it or cancel it.")

    def start(self, work: Callable[[Ticket], Any], then: Callable[[Any], None]) -> None:
        """``work`` in a thread of its own; ``then`` with what it returned, on the main thread."""
        self.check_free()
        self.message, self.is_fault = "", False
        self._job, self._then = Job(work), then
        self.changed()

    def forget(self) -> None:
        """The scene was closed, or the panel goes away."""
        if self._job:
            self._job.cancel()
        self._job = None
        self.message, self.is_fault = "", False

    # The server

    def connect(self, typed: str, token: str = "") -> None:
        """Raises Strange when what was typed is no address, or no token."""
        server = Server(typed, token)

        def work(ticket: Ticket) -> tuple[dict[str, dict[str, Any]], list[CaseRow]]:
            return server.models(ticket), server.cases(ticket)

        def then(result: tuple[dict[str, dict[str, Any]], list[CaseRow]]) -> None:
            self.models, self.cases = result
            self.server = server
            words = ", ".join(_model_words(name, model) for name, model in self.models.items())
            self.say(f"Connected to {server.url}: {words}.{self._refused_words()}")

        self.start(work, then)

    def why_not(self, model: str) -> str:
        """Why a model cannot be asked, or nothing."""
        if self.server is None:
            return "Connect to a server first."
        return "" if model in self.models else f"The server has no model “{model}”."

    def connected(self, model: str) -> Server:
        """The server, with that model. Raises ValueError with a sentence."""
        if self.server is None or model not in self.models:
            raise ValueError(self.why_not(model))
        return self.server

    def _refused_words(self) -> str:
        n = sum(bool(row.why_not) for row in self.cases)
        if n == 0 or HEART not in self.models:
            return ""
        return f" {n} {'study' if n == 1 else 'studies'} cannot be used: the list of hearts says why."

    def note_state(self, image: str, state: str, *labels: str, n_frames: int | None = None) -> None:
        rows = {row.image: row for row in self.cases}
        row = replace(rows.get(image) or CaseRow(image, state, n_frames), why_not="")
        if state == "analysed" and row.labels:  # what a person said outlasts what a model says
            return
        rows[image] = replace(row, state=state, labels=tuple(sorted({*row.labels, *labels})))
        self.cases = sorted(rows.values(), key=lambda row: row.order)


def image_name(name: str, otherwise: str = "cine") -> str:
    """A node's name as an id that every file system and server takes."""
    return re.sub(r"[^A-Za-z0-9._-]+", "_", name).strip("._") or otherwise


def _model_words(name: str, model: dict[str, Any]) -> str:
    version = f" {model['version']}" if model.get("version") else ""
    state = model.get("state")
    if state == "failed":
        return f"its {_CALLED[name]} cannot be used ({model.get('reason') or 'it does not say why'})"
    return f"{_CALLED[name]}{version}" + (" (still loading)" if state == "loading" else "")
