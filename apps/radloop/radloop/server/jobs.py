"""Jobs: taken from the store's queue one of a kind at a time, each worked on by a process of its own."""

import fcntl
import logging
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from statistics import mean
from typing import Any, BinaryIO

from radloop.refusal import Refusal
from radloop.store import Store
from radloop.store.files import disk_faults_refused, make_folder
from radloop.store.jobs import (
    FOLDER,
    JobRow,
    State,
    add_job,
    job,
    list_jobs,
    move,
    note,
    queue_of,
)
from radloop.workers import Died, GivenUp, Told, Unavailable

log = logging.getLogger(__name__)

NOTED_EVERY_S = 2.0
"""How often progress goes to disk; whoever follows a job is told from memory."""

ALIKE = 5
"""So many of the newest jobs of a kind say how long one takes."""

LAST_LINES = 20

STOPPED_WITHIN_S = 30.0

AGAIN_S = 5.0
"""How long a store that could not be read is left alone."""

Work = Callable[[JobRow, Told, threading.Event], dict[str, Any]]
"""Does a job in a process of its own and returns its result. Told how far it is; gives up when the event is set."""


@dataclass
class _Running:
    id: str
    began: float
    unwanted: threading.Event = field(default_factory=threading.Event)
    cancelled: bool = False
    fraction: float = 0.0
    line: str = ""
    noted: float = 0.0


class Jobs:
    """Every kind of job has its queue and a thread that minds it; a model is trained by one job at a time.

    One server at a time runs the jobs of a data folder. Those that were running when a server ended are
    interrupted when the next one starts, and can be resumed; those that waited wait on.
    """

    def __init__(self, store: Store, works: dict[str, Work], *, before: Callable[[], object]) -> None:
        """``before`` is called before each work, and may take a moment."""
        self._store = store
        self._works = works
        self._before = before
        self._turn = threading.Condition()
        self._closing = False
        self._running: dict[str, _Running] = {}
        self._lock: BinaryIO | None = None
        self._threads: list[threading.Thread] = []

    # -- life of the server -----------------------------------------------------------------------------------------

    def start(self) -> None:
        folder = self._store.data / FOLDER
        make_folder(folder)
        lock = (folder / ".lock").open("ab")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            log.warning("another server runs the jobs of this data folder; this one runs none")
            return
        self._lock = lock
        for lost in list_jobs(self._store, states=frozenset({"running"})):
            self._end(lost, "interrupted", "The server ended while this was running.")
        self._threads = [threading.Thread(target=self._mind, args=(kind,), daemon=True) for kind in self._works]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Running jobs are told to stop, and become interrupted."""
        with self._turn:
            self._closing = True
            for running in self._running.values():
                running.unwanted.set()
            self._turn.notify_all()
        for thread in self._threads:
            thread.join()
        if self._lock is not None:
            self._lock.close()

    # -- what can be asked ------------------------------------------------------------------------------------------

    def add(self, kind: str, model: str, request: dict[str, Any], *, author: str | None, enqueue: bool) -> JobRow:
        """Put a job into the queue. Raises ``Refusal("JOB_RUNNING")``, 429, where one is there and not ``enqueue``."""
        with self._turn:
            self._refuse_elsewhere()
            if not enqueue and (active := self.active(kind)):
                sentence = f"Job {active[0].id} ({kind}) is {active[0].state} already."
                raise Refusal("JOB_RUNNING", sentence, http_status=429)
            added = add_job(self._store, kind, model, request, author)
            self._turn.notify_all()
        log.info("job %s (%s %s) is queued", added.id, kind, model)
        return added

    def active(self, kind: str) -> list[JobRow]:
        """Running and waiting jobs of a kind, the running one first."""
        running = list_jobs(self._store, kind, states=frozenset({"running"}))
        return [self._live(row) for row in running] + queue_of(self._store, kind)

    def counts(self) -> dict[str, int]:
        """Jobs of each kind that wait or run."""
        active = Counter(row.kind for row in list_jobs(self._store, states=frozenset({"queued", "running"})))
        return {kind: active[kind] for kind in self._works}

    def all(self, kind: str | None = None) -> list[JobRow]:
        return [self._live(row) for row in list_jobs(self._store, kind)]

    def one(self, job_id: str) -> JobRow:
        """``NO_SUCH_JOB``, 404, where there is none."""
        return self._live(job(self._store, job_id))

    def cancel(self, job_id: str) -> JobRow:
        """Take a job out of the queue, or stop it and wait until it has stopped."""
        with self._turn:
            job(self._store, job_id)  # or refuse
            running = next((one for one in self._running.values() if one.id == job_id), None)
            if running is None:
                self._refuse_elsewhere()
                return move(self._store, job_id, "cancelled", message="cancelled")
            running.cancelled = True
            running.unwanted.set()
            self._turn.wait_for(lambda: running not in self._running.values(), timeout=STOPPED_WITHIN_S)
        return job(self._store, job_id)

    def resume(self, job_id: str) -> JobRow:
        """Put a job that did not come to its end back into the queue; it goes on from what it kept."""
        with self._turn:
            self._refuse_elsewhere()
            row = move(self._store, job_id, "queued", message="")
            self._turn.notify_all()
        return row

    def wait_of(self, row: JobRow) -> tuple[int | None, float | None]:
        """How many jobs come before one that waits, and the seconds until it begins, where past jobs tell."""
        if row.state != "queued":
            return None, None
        ahead = [one for one in self.active(row.kind) if one.state == "running" or one.queued < row.queued]
        if not ahead:
            return 0, 0.0
        usual = self._usual_s(row.kind)
        left = [self._left_s(one, usual) for one in ahead]
        known = [one for one in left if one is not None]
        return len(ahead), round(sum(known), 1) if len(known) == len(left) else None

    def last_lines(self, row: JobRow) -> list[str]:
        try:
            with row.log.open(errors="replace") as lines:
                return [line.rstrip("\n") for line in deque(lines, LAST_LINES)]
        except FileNotFoundError:
            return []

    def _refuse_elsewhere(self) -> None:
        if self._lock is None:
            raise Refusal("NO_JOBS", "Another server runs the jobs of this data folder.", http_status=503)

    def _usual_s(self, kind: str) -> float | None:
        done = list_jobs(self._store, kind, states=frozenset({"done"}))[-ALIKE:]
        took = [row.seconds for row in done if row.seconds is not None]
        return mean(took) if took else None

    def _left_s(self, row: JobRow, usual_s: float | None) -> float | None:
        running = self._running.get(row.kind)
        if row.state != "running" or running is None:
            return usual_s
        passed = time.monotonic() - running.began
        if running.fraction > 0.05:
            return passed * (1 - running.fraction) / running.fraction
        return None if usual_s is None else max(0.0, usual_s - passed)

    def _live(self, row: JobRow) -> JobRow:
        running = self._running.get(row.kind)
        if row.state != "running" or running is None or running.id != row.id:
            return row
        return replace(row, progress=running.fraction, message=running.line)

    # -- how jobs are done ------------------------------------------------------------------------------------------

    def _mind(self, kind: str) -> None:
        with ThreadPoolExecutor(1, thread_name_prefix=f"radloop {kind}") as doing:
            while (taken := self._next(kind)) is not None:
                row, running = taken
                fault = doing.submit(self._see_through, row, running).exception()
                if fault is not None:
                    log.error("job %s failed", row.id, exc_info=fault)
                    self._end(row, "failed", "This is a fault of the server; its log says more.")
                with self._turn:
                    del self._running[kind]
                    self._turn.notify_all()

    def _next(self, kind: str) -> tuple[JobRow, _Running] | None:
        """Wait for a job and take it; None once the server is stopping."""
        with self._turn:
            while not self._closing:
                try:
                    if waiting := queue_of(self._store, kind):
                        row = move(self._store, waiting[0].id, "running", message="starting")
                        self._running[kind] = running = _Running(row.id, time.monotonic(), line="starting")
                        return row, running
                except Refusal as refusal:  # the disk is full, or the store busy
                    log.error("the queue of jobs cannot be read: %s", refusal.sentence)
                    self._turn.wait(AGAIN_S)
                else:
                    self._turn.wait()
        return None

    def _see_through(self, row: JobRow, running: _Running) -> None:
        def told(fraction: float, line: str) -> None:
            running.fraction, running.line = fraction, line or running.line
            if time.monotonic() - running.noted > NOTED_EVERY_S:
                running.noted = time.monotonic()
                with suppress(Refusal):  # the disk is full: the work may still come to its end
                    note(self._store, row.id, running.fraction, running.line)

        try:
            with disk_faults_refused():
                make_folder(row.folder)
            self._before()
            result = self._works[row.kind](row, told, running.unwanted)
        except GivenUp:
            if running.cancelled:
                self._end(row, "cancelled", "cancelled")
            else:
                self._end(row, "interrupted", "The server was stopped while this was running.")
        except Died:
            self._end(row, "interrupted", "Its process ended before the work was done.")
        except Refusal as refusal:
            self._end(row, "failed", refusal.sentence)
        except (Unavailable, RuntimeError) as fault:
            self._end(row, "failed", str(fault))
        else:
            self._end(row, "done", running.line, progress=1.0, result=result)

    def _end(self, row: JobRow, state: State, message: str, **also: Any) -> None:
        try:
            move(self._store, row.id, state, message=message, **also)
        except Refusal as refusal:  # the disk is full: the next start calls the job interrupted
            log.error("the end of job %s could not be kept: %s", row.id, refusal.sentence)
        log.info("job %s is %s", row.id, state)
