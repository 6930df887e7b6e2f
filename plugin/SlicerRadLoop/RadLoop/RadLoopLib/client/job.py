"""One piece of work in a thread of its own, watched by polling.

Nodes and widgets belong to the main thread, so a job hands back plain data, and the main thread fetches it from a
timer. A spinning ``processEvents()`` would keep Python's lock and starve the job.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

from .faults import Cancelled

Result = TypeVar("Result")


class Ticket:
    """What a job and its watcher share: the wish to stop, and how far it has come."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._cancelled = False
        self._interrupt: Callable[[], None] | None = None
        self.text = ""
        self.fraction: float | None = None

    def say(self, text: str, fraction: float | None = None) -> None:
        """Where the job is; ``fraction`` 0 to 1, or None where nobody can know."""
        self.text, self.fraction = text, fraction

    def on_cancel(self, interrupt: Callable[[], None] | None) -> None:
        """What wakes the job while it waits for something outside, until the next call.

        Raises Cancelled when it is too late already.
        """
        with self._lock:
            self._interrupt = interrupt
        self.check()

    def check(self) -> None:
        if self._cancelled:
            raise Cancelled("Cancelled.")

    @property
    def cancelled(self) -> bool:
        return self._cancelled

    def cancel(self) -> None:
        with self._lock:
            self._cancelled = True
            interrupt = self._interrupt
        if interrupt:
            interrupt()


class Job(Generic[Result]):
    """``work(ticket)`` in a thread. ``result()`` gives what it returned or raises what it raised."""

    def __init__(self, work: Callable[[Ticket], Result]) -> None:
        self.ticket = Ticket()
        thread = ThreadPoolExecutor(1, thread_name_prefix="RadLoop")
        self._future: Future[Result] = thread.submit(work, self.ticket)
        thread.shutdown(wait=False)

    @property
    def done(self) -> bool:
        return self._future.done()

    def cancel(self) -> None:
        self.ticket.cancel()

    def result(self) -> Result:
        """Raises Cancelled after ``cancel``, also when an answer came too late to be stopped."""
        self.ticket.check()
        return self._future.result()
