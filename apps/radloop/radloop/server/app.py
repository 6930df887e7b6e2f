"""The application: MONAI Label's routes that are safe to offer, and nothing else."""

import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from anyio import to_thread
from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware

from radloop import __version__, places
from radloop.server import (
    chest_panel,
    datastore,
    dicomweb,
    health,
    inference,
    info,
    jobs_routes,
    login,
    logs,
    metrics_routes,
    panel,
    sampling,
    session_routes,
    tasks_routes,
    versions_routes,
    viewer,
)
from radloop.server.access import Access, Doorkeeper
from radloop.server.batch import Batch
from radloop.server.catalogue import Catalogue
from radloop.server.context import Context
from radloop.server.desk import HeartDesk
from radloop.server.disk import Disk
from radloop.server.drafts import Drafts
from radloop.server.guard import Guard
from radloop.server.jobs import Jobs
from radloop.server.metrics import Metrics
from radloop.server.openapi import tell_roles
from radloop.server.patience import Patience
from radloop.server.pictures import Pictures
from radloop.server.problems import answer_problems, told
from radloop.server.recorder import Recorder
from radloop.server.sessions import Sessions
from radloop.server.settings import Settings
from radloop.server.stock_boundary import StockBoundary
from radloop.server.training import Training
from radloop.server.versions import Serving
from radloop.server.watch import Watch
from radloop.store import Store
from radloop.store.audit import Audit
from radloop.store.files import own_folder
from radloop.store.tokens import Tokens
from radloop.workers import Pool

LOOK_AT_FOLDER_S, LOOK_AT_SERVER_S = 2.0, 60.0
"""How old what is known of the archive may be when images are listed."""

BEHIND = 5
"""Jobs stand back behind requests, which somebody waits for."""

PROBLEMS = {
    400: "The request cannot be understood, or asks for what no client may",
    401: "A token is needed",
    403: "The token's role may not do this, or the page is of another origin",
    404: "There is no such thing",
    413: "Too large",
    422: "The file or a value cannot be used",
    503: "Not now; Retry-After says when to come back",
    507: "The disk is full: nothing was kept",
}


def create_app(settings: Settings, *, catalogue: Catalogue, pool: Pool) -> FastAPI:
    """The server's application around a pool that was started; closing the pool is the caller's."""
    data = places.data(settings.home)
    own_folder(data)
    scratch = data / "scratch"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    tempfile.tempdir = str(scratch)  # uploads on their way, too: one disk to watch, and nothing is left behind

    store = Store(data, settings.studies_folder)
    pictures = Pictures(store, settings.archive)
    disk = Disk(data, settings.disk_reserve_mb << 20)
    door = Doorkeeper(Tokens(store.database) if settings.asks_for_tokens else None)
    counts = Metrics()
    logs.keep_log(data)
    serving = Serving(store, pool, catalogue, places.bundles())
    nice = min(19, settings.niceness + BEHIND)
    training, batch = Training(pictures, catalogue, places.bundles(), nice), Batch(pictures, nice)
    jobs = Jobs(
        store,
        {"train": training.work, "batch_infer": batch.infer, "scoring": batch.score},
        before=pictures.open,
    )
    watch = Watch(pictures, every_s=LOOK_AT_FOLDER_S if settings.studies_folder else LOOK_AT_SERVER_S)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        # A request of the panel's keeps its thread while it waits for a worker; the others go on all the same.
        to_thread.current_default_thread_limiter().total_tokens += settings.queue + settings.workers
        watch.start()
        yield
        watch.stop()
        store.close()
        shutil.rmtree(scratch, ignore_errors=True)

    app = FastAPI(
        title="radloop",
        version=__version__,
        description="Research use only; not a medical device.",
        docs_url=None,  # the pages would load their scripts from elsewhere
        redoc_url=None,
        lifespan=lifespan,
        responses=told(PROBLEMS),
    )
    context = app.state.context = Context(
        settings=settings,
        catalogue=catalogue,
        pool=pool,
        store=store,
        serving=serving,
        training=training,
        jobs=jobs,
        pictures=pictures,
        watch=watch,
        sessions=Sessions(data / "sessions", settings.session_expiry_s),
        scratch=scratch,
        disk=disk,
        metrics=counts,
    )
    tls = settings.speaks_tls or settings.behind_proxy
    # The last one is the outermost.
    app.add_middleware(Patience, pictures=pictures)
    app.add_middleware(Access, door=door, disk=disk)
    app.add_middleware(Recorder, audit=Audit(store.database), metrics=counts, disk=disk)
    app.add_middleware(StockBoundary)
    if settings.origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.origins,
            allow_methods=["GET", "HEAD", "POST", "PUT", "DELETE"],
            allow_headers=["Authorization", "Content-Type"],
        )
    app.add_middleware(
        Guard,
        body_limit=settings.upload_limit_mb << 20,
        hosts=settings.names,
        origins=settings.origins,
        tls=tls,
    )
    answer_problems(app)
    app.include_router(login.router(door, secure=tls))
    for routes in (info, inference, datastore, session_routes, sampling, health, metrics_routes):
        app.include_router(routes.router)
    for routes in (tasks_routes, jobs_routes, versions_routes, logs):
        app.include_router(routes.router)
    _for_ohif(app, context, data)
    tell_roles(app)
    return app


def _for_ohif(app: FastAPI, context: Context, data: Path) -> None:
    """The viewer, the archive that it reads, and its panels' own words."""
    app.include_router(dicomweb.router(context.pictures.open))
    app.include_router(panel.router(HeartDesk(context), Drafts(data / "drafts")))
    app.include_router(chest_panel.router)
    app.include_router(viewer.router(data, places.plugins() / "ohif-radloop" / "dist"))
