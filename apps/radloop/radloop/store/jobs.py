"""Jobs: work that outlives a request, a row each."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import Connection, RowMapping, Select, func, select

from radloop.refusal import Refusal
from radloop.store.names import stamp, when
from radloop.store.store import Store
from radloop.store.tables import jobs

FOLDER = "jobs"

State = Literal["queued", "running", "done", "failed", "cancelled", "interrupted"]

MOVES: dict[State, frozenset[State]] = {
    "queued": frozenset({"running", "cancelled"}),
    "running": frozenset({"done", "failed", "cancelled", "interrupted"}),
    # Resumed: a job goes on from the last thing it kept.
    "interrupted": frozenset({"queued"}),
    "failed": frozenset({"queued"}),
    "cancelled": frozenset({"queued"}),
    "done": frozenset(),
}
ENDED: frozenset[State] = frozenset({"done", "failed", "cancelled", "interrupted"})


@dataclass(frozen=True)
class JobRow:
    """A job. ``progress`` 0 to 1; ``folder`` holds its log and whatever it keeps while it works."""

    id: str
    kind: str
    model: str | None
    state: State
    progress: float
    message: str
    request: dict[str, Any]
    result: dict[str, Any] | None
    author: str | None
    created: str
    queued: str
    started: str | None
    ended: str | None
    folder: Path

    @property
    def log(self) -> Path:
        return self.folder / "log.txt"

    @property
    def seconds(self) -> float | None:
        """How long it ran, once it has ended."""
        if self.started is None or self.ended is None:
            return None
        return (datetime.fromisoformat(self.ended) - datetime.fromisoformat(self.started)).total_seconds()


def add_job(store: Store, kind: str, model: str | None, request: dict[str, Any], author: str | None) -> JobRow:
    """Put a job at the end of its kind's queue."""
    with store.database.writing() as connection:
        at = stamp(_newest(connection))
        row = {
            "id": at,
            "kind": kind,
            "model": model,
            "state": "queued",
            "progress": 0.0,
            "message": "",
            "request": request,
            "result": None,
            "author": author,
            "created": when(at),
            "queued": at,
            "started": None,
            "ended": None,
        }
        connection.execute(jobs.insert(), row)
    return job(store, at)


def job(store: Store, job_id: str) -> JobRow:
    """One job; ``NO_SUCH_JOB`` where there is none of that id."""
    with store.database.reading() as connection:
        row = _one(connection, job_id)
    return _row(store.data, row)


def list_jobs(store: Store, kind: str | None = None, *, states: frozenset[State] | None = None) -> list[JobRow]:
    """Jobs in the order in which they were asked for."""
    query: Select[Any] = select(jobs).order_by(jobs.c.id)
    query = query if kind is None else query.where(jobs.c.kind == kind)
    query = query if states is None else query.where(jobs.c.state.in_(states))
    with store.database.reading() as connection:
        return [_row(store.data, row) for row in connection.execute(query).mappings()]


def queue_of(store: Store, kind: str) -> list[JobRow]:
    """The jobs of a kind that wait, the next one first."""
    return sorted(list_jobs(store, kind, states=frozenset({"queued"})), key=lambda one: one.queued)


def move(store: Store, job_id: str, to: State, **also: Any) -> JobRow:
    """Take a job into another state. ``WRONG_STATE`` where it cannot go there from where it is.

    ``also``: ``progress``, ``message``, ``result``. Times are set by the move itself.
    """
    with store.database.writing() as connection:
        row = _one(connection, job_id)
        state: State = row["state"]
        if to not in MOVES[state]:
            raise Refusal("WRONG_STATE", f"Job {job_id} is {state}: it cannot become {to}.", http_status=409)
        at = stamp(_newest(connection))
        if to == "queued":
            also |= {"queued": at, "ended": None, "result": None}
        elif to == "running":
            also |= {"started": when(at)}
        else:
            also |= {"ended": when(at)}
        connection.execute(jobs.update().where(jobs.c.id == job_id).values(state=to, **also))
    return job(store, job_id)


def note(store: Store, job_id: str, progress: float, message: str) -> None:
    """How far a running job is."""
    with store.database.writing() as connection:
        query = jobs.update().where(jobs.c.id == job_id, jobs.c.state == "running")
        connection.execute(query.values(progress=progress, message=message))


def _one(connection: Connection, job_id: str) -> RowMapping:
    row = connection.execute(select(jobs).where(jobs.c.id == job_id)).mappings().first()
    if row is None:
        raise Refusal("NO_SUCH_JOB", f"There is no job {job_id[:64]!r}.", http_status=404)
    return row


def _newest(connection: Connection) -> str | None:
    newest: str | None = connection.execute(select(func.max(jobs.c.queued))).scalar()
    return newest


def _row(data: Path, row: RowMapping) -> JobRow:
    return JobRow(**row, folder=data / FOLDER / row["id"])
