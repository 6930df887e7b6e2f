"""Who has a store open: any number of processes together, or one alone that takes it apart."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from radloop.refusal import Refusal

_FILE = "lock"


def join(data: Path) -> BinaryIO:
    """Be one of those that use the store, until the file is closed or the process ends, however it ends."""
    return _locked(data, fcntl.LOCK_SH)


@contextmanager
def alone(data: Path) -> Iterator[None]:
    with _locked(data, fcntl.LOCK_EX):
        yield


def _locked(data: Path, how: int) -> BinaryIO:
    file = (data / _FILE).open("ab")
    try:
        fcntl.flock(file, how | fcntl.LOCK_NB)
    except BlockingIOError as fault:
        file.close()
        raise Refusal(
            "STORE_IN_USE", f"The store in {data} is in use: stop the server first.", http_status=409
        ) from fault
    return file
