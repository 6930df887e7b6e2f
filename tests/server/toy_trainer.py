"""A trainer for tests of the jobs around it: counts, keeps how far it is, and makes a version of the same weights."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from radloop.store import Store
from radloop.store.versions import add_version
from radloop.store.writer import one_writer

STEP_S = 0.1


class Toy:
    def __init__(self, data: Path) -> None:
        self.facts: dict[str, Any] = {}
        self.data = data

    def answer(self, what: str, arguments: dict[str, Any], progress: Callable[..., None]) -> dict[str, Any]:
        """``max_epochs`` steps; ``seed`` 1 fails in the middle."""
        params, folder = arguments["params"], Path(arguments["folder"])
        at = folder / "at"
        parent = arguments["versions"][0]
        with Store(self.data) as store, one_writer(store, arguments["model"]):
            (folder / "pid").write_text(str(os.getpid()))
            for step in range(int(at.read_text()) if at.exists() else 0, params["max_epochs"]):
                print(f"step {step + 1}")
                progress(step / params["max_epochs"], f"step {step + 1}")
                if params["seed"] == 1 and step == 2:
                    raise ZeroDivisionError("secret detail")
                time.sleep(STEP_S)
                at.write_text(str(step + 1))
            kept = add_version(
                store,
                arguments["model"],
                Path(parent["file"]),
                parent=parent["version"],
                data={"train": [case["label"] for case in arguments["cases"]]},
                metrics={},
                configuration=params,
            )
        return {"version": kept.name}


def open(options: dict[str, Any]) -> Toy:
    return Toy(Path(options["data"]))
