"""``/info/``: what there is, as clients of MONAI Label ask first."""

from fastapi import APIRouter

from radloop import __version__
from radloop.answers.jobs import TrainParams
from radloop.answers.service import DatastoreSummary, Info, Method, Queue
from radloop.server.context import Here
from radloop.server.sampling import STRATEGIES
from radloop.server.tasks_routes import SCORING

router = APIRouter(tags=["Info"])

TRAINER = "Learns from reviewed labels, from the served version on; the new version is not published."
TRAIN_CONFIG = TrainParams().model_dump(exclude_none=True)


@router.get("/info/")
def info(here: Here) -> Info:
    """Models, strategies, how many images and labels there are, and how long the queue is."""
    here.watch.look(wait=False)
    facts = here.serving.facts()
    models = here.catalogue.with_states(facts, here.pool.fault)
    waiting, running, ready = here.pool.counts()
    return Info(
        name="radloop",
        description="Cine MR of the heart and chest X-rays: what is seen, and what follows from it. Research use only.",
        version=__version__,
        # What clients make segments of: structures, no classes.
        labels=list(dict.fromkeys(label for m in models.values() if m.type == "segmentation" for label in m.labels)),
        models=models,
        strategies=STRATEGIES,
        trainers={name: Method(description=TRAINER, config=TRAIN_CONFIG) for name in here.training.models},
        scoring={name: Method(description=text) for name, text in SCORING.items()},
        train_stats=facts["metrics"] if facts else {},
        datastore=DatastoreSummary.model_validate(here.store.summary()),
        queue=Queue(waiting=waiting, running=running, workers_ready=ready, expected_wait_s=here.pool.expected_wait_s()),
        jobs=here.jobs.counts(),
    )
