"""One writer a model: who trains it holds a lock that the system lets go of when the process ends, however it ends."""

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager

from radloop.refusal import Refusal
from radloop.store.files import make_folder
from radloop.store.store import Store
from radloop.store.versions import FOLDER

_WAIT_S = 5.0
"""A process that was ended a moment ago may still be on its way out."""


@contextmanager
def one_writer(store: Store, model: str) -> Iterator[None]:
    """Be the one that makes a new version of a model. Raises ``Refusal("BEING_TRAINED")``."""
    folder = store.data / FOLDER / model
    make_folder(folder)
    with (folder / ".writer").open("ab") as file:
        until = time.monotonic() + _WAIT_S
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > until:
                    sentence = f"{model} is being trained by another process: wait for it, or stop it."
                    raise Refusal("BEING_TRAINED", sentence, http_status=409) from None
                time.sleep(0.1)
        yield
