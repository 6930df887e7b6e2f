"""``/datastore/``: images and labels, as clients of MONAI Label list, fetch and submit them."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, NoReturn

from fastapi import APIRouter, File, Form, Query, Response, UploadFile
from fastapi.responses import FileResponse, JSONResponse

from radloop.answers.service import AddedImage, AddedLabel, DatastoreSummary
from radloop.refusal import Refusal
from radloop.server.context import Context, Here
from radloop.server.dataset import zipped
from radloop.server.deeds import author, current
from radloop.server.forms import json_object, keep, plain_name
from radloop.server.openapi import BYTES
from radloop.server.pictures import called
from radloop.server.problems import WRONG_KIND, told
from radloop.server.submitted import look_through, named_class
from radloop.store import LabelRow, image_id_of
from radloop.store.infos import checked_info
from radloop.store.names import CLASS

router = APIRouter(prefix="/datastore", tags=["Datastore"])

FILMS = (".png", ".jpg", ".jpeg")
"""Suffixes of images that are radiographs; others are read as cines, which may be of one slice and frame."""

ImageId = Annotated[str, Query(max_length=256, description="id of an image")]
Tag = Annotated[str, Query(max_length=256)]
JsonText = Annotated[str, Form(description="a JSON object")]
BINARY: dict[int | str, dict[str, Any]] = {200: {"content": {"application/octet-stream": BYTES}}}


TAKEN = told({409: "There is an image of that id; images are never overwritten"})


class Output(StrEnum):
    stats = "stats"
    all = "all"
    train = "train"


@router.get("/", response_model=DatastoreSummary | dict[str, Any] | list[dict[str, str]])
def listed(here: Here, output: Output | None = None) -> Any:
    """Figures; with ``all`` every image with its newest labels; with ``train`` the ids that have a final label."""
    here.watch.look()
    if output == Output.all:
        return JSONResponse(here.store.listing())  # FastAPI would look through thousands of images once more
    if output == Output.train:
        return [{"image": image.id, "label": image.id} for image, _ in here.store.labelled()]
    return DatastoreSummary.model_validate(here.store.summary())


@router.put("/", include_in_schema=False, deprecated=True)
@router.put("/image", responses=WRONG_KIND | TAKEN)
def add_image(
    here: Here,
    file: Annotated[UploadFile, File()],
    image: Annotated[str | None, Query(max_length=256, description="its id; without it the file's name")] = None,
    params: JsonText = "{}",
) -> AddedImage:
    """Keep a new image, if it can be read."""
    from radloop.images import read_cine, read_radiograph  # numpy waits for the first picture

    info = checked_info(json_object(params, "params"))  # before the image is kept
    name = plain_name(file)
    image_id = image or image_id_of(name)
    _refuse_taken(here, image_id)
    with _received(here, file) as path:
        (read_radiograph if path.suffix.lower() in FILMS else read_cine)(path)
        row = here.store.add_image(image_id, path)
    current().id = row.id
    info.pop("client_id", None)
    if info:
        here.store.set_image_info(row.id, info)
    return AddedImage(image=row.id)


@router.delete("/", include_in_schema=False, deprecated=True)
@router.delete("/image")
def remove_image(here: Here, id: ImageId) -> dict[str, Any]:
    """List an image and its labels no longer; the store keeps them."""
    here.store.remove_image(here.pictures.row(id).id)
    return {}


@router.head("/image", response_class=Response)
def check_image(
    here: Here,
    image: ImageId,
    check_sum: Annotated[str | None, Query(max_length=80, description="SHA256:<hex digits>")] = None,
) -> Response:
    """Whether there is such an image, with that checksum if one is given."""
    row = here.pictures.row(image)
    if check_sum is not None:
        algorithm, _, digest = check_sum.rpartition(":")
        if algorithm.upper() not in ("", "SHA256"):
            raise Refusal("BAD_CHECKSUM", "check_sum: only SHA256 is known.", http_status=400)
        if digest.lower() != here.store.checksum(here.pictures.picture(row.id).id):
            raise Refusal("OTHER_CHECKSUM", "The image has another checksum.", http_status=404)
    return Response()


@router.get("/image", response_class=FileResponse, responses=BINARY)
def fetch_image(here: Here, image: ImageId) -> FileResponse:
    picture = here.pictures.picture(image)
    return _file(picture.file, picture.name)


@router.get("/image/info")
def image_info(here: Here, image: ImageId) -> dict[str, Any]:
    return here.pictures.row(image).info


@router.put("/image/info")
def set_image_info(here: Here, image: ImageId, info: JsonText = "{}") -> None:
    """Lay a JSON object over what is known of the image."""
    here.store.set_image_info(here.pictures.row(image).id, json_object(info, "info"))


@router.put("/label", responses=WRONG_KIND)
def add_label(
    here: Here,
    image: ImageId,
    label: Annotated[UploadFile, File(description="labels on the image's own grid, or a class as .json")],
    params: JsonText = "{}",
    tag: Tag = "final",
) -> AddedLabel:
    """Keep a label. Every one is kept; the newest of a tag is the one that is fetched."""
    given = json_object(params, "params")
    picture = here.pictures.picture(image)
    with _received(here, label) as path:
        with called(picture):
            if path.suffix.lower() == CLASS:
                info = named_class(path, picture.file, _classes(here, given), given)
            else:
                info = look_through(path, picture.file, given)
        current().model_version = str(info.get("from_version") or "")
        here.store.add_label(picture.id, path, tag=tag or "final", author=author(), info=info)
    return AddedLabel(image=picture.id, label=picture.id)


def _classes(here: Context, params: dict[str, Any]) -> list[str]:
    """The classes of the model that ``params`` name, or of every classifier."""
    models = here.catalogue.with_states(here.serving.facts(), here.pool.fault)
    chosen = params.get("model")
    classifiers = [about for name, about in models.items() if about.type == "classification" and chosen in (None, name)]
    return [name for about in classifiers for name in about.labels]


@router.delete("/label")
def remove_label(here: Here, id: ImageId, tag: Tag = "final") -> dict[str, Any]:
    """Take back the newest label of an image and tag; the one before it is the newest again."""
    here.store.remove_label(_label(here, id, tag).id)
    return {}


@router.head("/label", response_class=Response)
def check_label(
    here: Here,
    tag: Tag = "final",
    image: Annotated[str | None, Query(max_length=256)] = None,
    label: Annotated[str | None, Query(max_length=256, description="the same as image, as GET calls it")] = None,
) -> Response:
    """Whether an image has a label of that tag."""
    _label(here, image or label or _no_image(), tag)
    return Response()


@router.get("/label", response_class=FileResponse, responses=BINARY)
def fetch_label(here: Here, label: ImageId, tag: Tag = "final") -> FileResponse:
    """The newest label of the image whose id is ``label``."""
    row = _label(here, label, tag)
    return _file(row.path, f"{row.image}{row.suffix}")


@router.get("/label/info")
def label_info(here: Here, label: ImageId, tag: Tag = "final") -> dict[str, Any]:
    """Who drew the newest label, from which version, and what was reviewed."""
    return _label(here, label, tag).info


@router.put("/label/info")
def set_label_info(here: Here, label: ImageId, tag: Tag = "final", info: JsonText = "{}") -> None:
    """Lay a JSON object over what is known of the newest label."""
    here.store.set_label_info(_label(here, label, tag).id, json_object(info, "info"))


@router.put("/updatelabelinfo", include_in_schema=False, deprecated=True)
def update_label_info(here: Here, label: ImageId, tag: Tag = "final", params: JsonText = "{}") -> None:
    here.store.set_label_info(_label(here, label, tag).id, json_object(params, "params"))


@router.get("/dataset", response_class=FileResponse, responses=BINARY)
def dataset(here: Here, limit_cases: Annotated[int | None, Query(ge=1, le=1_000_000)] = None) -> Response:
    """A zip of the images that have a final label, with that label."""
    cases = here.store.labelled()[:limit_cases]
    return zipped([(here.pictures.picture(image.id), label) for image, label in cases], here.scratch)


def _label(here: Context, image: str, tag: str) -> LabelRow:
    """The newest label of an image, by its own id or that of a series it is joined from."""
    return here.store.label(here.pictures.id_of(image), tag)


@contextmanager
def _received(here: Context, upload: UploadFile) -> Iterator[Path]:
    """An upload as a file under its own name, for as long as the block lasts."""
    folder = Path(tempfile.mkdtemp(dir=here.scratch))
    try:
        yield keep(upload, folder, plain_name(upload))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _refuse_taken(here: Context, image_id: str) -> None:
    """Before the file is looked at. (The store refuses it again, should another client be faster.)"""
    try:
        here.store.image(image_id)
    except Refusal as refusal:
        if refusal.http_status != 404:
            raise
    else:
        raise Refusal("IMAGE_EXISTS", "There is an image of that id; images are not overwritten.", http_status=409)


def _no_image() -> NoReturn:
    raise Refusal("NO_IMAGE", "The request names no image.", http_status=422)


def _file(path: Path, name: str) -> FileResponse:
    if not path.is_file():
        raise Refusal("NO_FILE", "Its file is gone, or is no single file.", http_status=404)
    return FileResponse(path, media_type="application/octet-stream", filename=name)
