"""Who has a store open: any number of processes together, or one alone that takes it apart."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from radloop.refusal import Refusal

_FILE = "lock"


def join(data: Path) -> int:
    """Be one of those that use the store, until the handle is closed or the process ends, however it ends."""
    return _locked(data, fcntl.LOCK_SH)


@contextmanager
def alone(data: Path) -> Iterator[None]:
    handle = _locked(data, fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(handle)


def _locked(data: Path, how: int) -> int:
    handle = os.open(data / _FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, how | fcntl.LOCK_NB)
    except BlockingIOError as fault:
        os.close(handle)
        raise Refusal(
            "STORE_IN_USE", f"The store in {data} is in use: stop the server first.", http_status=409
        ) from fault
    return handle
