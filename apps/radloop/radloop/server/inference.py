"""``/infer/{model}``: a picture in, label and measurements (or classes) out, worked on beside the event loop."""

import asyncio
import contextlib
import json
import shutil
import tempfile
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, File, Form, Query, Request, Response, UploadFile
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool

from radloop.answers import Classification
from radloop.answers.service import RESERVED_PARAMS, InferAnswer, InferParams
from radloop.refusal import Refusal
from radloop.server.cases import note_analysed
from radloop.server.context import Context, Here
from radloop.server.deeds import current
from radloop.server.forms import json_object, keep, plain_name
from radloop.server.leaving import LEFT, disconnected
from radloop.server.multipart import multipart
from radloop.server.openapi import BYTES
from radloop.server.pictures import Picture, called, picture_of
from radloop.server.problems import LATER
from radloop.server.segments import seg_of
from radloop.workers import Job, Unavailable

router = APIRouter(tags=["Infer"])

FORMS = {"multipart/form-data": BYTES, "application/octet-stream": BYTES, "application/dicom": BYTES}


class Output(StrEnum):
    image = "image"
    json = "json"
    all = "all"
    dicom_seg = "dicom_seg"


@router.post(
    "/infer/{model}",
    response_model=InferAnswer | Classification,
    responses={
        200: {"description": "Label and measurements, or classes and heat map; see ``output``", "content": FORMS},
        **LATER,
    },
)
async def infer(
    here: Here,
    request: Request,
    model: str,
    image: Annotated[str, Query(max_length=256, description="id of an image of the datastore")] = "",
    session_id: Annotated[str, Query(max_length=256, description="goes before file and image")] = "",
    output: Annotated[Output | None, Query(description="without it, or with all: form parts params and image")] = None,
    params: Annotated[str, Form(description="JSON object: frame, result_extension")] = "{}",
    file: Annotated[UploadFile | None, File(description="a picture that is not to be kept; goes before image")] = None,
) -> Response:
    """Analyse a picture of the datastore, of a session, or one that comes along."""
    films = here.catalogue.model(model).type == "classification"
    asked = _params(params)
    folder = Path(await run_in_threadpool(tempfile.mkdtemp, dir=here.scratch))
    try:
        picture = await run_in_threadpool(_picture, here, folder, image, session_id, file, films)
        current().id = "" if session_id or file else picture.id  # a file of the client's may be called anything
        if output == Output.dicom_seg:
            if films or not picture.in_archive:
                sentence = "DICOM SEG is made of cines that lie in the datastore as DICOM series; this image is none."
                raise Refusal("NO_SEG", sentence, http_status=400)
            asked = {}  # a SEG holds every frame
        job = here.serving.submit(
            "infer",
            {
                "model": model,
                "file": str(picture.file),
                "image": picture.id,
                "said": picture.said,
                "params": asked,
                "folder": None if output == Output.json else str(folder),
            },
            time_limit_s=here.settings.time_limit_s,
        )
        with called(picture):
            result = await _finished(job, request)
        version = current().model_version = str(json.loads(result["answer"])["model_version"])
        if not session_id and file is None:
            await run_in_threadpool(note_analysed, here, picture.id, version)
        if output == Output.dicom_seg:
            seg = await run_in_threadpool(seg_of, here, model, picture.id, result, folder)
            return await run_in_threadpool(_file, seg, f"{picture.id}.{model}.dcm", "application/dicom")
        return await run_in_threadpool(_response, result, output)
    finally:
        await run_in_threadpool(shutil.rmtree, folder, ignore_errors=True)


def _params(text: str) -> dict[str, Any]:
    given = json_object(text, "params")
    if taken := RESERVED_PARAMS & given.keys():
        raise Refusal("BAD_PARAMS", f"params: {sorted(taken)[0]} is not a client's to set.", http_status=400)
    try:
        return InferParams.model_validate(given).model_dump(exclude_unset=True)
    except ValidationError as wrong:
        first = wrong.errors()[0]
        raise Refusal("BAD_PARAMS", f"params: {first['loc'][0]}: {first['msg']}", http_status=400) from None


def _picture(here: Context, folder: Path, image: str, session: str, file: UploadFile | None, films: bool) -> Picture:
    if session:
        found = here.sessions.get(session)
        return picture_of(found.file, found.image_id, folder, films=films)
    if file is not None:
        name = plain_name(file)
        incoming = folder / "in"
        incoming.mkdir()
        path = keep(file, incoming, name)
        from radloop.images import case_name  # numpy waits for the first picture

        return picture_of(path, case_name(path), folder, films=films)
    if image:
        return here.pictures.picture(image)
    raise Refusal("NO_IMAGE", "The request names no image: give image, session_id or file.", http_status=400)


async def _finished(job: Job, request: Request) -> dict[str, Any]:
    """The job's result; where the client leaves first, the job is given up."""
    result = asyncio.wrap_future(job.future)
    gone = asyncio.create_task(disconnected(request))
    try:
        watched: set[asyncio.Future[Any]] = {result, gone}
        await asyncio.wait(watched, return_when=asyncio.FIRST_COMPLETED)
        if not result.done():
            job.cancel()
            with contextlib.suppress(Unavailable, asyncio.CancelledError):
                await result  # until the worker has let go of the files
            raise Unavailable(LEFT)
        return result.result()
    finally:
        job.cancel()
        gone.cancel()


def _response(result: dict[str, Any], output: Output | None) -> Response:
    answer = result["answer"].encode()
    if output == Output.json:
        return Response(answer, media_type="application/json")
    file = Path(result["file"])
    if output == Output.image:
        return _file(file, file.name, "application/octet-stream")
    body, media_type = multipart(answer, file.name, file.read_bytes())
    return Response(body, media_type=media_type)


def _file(file: Path, name: str, media_type: str) -> Response:
    disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(file.read_bytes(), media_type=media_type, headers=disposition)
