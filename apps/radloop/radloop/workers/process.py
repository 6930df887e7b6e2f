"""The inside of a worker process: opens its service, then answers one request after the other.

Messages to it: ``("do", id, what, arguments)``, ``("cancel", id)``. From it: ``("opened", facts)`` or
``("closed", sentence)`` once, then ``("progress", id, fraction, line)`` and one of ``("done", id, result)``,
``("refused", id, code, sentence, http_status)``, ``("cancelled", id)``, ``("failed", id, sentence)``.
"""

import errno
import importlib
import io
import logging
import os
import queue
import signal
import sys
import threading
from multiprocessing.connection import Connection
from typing import Any, Protocol

from radloop.refusal import Refusal

log = logging.getLogger(__name__)

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Progress(Protocol):
    """Told the fraction done, 0 to 1, and a line for people; raises ``Cancelled`` when nobody waits for the rest."""

    def __call__(self, fraction: float, line: str = "", /) -> None: ...


class Service(Protocol):
    """What a process answers from: opened once, asked many times."""

    facts: dict[str, Any]

    def answer(self, what: str, arguments: dict[str, Any], progress: Progress) -> dict[str, Any]: ...


class Cancelled(BaseException):
    """Raised through the work of a request; not an ``Exception``, so that nothing on the way takes it for a fault."""


def run(pipe: Connection, opener: str, options: dict[str, Any], niceness: int, log_file: str | None = None) -> None:
    """Live until the pipe closes. Everything that is printed is added to ``log_file``, if one is given."""
    if log_file is not None:
        _print_to(log_file)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the whole group; the server ends its workers
    os.nice(niceness)
    inbox: queue.SimpleQueue[tuple[int, str, dict[str, Any]]] = queue.SimpleQueue()
    unwanted: set[int] = set()
    threading.Thread(target=_listen, args=(pipe, inbox, unwanted), daemon=True).start()
    try:
        module, _, name = opener.partition(":")
        service: Service = getattr(importlib.import_module(module), name)(options)
    except Refusal as refusal:
        pipe.send(("closed", refusal.sentence))
        return
    pipe.send(("opened", service.facts))
    while True:
        pipe.send(_answer(pipe, service, unwanted, *inbox.get()))


def _print_to(log_file: str) -> None:
    handle = os.open(log_file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(handle, 1)
    os.dup2(handle, 2)
    os.close(handle)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(line_buffering=True)


def _listen(pipe: Connection, inbox: "queue.SimpleQueue[tuple[int, str, dict[str, Any]]]", unwanted: set[int]) -> None:
    while True:
        try:
            message = pipe.recv()
        except (EOFError, OSError):
            os._exit(0)  # the server is gone: whatever is being computed is for nobody
        if message[0] == "cancel":
            unwanted.add(message[1])
        else:
            inbox.put(message[1:])


def _answer(
    pipe: Connection, service: Service, unwanted: set[int], number: int, what: str, arguments: dict[str, Any]
) -> tuple[Any, ...]:
    def progress(fraction: float, line: str = "") -> None:
        if number in unwanted:
            raise Cancelled
        pipe.send(("progress", number, fraction, line))

    try:
        progress(0.0)
        return ("done", number, service.answer(what, arguments, progress))
    except Refusal as refusal:
        return ("refused", number, refusal.code, refusal.sentence, refusal.http_status)
    except Cancelled:
        unwanted.discard(number)
        return ("cancelled", number)
    except Exception as fault:
        if isinstance(fault, OSError) and fault.errno in NO_ROOM:
            return ("refused", number, "DISK_FULL", "The disk is full: nothing was kept.", 507)
        log.exception("request %d failed", number)
        return ("failed", number, f"{type(fault).__name__} in the worker; its log says more")
