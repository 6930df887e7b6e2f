"""``/radloop/versions``: which versions of a model there are, and which one answers. ``/model``: its weights."""

from fastapi import APIRouter
from fastapi.responses import FileResponse

from radloop.answers.jobs import ModelVersions, PublicationView, Versions, VersionView, WeightsInfo
from radloop.answers.service import Problem
from radloop.refusal import Refusal
from radloop.server.context import Context, Here
from radloop.server.deeds import author, current
from radloop.server.openapi import BYTES
from radloop.store.names import when
from radloop.store.versions import VersionRow, check_whole, history, publications_of, rollback

router = APIRouter(
    responses={
        409: {"model": Problem, "description": "The version cannot be used, or not in the present state"},
        429: {"model": Problem, "description": "The queue is full; Retry-After says when to come back"},
        503: {"model": Problem, "description": "No worker can be asked at the moment"},
    }
)


@router.get("/radloop/versions", tags=["Versions"])
def all_versions(here: Here) -> Versions:
    return Versions(models=[_of(here, model) for model in here.catalogue.names])


@router.get("/radloop/versions/{model}", tags=["Versions"])
def versions(here: Here, model: str) -> ModelVersions:
    """A model's versions, oldest first, with what each learned from and reached."""
    here.catalogue.model(model)
    return _of(here, model)


@router.post("/radloop/versions/{model}/rollback", tags=["Versions"])
def roll_back(here: Here, model: str) -> ModelVersions:
    """Have the version answer that did before the present one was published."""
    here.catalogue.model(model)
    rollback(here.store, model, author())
    here.serving.look()
    return _of(here, model)


@router.post("/radloop/versions/{model}/{version}/publish", tags=["Versions"])
def publish(here: Here, model: str, version: str) -> ModelVersions:
    """Have a version answer from now on. Requests that run end with the version that they began with."""
    here.catalogue.model(model)
    current().model_version = version
    here.serving.publish(model, version, author())
    return _of(here, model)


@router.get("/model/info/{model}", tags=["Model"])
def weights_info(here: Here, model: str) -> WeightsInfo:
    """Checksum and age of the served weights."""
    row = _served(here, model)
    return WeightsInfo(
        checksum=f"SHA256:{row.sha256}",
        modified_time=int(row.weights.stat().st_mtime),
        train_stats=row.metrics,
        version=row.name,
    )


@router.get(
    "/model/{model}",
    tags=["Model"],
    response_class=FileResponse,
    responses={200: {"content": {"application/octet-stream": BYTES}}},
)
def weights(here: Here, model: str) -> FileResponse:
    """The served weights as a file. There is no way to upload any."""
    row = _served(here, model)
    return FileResponse(row.weights, media_type="application/octet-stream", filename=f"{model}.pt")


def _served(here: Context, model: str) -> VersionRow:
    here.catalogue.model(model)
    row = here.serving.served(model)
    if row is None:
        raise Refusal("NO_VERSION", f"{model} has no weights.", http_status=404)
    check_whole(row)
    return row


def _of(here: Context, model: str) -> ModelVersions:
    happened = publications_of(here.store, model)
    serves = here.serving.served(model)
    published = {one.version for one in happened}
    return ModelVersions(
        model=model,
        serves=serves.name if serves else None,
        versions=[_view(row, row.name in published, row == serves) for row in history(here.store, model)],
        publications=[
            PublicationView(at=when(one.id), version=one.version, kind=one.kind, author=one.author) for one in happened
        ],
    )


def _view(row: VersionRow, published: bool, serves: bool) -> VersionView:
    said = {name: getattr(row, name) for name in VersionView.model_fields if name not in ("state", "serves")}
    return VersionView(**said, state="published" if published else "unpublished", serves=serves)
