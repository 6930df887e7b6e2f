"""The pool, seen from the server: submit, follow, cancel. One thread of the server minds each process."""

import itertools
import threading
import time
from collections import deque
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

from radloop.refusal import Refusal
from radloop.workers.worker import Died, Unavailable, Worker

GRACE_S = 5.0
"""A cancelled request that has not let go by then is ended with its process."""


STOPPING = "The server is stopping."


class Busy(Exception):
    """The queue is full; ``retry_after_s`` is how long it would take at the present pace."""

    def __init__(self, retry_after_s: float) -> None:
        super().__init__("all workers are busy and the queue is full")
        self.retry_after_s = retry_after_s


class Job:
    """One request: ``future`` brings its result, ``fraction`` says how far it is, ``cancel()`` gives it up."""

    def __init__(self, number: int, what: str, arguments: dict[str, Any], time_limit_s: float) -> None:
        self.number = number
        self.what = what
        self.arguments = arguments
        self.time_limit_s = time_limit_s
        self.fraction = 0.0
        self.future: Future[dict[str, Any]] = Future()
        self.unwanted = threading.Event()

    def cancel(self) -> None:
        """Take it out of the queue, or have its worker drop it; ``future`` then counts as cancelled or fails."""
        self.unwanted.set()
        self.future.cancel()


class Pool:
    """``count`` processes that each open ``opener`` (``package.module:function``) with ``options``.

    ``facts`` is what the newest process said when it opened, ``fault`` why the last one could not.
    """

    def __init__(
        self, opener: str, options: dict[str, Any], *, count: int = 1, waiting_limit: int = 16, niceness: int = 5
    ) -> None:
        self._making = (opener, options, niceness)
        self._waiting: deque[Job] = deque()
        self._waiting_limit = waiting_limit
        self._turn = threading.Condition()
        self._numbers = itertools.count(1)
        self._closing = threading.Event()
        self._mean_s = 5.0
        self._count = count
        self._running = 0
        self._ready = 0
        self._state = threading.Lock()
        self.facts: dict[str, Any] | None = None
        self.fault: str | None = None
        self._threads = [threading.Thread(target=self._mind, name="radloop pool", daemon=True) for _ in range(count)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def submit(self, what: str, arguments: dict[str, Any], *, time_limit_s: float) -> Job:
        """Queue a request of plain data; raises ``Busy`` where the queue is full."""
        job = Job(next(self._numbers), what, arguments, time_limit_s)
        with self._turn:
            if len(self._waiting) >= self._waiting_limit:
                raise Busy(self._mean_s * (len(self._waiting) + 1) / self._count)
            self._waiting.append(job)
            self._turn.notify()
        # Whoever gives up gives his place to others, who would be told that the queue is full.
        job.future.add_done_callback(lambda _: self._leave(job))
        return job

    def counts(self) -> tuple[int, int, int]:
        """Requests waiting, requests running, workers that are open."""
        return len(self._waiting), self._running, self._ready

    def expected_wait_s(self) -> float:
        """Until a request that comes now begins, from how long the last ones took."""
        busy = self._running >= self._count
        return round(self._mean_s * (len(self._waiting) + busy) / self._count, 1)

    def close(self) -> None:
        """End the processes; requests that run or wait become ``Unavailable``."""
        self._closing.set()
        for thread in self._threads:
            thread.join()
        while job := self._next():
            if job.future.set_running_or_notify_cancel():
                job.future.set_exception(Unavailable(STOPPING))

    def _next(self, wait_s: float = 0.0) -> Job | None:
        with self._turn:
            self._turn.wait_for(lambda: self._waiting, wait_s)
            return self._waiting.popleft() if self._waiting else None

    def _leave(self, job: Job) -> None:
        with self._turn, suppress(ValueError):  # it was taken before
            self._waiting.remove(job)

    def _mind(self) -> None:
        worker = self._open()
        while not self._closing.is_set():
            job = self._next(wait_s=0.25)
            if worker and not worker.alive():
                worker = self._open(instead_of=worker)
            if job and job.future.set_running_or_notify_cancel():
                worker = self._see_through(job, worker)
        if worker:
            worker.end()

    def _open(self, instead_of: Worker | None = None) -> Worker | None:
        if instead_of:
            instead_of.end()
            self._count_ready(-1)
        worker = Worker(*self._making)
        try:
            self.facts = worker.opened(self._closing)
        except Unavailable as fault:
            self.fault = str(fault)
            worker.end()
            return None
        self.fault = None
        self._count_ready(1)
        return worker

    def _count_ready(self, change: int) -> None:
        with self._state:
            self._ready += change

    def _see_through(self, job: Job, worker: Worker | None) -> Worker | None:
        """Bring the job to its end, opening a worker where there is none and once more where it dies."""
        with self._state:
            self._running += 1
        started = time.monotonic()
        try:
            for _ in range(2):
                worker = worker or self._open()
                if worker is None:
                    job.future.set_exception(Unavailable(self.fault or "No worker could be started."))
                    return None
                try:
                    self._ask(worker, job)
                except Died:
                    worker = self._open(instead_of=worker)
                    if not job.unwanted.is_set():
                        continue
                return worker
            job.future.set_exception(Unavailable("The worker process ended twice while it worked on this request."))
            return worker
        finally:
            with self._state:
                self._running -= 1
                self._mean_s += 0.2 * (time.monotonic() - started - self._mean_s)

    def _ask(self, worker: Worker, job: Job) -> None:
        deadline = time.monotonic() + job.time_limit_s
        given_up: float | None = None
        try:
            worker.pipe.send(("do", job.number, job.what, job.arguments))
            while True:
                if worker.pipe.poll(0.05):
                    message = worker.pipe.recv()
                    if message[0] != "progress":
                        return self._settle(job, message)
                    job.fraction = message[2]
                now = time.monotonic()
                if given_up is None and (job.unwanted.is_set() or now > deadline or self._closing.is_set()):
                    given_up = now
                    worker.pipe.send(("cancel", job.number))
                if given_up is not None and (self._closing.is_set() or now > given_up + GRACE_S):
                    job.future.set_exception(self._given_up(job))
                    job.unwanted.set()
                    raise Died
        except (EOFError, OSError) as gone:
            raise Died from gone

    def _settle(self, job: Job, message: tuple[Any, ...]) -> None:
        kind, _, *content = message
        if kind == "done":
            job.future.set_result(content[0])
        elif kind == "refused":
            code, sentence, http_status = content
            job.future.set_exception(Refusal(code, sentence, http_status=http_status))
        elif kind == "cancelled":
            job.future.set_exception(self._given_up(job))
        else:
            job.future.set_exception(RuntimeError(content[0]))

    def _given_up(self, job: Job) -> Unavailable:
        if self._closing.is_set():
            return Unavailable(STOPPING)
        if job.unwanted.is_set():
            return Unavailable("The request was given up, as nobody waits for it.")
        return Unavailable(f"The request was given up at its time limit of {job.time_limit_s:g} s.")
