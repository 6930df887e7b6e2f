"""A worker for tests of what is around it: takes a moment, finds no heart, and has no network."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from radloop.heart import measure
from radloop.images import read_cine
from radloop.models.catalog import card

STEPS, STEP_S = 10, 0.03


class Toy:
    def __init__(self, models: list[str]) -> None:
        self.facts: dict[str, Any] = {"versions": {name: card(name).version for name in models}, "faults": {}}

    def answer(self, what: str, arguments: dict[str, Any], progress: Callable[[float], None]) -> dict[str, Any]:
        if what == "use":
            return {"version": arguments["versions"][0]["version"], "passed_over": {}}
        for step in range(STEPS):
            progress(step / STEPS)
            time.sleep(STEP_S)
        cine = read_cine(Path(arguments["file"]))
        answer = measure(np.zeros(cine.voxels.shape, np.uint8), cine, image=arguments["image"])
        return {"file": None, "answer": answer.model_dump_json(), "passed_over": {}}


def open(options: dict[str, Any]) -> Toy:
    return Toy(options["models"])
