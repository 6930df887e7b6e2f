"""What every route works with."""

import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from fastapi import Depends, Request

from radloop.server.catalogue import Catalogue
from radloop.server.disk import Disk
from radloop.server.jobs import Jobs
from radloop.server.metrics import Metrics
from radloop.server.pictures import Pictures
from radloop.server.sessions import Sessions
from radloop.server.settings import Settings
from radloop.server.training import Training
from radloop.server.versions import Serving
from radloop.server.watch import Watch
from radloop.store import Store
from radloop.workers import Pool


@dataclass(frozen=True)
class Context:
    """``scratch`` is a folder for files that live as long as a request; it is emptied at every start.

    ``stopping`` is set once the server is asked to stop: what goes on until its client has had enough ends then.
    """

    settings: Settings
    catalogue: Catalogue
    pool: Pool
    store: Store
    serving: Serving
    training: Training
    jobs: Jobs
    pictures: Pictures
    watch: Watch
    sessions: Sessions
    scratch: Path
    disk: Disk
    metrics: Metrics
    stopping: threading.Event = field(default_factory=threading.Event)


def _of(request: Request) -> Context:
    context: Context = request.app.state.context
    return context


Here = Annotated[Context, Depends(_of)]
