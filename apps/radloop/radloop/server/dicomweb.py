"""``/dicom-web``: DICOM objects searched, fetched and stored over HTTP (PS3.18), as OHIF and other clients ask."""

import json
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from starlette.concurrency import run_in_threadpool

from radloop.refusal import Refusal
from radloop.server.openapi import BYTES
from radloop.server.problems import WRONG_KIND

if TYPE_CHECKING:
    from radloop.dicom.web import Offer

DICOM_JSON = "application/dicom+json"

PARTS = {"multipart/related": BYTES}


class DicomJson(JSONResponse):
    media_type = DICOM_JSON


def router(archive: "Callable[[], Offer]", prefix: str = "/dicom-web") -> APIRouter:
    """Routes over what ``archive`` gives: QIDO-RS, WADO-RS (metadata, frames, objects) and STOW-RS."""
    routes = APIRouter(prefix=prefix, tags=["DICOMweb"])
    studies, series = "/studies/{study}", "/studies/{study}/series/{series}"
    instance = series + "/instances/{instance}"

    rows: dict[str, Any] = {"response_class": DicomJson, "response_model": list[dict[str, Any]]}
    storing: dict[str, Any] = {
        "response_class": DicomJson,
        "response_model": dict[str, Any],
        "responses": WRONG_KIND
        | {409: {"model": dict[str, Any], "description": "Objects were refused; the answer says which"}},
        "openapi_extra": {"requestBody": {"required": True, "content": PARTS}},
    }
    found: dict[str, Any] = {
        "response_class": Response,
        "responses": {200: {"content": PARTS | {"application/dicom": BYTES}}},
    }

    @routes.get("/studies", **rows)
    def find_studies(request: Request) -> Response:
        return DicomJson(archive().search("studies", request.query_params.multi_items()))

    @routes.get("/series", **rows)
    @routes.get(studies + "/series", **rows)
    def find_series(request: Request, study: str | None = None) -> Response:
        return DicomJson(archive().search("series", request.query_params.multi_items(), study))

    @routes.get("/instances", **rows)
    @routes.get(studies + "/instances", **rows)
    @routes.get(series + "/instances", **rows)
    def find_instances(request: Request, study: str | None = None, series: str | None = None) -> Response:
        return DicomJson(archive().search("instances", request.query_params.multi_items(), study, series))

    @routes.get(studies + "/metadata", **rows)
    @routes.get(series + "/metadata", **rows)
    @routes.get(instance + "/metadata", **rows)
    def headers(study: str, series: str | None = None, instance: str | None = None) -> Response:
        return StreamingResponse(_json_array(archive().metadata(study, series, instance)), media_type=DICOM_JSON)

    @routes.get(instance + "/frames/{numbers}", **found)
    def frames(study: str, series: str, instance: str, numbers: str) -> Response:
        wanted = numbers.split(",")
        if not all(n.isdecimal() for n in wanted):
            raise Refusal("BAD_QUERY", "Frames are numbers from 1, between commas.", http_status=400)
        them = archive().frames(study, series, instance, [int(n) for n in wanted])
        return _multipart(them.frames, f"application/octet-stream; transfer-syntax={them.transfer_syntax}")

    @routes.get(studies, **found)
    @routes.get(series, **found)
    @routes.get(instance, **found)
    def objects(request: Request, study: str, series: str | None = None, instance: str | None = None) -> Response:
        them = archive().objects(study, series, instance)
        if instance and request.headers.get("accept", "").startswith("application/dicom"):
            return Response(next(them), media_type="application/dicom")
        return _multipart(them, "application/dicom")

    @routes.post("/studies", **storing)
    @routes.post(studies, **storing)
    async def store(request: Request, study: str | None = None) -> Response:
        from radloop.dicom.web.multipart import split

        body = await request.body()
        parts = await run_in_threadpool(split, body, request.headers.get("content-type", ""))
        if not parts:
            raise Refusal("NOTHING_SENT", "No object was sent.", http_status=400)
        stored = await run_in_threadpool(archive().store, [content for _, content in parts], study)
        base = str(request.base_url).rstrip("/") + prefix
        stored.kept[:] = [(c, i, url if "://" in url else f"{base}/{url}") for c, i, url in stored.kept]
        return DicomJson(stored.as_json(), 409 if stored.refused else 200)

    return routes


def _multipart(parts: Iterable[bytes], part_type: str) -> Response:
    from radloop.dicom.web.multipart import compose

    body, content_type = compose(parts, part_type)
    return StreamingResponse(body, headers={"Content-Type": content_type})


def _json_array(rows: Iterable[object]) -> Iterator[bytes]:
    """A list, sent as its items come: the headers of a cine are megabytes."""
    for n, row in enumerate(rows):
        yield (b"," if n else b"[") + json.dumps(row, separators=(",", ":")).encode()
    yield b"]"
