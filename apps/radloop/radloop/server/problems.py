"""How everything that goes wrong is answered: a status, and one sentence as ``detail``."""

import math
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import HTTPException, RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException as AnyHTTPException

from radloop.answers.service import Problem
from radloop.refusal import Refusal
from radloop.server.disk import FULL, is_no_room
from radloop.server.guard import RETRY_AFTER_S, TooLarge
from radloop.workers import Busy, Unavailable

Responses = dict[int | str, dict[str, Any]]


def told(problems: Mapping[int, str]) -> Responses:
    """Statuses with what each means, for the OpenAPI document: the body is a sentence."""
    return {status: {"model": Problem, "description": text} for status, text in problems.items()}


LATER = told(
    {
        429: "The queue is full; Retry-After says when to come back",
        503: "The model cannot be used, or not yet",
    }
)
"""Of routes that ask a worker."""

WRONG_KIND = told({415: "The file is of no kind that is kept here"})


def answer_problems(app: FastAPI) -> None:
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(RequestValidationError, _misformed)
    app.add_exception_handler(Busy, _busy)
    app.add_exception_handler(Unavailable, _unavailable)
    app.add_exception_handler(AnyHTTPException, _unreadable)
    app.add_exception_handler(OSError, _disk)
    app.add_exception_handler(Exception, _fault)


def _problem(status: int, detail: str, retry_after_s: float | None = None) -> JSONResponse:
    headers = None if retry_after_s is None else {"Retry-After": str(max(1, math.ceil(retry_after_s)))}
    said = detail.encode(errors="replace").decode()  # what a client called things may be no text
    return JSONResponse({"detail": said}, status, headers)


async def _refused(_: Request, refusal: Exception) -> JSONResponse:
    assert isinstance(refusal, Refusal)
    if refusal.http_status == 507:
        return _problem(507, FULL)  # whatever was being written; paths of the server are nobody's business
    retry = RETRY_AFTER_S if refusal.http_status in (429, 503) else None
    return _problem(refusal.http_status, refusal.sentence, retry)


async def _misformed(_: Request, wrong: Exception) -> JSONResponse:
    assert isinstance(wrong, RequestValidationError)
    first = wrong.errors()[0]
    field = ".".join(str(part) for part in first["loc"][1:]) or "body"
    return _problem(422, f"{field}: {first['msg']}")


async def _busy(_: Request, busy: Exception) -> JSONResponse:
    assert isinstance(busy, Busy)
    return _problem(429, f"The server is at its limit: {busy}.", busy.retry_after_s)


async def _unavailable(_: Request, reason: Exception) -> JSONResponse:
    return _problem(503, str(reason), RETRY_AFTER_S)


async def _unreadable(_: Request, wrong: Exception) -> JSONResponse:
    """What FastAPI and Starlette refuse themselves: unknown routes, and bodies that could not be read or laid down."""
    assert isinstance(wrong, AnyHTTPException)
    if wrong.status_code == 400 and isinstance(wrong, HTTPException):
        fault = wrong.__cause__
        if isinstance(fault, TooLarge):
            raise fault
        if is_no_room(fault):
            return _problem(507, FULL)
    return JSONResponse({"detail": wrong.detail}, wrong.status_code, wrong.headers)


async def _disk(_: Request, fault: Exception) -> JSONResponse:
    if is_no_room(fault):
        return _problem(507, FULL)
    raise fault  # answered as any other fault, and logged


async def _fault(_: Request, __: Exception) -> JSONResponse:
    return _problem(500, "This is a fault of the server; its log says more.")
