"""``/radloop/jobs``: every job, its log, its progress as it happens, and what can be done with it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, FastAPI, Query, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent
from starlette.concurrency import run_in_threadpool

from radloop.answers.jobs import Jobs as JobsView
from radloop.answers.jobs import JobView
from radloop.answers.service import Problem
from radloop.server.context import Context, Here
from radloop.server.openapi import TEXT
from radloop.store.jobs import ENDED, JobRow

LOOK_S = 0.5
"""How often a follower is told of progress, at most."""

LOG_LIMIT = 1 << 20


@asynccontextmanager
async def _life(app: FastAPI) -> AsyncIterator[None]:
    here: Context = app.state.context
    await run_in_threadpool(here.jobs.start)
    yield
    await run_in_threadpool(here.jobs.stop)


router = APIRouter(
    prefix="/radloop/jobs",
    tags=["Jobs"],
    lifespan=_life,
    responses={
        409: {"model": Problem, "description": "Not in the present state"},
        503: {"model": Problem, "description": "Not by this server, or not now"},
    },
)

Kind = Annotated[Literal["train", "batch_infer", "scoring"] | None, Query()]


@router.get("")
def list_all(here: Here, kind: Kind = None) -> JobsView:
    """Every job, the newest first."""
    return JobsView(jobs=[view(here, row) for row in reversed(here.jobs.all(kind))])


@router.get("/{job}")
def one(here: Here, job: str) -> JobView:
    return view(here, here.jobs.one(job))


@router.get("/{job}/log", response_class=Response, responses={200: {"content": {"text/plain": TEXT}}})
def log(here: Here, job: str) -> Response:
    """What the job's process wrote; of a long one the end."""
    file = here.jobs.one(job).log
    if not file.is_file():
        return Response("", media_type="text/plain; charset=utf-8")
    with file.open("rb") as lines:
        lines.seek(max(0, file.stat().st_size - LOG_LIMIT))
        return Response(lines.read(), media_type="text/plain; charset=utf-8")


async def _known(here: Here, job: str) -> JobRow:
    """Before the answer begins: after that no status can be told any more."""
    return await run_in_threadpool(here.jobs.one, job)


@router.get("/{job}/events", response_class=EventSourceResponse)
async def events(here: Here, row: Annotated[JobRow, Depends(_known)]) -> AsyncIterator[ServerSentEvent]:
    """Server-sent events: ``job`` with the job whenever it has changed, until it has ended or the server stops."""
    told: dict[str, Any] = {}
    while True:
        now = await run_in_threadpool(view, here, row)
        if now.model_dump() != told:
            told = now.model_dump()
            yield ServerSentEvent(event="job", data=now)
        if now.state in ENDED or here.stopping.is_set():
            return
        await asyncio.sleep(LOOK_S)
        row = await run_in_threadpool(here.jobs.one, row.id)


@router.post("/{job}/cancel")
def cancel(here: Here, job: str) -> JobView:
    """Take it out of the queue, or stop it; what it has kept stays, and it can be resumed."""
    return view(here, here.jobs.cancel(job))


@router.post("/{job}/resume")
def resume(here: Here, job: str) -> JobView:
    """Queue a job that was interrupted, cancelled or failed once more; it goes on from what it kept."""
    return view(here, here.jobs.resume(job))


def view(here: Context, row: JobRow) -> JobView:
    place, wait = here.jobs.wait_of(row)
    said = {name: getattr(row, name) for name in JobView.model_fields if name not in ("place", "expected_wait_s")}
    return JobView(**said, place=place, expected_wait_s=wait)
