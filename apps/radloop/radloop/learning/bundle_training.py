"""A run of a classifier's ``train.json``: followed, stopped, gone on with."""

import csv
import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from radloop.images import replace_whole
from radloop.models import BundleCard
from radloop.refusal import Refusal

LOOKED_AT_S = 0.25
SETTINGS, HISTORY, MODEL, CALIBRATION, LOG = "own.json", "history.csv", "model.pt", "calibration.json", "log.txt"

Progress = Callable[[float, str], None]
"""Told the share done, 0 to 1, and a line for people; a ``KeyboardInterrupt`` from it stops the run."""


@dataclass(frozen=True)
class Run:
    """What a run made: weights, the calibration that belongs to them, and a row of figures for each epoch."""

    model: Path
    calibration: dict[str, Any]
    history: list[dict[str, float]]
    stopped: bool

    @property
    def settings(self) -> dict[str, Any]:
        """What loads these weights: laid over the bundle's ``inference.json``."""
        return {"calibration": self.calibration}


def run_training(about: BundleCard, folder: Path, settings: Mapping[str, Any], progress: Progress) -> Run:
    """Train in ``folder``, going on from what an earlier run left there.

    ``settings`` are keys of ``train.json``; ``epochs`` and ``seconds`` among them say how far it is. Whoever stops it
    (``KeyboardInterrupt``) gets the best weights so far, calibrated, once one epoch is done. Raises
    Refusal("TRAINING_FAILED") with the last line that the training wrote.
    """
    folder.mkdir(parents=True, exist_ok=True)
    stopped = False
    try:
        _run(about, folder, settings, progress)
    except KeyboardInterrupt:
        done = len(_history(folder))
        if not done or not (folder / MODEL).is_file():
            raise
        stopped = True
        # No epoch is left to train: what remains is to calibrate the best weights.
        _run(about, folder, {**settings, "epochs": done, "seconds": 0}, lambda share, line: None)
    return kept_run(folder, stopped)


def kept_run(folder: Path, stopped: bool = False) -> Run:
    """What lies in the folder of a run that has ended."""
    calibration = json.loads((folder / CALIBRATION).read_text())
    return Run(folder / MODEL, calibration, _history(folder), stopped)


def _run(about: BundleCard, folder: Path, settings: Mapping[str, Any], progress: Progress) -> None:
    own = {"bundle_root": str(about.folder), "output_dir": str(folder), **settings}
    with replace_whole(folder / SETTINGS) as temporary:
        temporary.write_text(json.dumps(own))
    files = [str(about.folder / "configs" / "train.json"), str(folder / SETTINGS)]
    path = os.pathsep.join([str(about.folder), *(place for place in sys.path if place)])
    with (folder / LOG).open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "radloop.learning.bundle_process", *files],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            env=os.environ | {"PYTHONPATH": path},
            start_new_session=True,  # Ctrl-C is for us; what becomes of the training is decided here
        )
        try:
            while process.poll() is None:
                progress(*_how_far(folder, settings))
                time.sleep(LOOKED_AT_S)
        finally:
            process.kill()
            process.wait()
    if process.returncode != 0:
        raise Refusal("TRAINING_FAILED", f"The training ended early: {_last_line(folder / LOG)}", http_status=503)


def _how_far(folder: Path, settings: Mapping[str, Any]) -> tuple[float, str]:
    rows = _history(folder)
    if not rows:
        return 0.0, "the first epoch"
    last = rows[-1]
    epochs, seconds = int(settings["epochs"]), float(settings.get("seconds") or 0)
    share = max(last["epoch"] / epochs, last["seconds"] / seconds if seconds else 0.0)
    best = max(row["val_auc"] for row in rows)
    line = f"epoch {last['epoch']:.0f}, validation AUC {last['val_auc']:.3f} (best {best:.3f})"
    if share >= 1:
        return 1.0, f"{line}, calibrating"
    return share, f"{line}, {_told(last['seconds'] * (1 - share) / share)} left"


def _told(seconds: float) -> str:
    return f"{math.ceil(seconds)} s" if seconds < 90 else f"{math.ceil(seconds / 60)} min"


def _history(folder: Path) -> list[dict[str, float]]:
    try:
        with (folder / HISTORY).open(newline="") as lines:
            return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(lines)]
    except (FileNotFoundError, ValueError, TypeError):  # not there yet, or its last line is being written
        return []


def _last_line(log: Path) -> str:
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return f"{lines[-1][:200]} (all of it: {log})" if lines else f"it wrote nothing ({log})"
