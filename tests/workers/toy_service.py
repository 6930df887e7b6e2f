"""A service for tests of the pool: it sleeps, dies and refuses on demand."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from radloop.refusal import Refusal


class Toy:
    def __init__(self) -> None:
        self.facts: dict[str, Any] = {"pid": os.getpid()}

    def answer(self, what: str, arguments: dict[str, Any], progress: Callable[[float], None]) -> dict[str, Any]:
        return getattr(self, what)(progress=progress, **arguments)

    def echo(self, progress: Callable[[float], None], value: Any) -> dict[str, Any]:
        return {"value": value, "pid": os.getpid(), "nice": os.nice(0)}

    def sleep(self, progress: Callable[[float], None], seconds: float) -> dict[str, Any]:
        for step in range(100):
            progress(step / 100)
            time.sleep(seconds / 100)
        return {}

    def stubborn(self, progress: Callable[[float], None], seconds: float) -> dict[str, Any]:
        time.sleep(seconds)
        return {}

    def die(self, progress: Callable[[float], None], note: str, times: int) -> dict[str, Any]:
        """Die as often as ``times`` says; ``note`` is a file that counts."""
        with Path(note).open("a+") as counted:
            counted.write("x")
            counted.seek(0)
            if len(counted.read()) <= times:
                os._exit(9)
        return {"pid": os.getpid()}

    def refuse(self, progress: Callable[[float], None]) -> dict[str, Any]:
        raise Refusal("TOO_SMALL", "x.nii.gz: is too small.", http_status=415)

    def fail(self, progress: Callable[[float], None]) -> dict[str, Any]:
        raise ZeroDivisionError("secret detail")


def open(options: dict[str, Any]) -> Toy:
    if "refuse" in options:
        raise Refusal("NO_WEIGHTS", options["refuse"])
    if "exit" in options:
        os._exit(3)
    return Toy()
