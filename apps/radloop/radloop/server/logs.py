"""The server's log: ids and what became of them, never names, pixels or query strings."""

import html as escaping
import logging
import shutil
import subprocess
from collections import deque
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query, Response

from radloop.refusal import Refusal
from radloop.server.context import Here
from radloop.server.openapi import TEXT

FILE = "server.log"
KEPT_BYTES, KEPT_FILES = 4 << 20, 3
GPU_S = 20.0

FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"

router = APIRouter(prefix="/logs", tags=["Logs"])


def keep_log(data: Path) -> None:
    """From now on everything that the server says of itself goes into a file in the data folder as well."""
    handler = RotatingFileHandler(data / FILE, maxBytes=KEPT_BYTES, backupCount=KEPT_FILES, encoding="utf-8")
    handler.setFormatter(logging.Formatter(FORMAT))
    logging.getLogger().addHandler(handler)


@router.get("/", response_class=Response, responses={200: {"content": {"text/plain": TEXT, "text/html": TEXT}}})
def logs(
    here: Here,
    lines: Annotated[int, Query(ge=0, le=100_000, description="0: all that is kept in the newest file")] = 300,
    html: Annotated[bool, Query(description="as a page")] = True,
    text: Annotated[bool, Query(description="as plain text, also with html")] = False,
    refresh: Annotated[int, Query(ge=0, le=3600, description="seconds until the page is loaded anew; 0: never")] = 0,
) -> Response:
    """The last lines of the server's log."""
    try:
        with (here.store.data / FILE).open(encoding="utf-8", errors="replace") as file:
            said = "".join(deque(file, lines or None))
    except FileNotFoundError:
        said = ""
    if text or not html:
        return Response(said, media_type="text/plain; charset=utf-8")
    again = f'<meta http-equiv="refresh" content="{max(refresh, 3)}">' if refresh else ""
    page = f'<!doctype html><meta charset="utf-8">{again}<title>radloop: log</title><pre>{escaping.escape(said)}</pre>'
    return Response(page, media_type="text/html; charset=utf-8")


@router.get("/gpu", response_class=Response, responses={200: {"content": {"text/plain": TEXT}}})
def gpu() -> Response:
    """What ``nvidia-smi`` says; 404 on a machine without it, 503 where it hangs."""
    program = shutil.which("nvidia-smi")
    if program is None:
        raise Refusal("NO_GPU", "This machine has no NVIDIA GPU, or not its programs.", http_status=404)
    try:
        said = subprocess.run([program], capture_output=True, text=True, timeout=GPU_S, check=False)
    except (subprocess.TimeoutExpired, OSError):
        raise Refusal("NO_GPU", "nvidia-smi does not answer.", http_status=503) from None
    return Response(said.stdout, media_type="text/plain; charset=utf-8")
