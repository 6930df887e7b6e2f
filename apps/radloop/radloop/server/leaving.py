"""Clients that leave before their answer comes: what a worker does for them, or would have done, is given up."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import CancelledError
from typing import Annotated, Any

from fastapi import Depends, Request

from radloop.server.deeds import Deed, current
from radloop.workers import Job, Unavailable

LEFT = "The client has left."


async def disconnected(request: Request) -> None:
    """Returns once the client has left; for requests whose body has been read."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _watched(request: Request) -> AsyncIterator[None]:
    watching = asyncio.create_task(_watch(request, current()))
    yield
    watching.cancel()


async def _watch(request: Request, deed: Deed) -> None:
    await disconnected(request)
    deed.left = True
    if deed.job is not None:
        deed.job.cancel()


Watched = Annotated[None, Depends(_watched)]
"""For routes that are plain functions and wait for a worker by ``awaited``."""


def awaited(job: Job) -> dict[str, Any]:
    """The job's result, waited for in a request's own thread. Raises ``Unavailable`` where the client leaves first."""
    deed = current()
    deed.job = job
    if deed.left:
        job.cancel()
    try:
        return job.future.result()
    except CancelledError:
        raise Unavailable(LEFT) from None
