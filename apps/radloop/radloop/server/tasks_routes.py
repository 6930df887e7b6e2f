"""``/train/``, ``/batch/infer`` and ``/scoring/``: jobs, asked for and told of as MONAI Label's clients do."""

from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar

from fastapi import APIRouter, Body, Query
from pydantic import BaseModel, ValidationError

from radloop.answers.jobs import BatchParams, ScoreParams, Task, TrainParams
from radloop.answers.service import Problem
from radloop.refusal import Refusal
from radloop.server.batch import Images
from radloop.server.context import Context, Here
from radloop.server.deeds import author, current
from radloop.store.jobs import JobRow, State
from radloop.store.names import checked_tag

router = APIRouter(
    responses={
        409: {"model": Problem, "description": "Not in the present state"},
        429: {"model": Problem, "description": "One is there already; Retry-After says when to come back"},
        503: {"model": Problem, "description": "Not by this server, or not now"},
    }
)

STATUS: dict[State, Literal["SUBMITTED", "RUNNING", "DONE", "ERROR", "STOPPED", "INTERRUPTED"]] = {
    "queued": "SUBMITTED",
    "running": "RUNNING",
    "done": "DONE",
    "failed": "ERROR",
    "cancelled": "STOPPED",
    "interrupted": "INTERRUPTED",
}
SCORING = {"dice": "Dice of the model's label (tag original) against the submitted one (tag final)"}

Asked = TypeVar("Asked", bound=BaseModel)

Params = Annotated[dict[str, Any] | None, Body()]
Sync = Annotated[bool, Query(description="not offered: jobs are followed by GET")]
OnlyRunning = Annotated[bool, Query(description="404 unless one waits or runs")]
All = Annotated[bool, Query(description="every task instead of the newest")]


@router.get("/train/", tags=["Train"])
def train_status(here: Here, all: All = False, check_if_running: OnlyRunning = False) -> Task | list[Task]:
    """The newest training; 404 where there was none yet."""
    return _status(here, "train", all, check_if_running)


@router.post("/train/", tags=["Train"])
def train_all(here: Here, params: Params = None, run_sync: Sync = False) -> dict[str, Any]:
    """Train every model that can be; ``params`` by model."""
    _refuse_sync(run_sync)
    answer = {}
    for model in here.training.models:
        asked = (params or {}).get(model, params)
        answer[model] = {
            "result": _train(here, model, asked if isinstance(asked, dict) else None, True),
            "detail": None,
        }
    return answer


@router.post("/train/{model}", tags=["Train"])
def train(here: Here, model: str, params: Params = None, run_sync: Sync = False, enqueue: bool = False) -> Task:
    """Train a model on the labels that were submitted, from the served version on. The new version is not published."""
    _refuse_sync(run_sync)
    return _train(here, model, params, enqueue)


@router.delete("/train/", tags=["Train"])
def stop_training(here: Here) -> Task | None:
    """Stop what runs, or else what waits; null where neither does."""
    return _stop(here, "train")


@router.get("/batch/infer", tags=["Infer"])
def batch_status(here: Here, all: All = False, check_if_running: OnlyRunning = False) -> Task | list[Task]:
    """The newest batch; 404 where there was none yet."""
    return _status(here, "batch_infer", all, check_if_running)


@router.post("/batch/infer/{model}", tags=["Infer"])
def batch_infer(
    here: Here, model: str, images: Images = Images.all, params: Params = None, run_sync: Sync = False
) -> Task:
    """Analyse all images, those with a final label, or those without one."""
    _refuse_sync(run_sync)
    here.catalogue.model(model)
    asked = _parsed(BatchParams, params)
    checked_tag(asked.label_tag)
    return _add(here, "batch_infer", model, asked.model_dump() | {"images": str(images)}, False)


@router.delete("/batch/infer", tags=["Infer"])
def stop_batch(here: Here) -> Task | None:
    """Stop what runs, or else what waits; null where neither does."""
    return _stop(here, "batch_infer")


@router.get("/scoring/", tags=["Scoring"])
def scoring_status(here: Here, all: All = False, check_if_running: OnlyRunning = False) -> Task | list[Task]:
    """The newest scoring; 404 where there was none yet."""
    return _status(here, "scoring", all, check_if_running)


@router.post("/scoring/", tags=["Scoring"])
def score_all(here: Here, params: Params = None, run_sync: Sync = False) -> dict[str, Any]:
    """Run every method of scoring."""
    _refuse_sync(run_sync)
    return {method: {"result": _score(here, method, params, True), "detail": None} for method in SCORING}


@router.post("/scoring/{method}", tags=["Scoring"])
def score(here: Here, method: str, params: Params = None, run_sync: Sync = False) -> Task:
    """Compare the labels of two tags, of every image that has both."""
    _refuse_sync(run_sync)
    return _score(here, method, params, False)


@router.delete("/scoring/", tags=["Scoring"])
def stop_scoring(here: Here) -> Task | None:
    """Stop what runs, or else what waits; null where neither does."""
    return _stop(here, "scoring")


def _train(here: Context, model: str, params: dict[str, Any] | None, enqueue: bool) -> Task:
    asked = _parsed(TrainParams, params)
    here.training.check(model)
    return _add(here, "train", model, asked.model_dump(exclude_none=True), enqueue)


def _score(here: Context, method: str, params: dict[str, Any] | None, enqueue: bool) -> Task:
    if method not in SCORING:
        known = ", ".join(SCORING)
        raise Refusal(
            "NO_SUCH_METHOD", f"There is no scoring method of that name; there are: {known}.", http_status=404
        )
    asked = _parsed(ScoreParams, params)
    for tag in (asked.y, asked.y_pred):
        checked_tag(tag)
    return _add(here, "scoring", method, asked.model_dump(), enqueue)


def _parsed(words: type[Asked], params: dict[str, Any] | None) -> Asked:
    """Fields that may be set; whatever else a client sends reaches no job."""
    try:
        return words.model_validate(params or {})
    except ValidationError as wrong:
        first = wrong.errors()[0]
        raise Refusal("BAD_PARAMS", f"{first['loc'][0]}: {first['msg']}", http_status=400) from None


def _refuse_sync(run_sync: bool) -> None:
    if run_sync:
        raise Refusal("NO_SYNC", "run_sync is not offered: ask by GET how far the task is.", http_status=400)


def _add(here: Context, kind: str, model: str, request: dict[str, Any], enqueue: bool) -> Task:
    row = here.jobs.add(kind, model, request, author=author(), enqueue=enqueue)
    current().id = row.id
    return task_of(here, row)


def _status(here: Context, kind: str, every: bool, check_if_running: bool) -> Task | list[Task]:
    if check_if_running:
        active = here.jobs.active(kind)
        if not active:
            raise Refusal("NONE_RUNNING", f"No {kind} task waits or runs.", http_status=404)
        return task_of(here, active[0])
    known = here.jobs.all(kind)
    if not known:
        raise Refusal("NO_TASKS", f"There was no {kind} task yet.", http_status=404)
    return [task_of(here, row) for row in known] if every else task_of(here, known[-1])


def _stop(here: Context, kind: str) -> Task | None:
    active = here.jobs.active(kind)
    return task_of(here, here.jobs.cancel(active[0].id)) if active else None


def task_of(here: Context, row: JobRow) -> Task:
    return Task(
        id=row.id,
        status=STATUS[row.state],
        request={"model": row.model, **row.request},
        start_ts=_local(row.started or row.created),
        end_ts=_local(row.ended) if row.ended else None,
        details=[*here.jobs.last_lines(row), *([row.message] if row.message else [])],
        progress=row.progress,
        result=row.result,
    )


def _local(iso: str) -> str:
    """As MONAI Label writes times: the server's own, to the second."""
    return datetime.fromisoformat(iso).astimezone().strftime("%Y-%m-%d %H:%M:%S")
