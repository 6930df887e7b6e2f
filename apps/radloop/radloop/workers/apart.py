"""A process of its own for one job, which may take hours: followed, given up, and gone when the server goes."""

import itertools
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from radloop.refusal import Refusal
from radloop.workers.worker import Died, Unavailable, Worker

LET_GO_S = 5.0
"""A process that was told to stop and has not by then is ended."""

Told = Callable[[float, str], None]
"""Told the fraction done, 0 to 1, and a line for people."""


class GivenUp(Exception):
    """The job was not wanted any more."""


class Apart:
    """A process that opens ``opener`` with ``options`` and answers one question after the other.

    ``unwanted`` gives everything up that is asked. What the process prints is added to ``log``.
    """

    def __init__(
        self, opener: str, options: dict[str, Any], *, niceness: int, log: Path, unwanted: threading.Event
    ) -> None:
        self._worker = Worker(opener, options, niceness, log)
        self._unwanted = unwanted
        self._numbers = itertools.count(1)
        self._is_open = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        self._worker.end()

    def ask(self, what: str, arguments: dict[str, Any], told: Told) -> dict[str, Any]:
        """The answer. Raises ``Refusal`` as the service does, ``GivenUp``, ``Died``, ``Unavailable`` where the
        service cannot be opened, and ``RuntimeError`` with a sentence where it failed."""
        if not self._is_open:
            try:
                self._worker.opened(self._unwanted)
            except Unavailable:
                if self._unwanted.is_set():
                    raise GivenUp from None
                raise
            self._is_open = True
        try:
            return self._followed(next(self._numbers), what, arguments, told)
        except (EOFError, OSError) as gone:
            raise Died from gone

    def _followed(self, number: int, what: str, arguments: dict[str, Any], told: Told) -> dict[str, Any]:
        pipe = self._worker.pipe
        pipe.send(("do", number, what, arguments))
        given_up: float | None = None
        while True:
            if pipe.poll(0.1):
                kind, _, *content = pipe.recv()
                if kind == "progress":
                    told(*content)
                elif kind == "done":
                    result: dict[str, Any] = content[0]
                    return result
                elif kind == "refused":
                    code, sentence, http_status = content
                    raise Refusal(code, sentence, http_status=http_status)
                elif kind == "cancelled":
                    raise GivenUp
                else:
                    raise RuntimeError(content[0])
            now = time.monotonic()
            if given_up is None and self._unwanted.is_set():
                given_up = now
                pipe.send(("cancel", number))
            if given_up is not None and now > given_up + LET_GO_S:
                raise GivenUp
