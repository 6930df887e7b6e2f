"""``/logs/``: the newest lines of the log. They hold ids, and neither names of patients nor what requests carried."""

import logging
from collections import deque
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import PlainTextResponse

router = APIRouter(tags=["Logs"])

LINES = 5000
FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class Kept(logging.Handler):
    """The newest lines of this process, in memory."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(logging.Formatter(FORMAT))
        self.lines: deque[str] = deque(maxlen=LINES)

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


kept = Kept()


@router.get("/logs/", response_class=PlainTextResponse)
def logs(lines: Annotated[int, Query(ge=0, le=1_000_000, description="how many of the newest; 0: all")] = 300) -> str:
    """The server's log, as plain text."""
    every = list(kept.lines)
    return "\n".join(every[-lines:] if lines else every) + "\n"
