"""One process and the pipe to it, seen from the server."""

import multiprocessing
import threading
import time
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any

from radloop.workers.process import run

OPENING_S = 120.0
"""A service that has not opened by then never will."""


class Unavailable(Exception):
    """No answer for this request: no worker could be opened, it died twice, or time ran out."""


class Died(Exception):
    """The process went away with a request in hand."""


class Worker:
    """A process that opens ``opener`` with ``options``; what it prints goes to ``log`` where one is given."""

    def __init__(self, opener: str, options: dict[str, Any], niceness: int, log: Path | None = None) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe: Connection
        self.pipe, theirs = context.Pipe()
        self.process: SpawnProcess = context.Process(
            target=run,
            args=(theirs, opener, options, niceness, None if log is None else str(log)),
            name="radloop worker",
            daemon=True,
        )
        self.process.start()
        theirs.close()

    def opened(self, closing: threading.Event) -> dict[str, Any]:
        """Wait for the service to open and return its facts; raises ``Unavailable`` where it does not."""
        deadline = time.monotonic() + OPENING_S
        try:
            while not self.pipe.poll(0.25):
                if closing.is_set() or time.monotonic() > deadline:
                    raise Unavailable(f"The worker did not open within {OPENING_S:.0f} s.")
            kind, content = self.pipe.recv()
        except (EOFError, OSError) as gone:
            raise Unavailable("The worker process ended before it was ready.") from gone
        if kind != "opened":
            raise Unavailable(content)
        facts: dict[str, Any] = content
        return facts

    def alive(self) -> bool:
        return self.process.is_alive()

    def end(self) -> None:
        self.process.kill()
        self.process.join()
        self.pipe.close()
