"""A version learns from what people drew: the bundle's own recipe, on their labels, from an earlier version on."""

import sys
import time
from collections.abc import Callable, Iterable
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import mean
from typing import Any, Protocol

import numpy as np

from radloop.answers.jobs import LabelledCase, TrainParams
from radloop.images import Cine, LabelMap, write_cine, write_label
from radloop.learning.agreement import STRUCTURES, dice
from radloop.learning.drawn import UNLABELLED, none_to_learn_from, reviewed_label, split_patients
from radloop.models import Bundle, BundleCard
from radloop.models.light_monai import import_light
from radloop.refusal import Refusal

PREPARED, TRAINED = 0.05, 0.9
"""Shares of the whole work that are done once the pictures are there, and once training has ended."""

Read = Callable[[LabelledCase], Cine]


class Progress(Protocol):
    """Told the share done and a line for people; whatever it raises ends the work."""

    def __call__(self, fraction: float, line: str = "", /) -> None: ...


@dataclass(frozen=True)
class Case:
    """A picture with its reviewed labels, as files that the bundle reads: ``UNLABELLED`` where nobody looked."""

    about: LabelledCase
    image: Path
    label: Path


@dataclass(frozen=True)
class Prepared:
    train: list[Case]
    held_out: list[Case]
    left_out: dict[str, str]
    """Image to the reason why its label could not be used."""

    def said(self) -> dict[str, Any]:
        """What a version remembers of its data: ids of labels, and the patients held out."""
        return {
            "train": [case.about.label for case in self.train],
            "held_out": [case.about.label for case in self.held_out],
            "patients": sorted({case.about.patient for case in self.train}),
            "held_out_patients": sorted({case.about.patient for case in self.held_out}),
            "left_out": self.left_out,
        }


def prepare(
    cases: Iterable[LabelledCase], read: Read, folder: Path, split: dict[str, list[str]], progress: Progress
) -> Prepared:
    """Write what was reviewed into ``folder`` and set patients aside to judge by.

    A case that cannot be used is left out and named. Raises ``Refusal("NO_LABELS")`` where nothing is left.
    """
    usable: list[Case] = []
    left_out: dict[str, str] = {}
    wanted = list(cases)
    folder.mkdir(parents=True, exist_ok=True)
    for number, about in enumerate(wanted):
        progress(PREPARED * number / len(wanted), f"reading {number + 1} of {len(wanted)}")
        try:
            cine = read(about)
            label = reviewed_label(about, cine)
        except Refusal as refusal:
            left_out[about.image] = refusal.sentence
            continue
        if label is None:
            left_out[about.image] = "nothing of it was reviewed"
            continue
        case = Case(about, folder / f"{number}-image.nii", folder / f"{number}-label.nii")
        write_cine(case.image, replace(cine, voxels=np.asarray(cine.voxels, np.float32)))
        write_label(case.label, label, cine)
        usable.append(case)
    train, held_out = split_patients((case.about.patient for case in usable), split)
    prepared = Prepared(
        [case for case in usable if case.about.patient in train],
        [case for case in usable if case.about.patient in held_out],
        left_out,
    )
    if not prepared.train:
        raise none_to_learn_from()
    return prepared


def fine_tune(
    about: BundleCard, parent: Path, train: list[Case], params: TrainParams, folder: Path, progress: Progress
) -> Path:
    """Train on from the weights ``parent``; returns the file of the new ones, below ``folder``.

    Goes on from what an earlier run left in ``folder``. Runs the bundle's ``configs/train.json`` with
    ``configs/fine_tune.json`` laid over it. Raises ``Refusal("DIVERGED")`` where the loss is no number any more.
    """
    import_light()
    from ignite.engine import Engine, Events
    from monai.bundle.config_parser import ConfigParser
    from monai.handlers.utils import from_engine

    if str(about.folder) not in sys.path:
        sys.path.append(str(about.folder))
    parser = ConfigParser()
    parser.read_config([about.folder / "configs" / name for name in ("train.json", "fine_tune.json")])
    parser.update(
        {
            "bundle_root": str(about.folder),
            "output_dir": str(folder),
            "start_from": str(parent),
            "data": [{"image": str(case.image), "label": str(case.label)} for case in train],
            "epochs": params.max_epochs,
            "steps_per_epoch": params.steps_per_epoch,
            "seed": params.seed,
        }
    )
    parser.get_parsed_content("initialize")
    trainer = parser.get_parsed_content("train::trainer")
    checkpoint = parser.get_parsed_content("checkpoint")
    began = time.monotonic()
    loss_of = from_engine(["loss"], first=True)

    def step(engine: Engine) -> None:
        loss = float(loss_of(engine.state.output))
        if not np.isfinite(loss):
            raise Refusal("DIVERGED", "Training failed: the loss is no number any more. Nothing was kept.")
        steps = engine.state.epoch_length
        done = checkpoint.epochs_before * steps + engine.state.iteration
        share = done / (params.max_epochs * steps)
        if params.seconds is not None:
            passed = time.monotonic() - began
            share = max(share, min(1.0, passed / params.seconds))
            if passed > params.seconds:
                engine.terminate()
        line = f"epoch {(done - 1) // steps + 1} of {params.max_epochs}, step {done}, loss {loss:.3f}"
        progress(PREPARED + (TRAINED - PREPARED) * share, line)

    trainer.add_event_handler(Events.ITERATION_COMPLETED, step)
    # The end of an epoch keeps the weights; time may run out within one.
    trainer.add_event_handler(Events.TERMINATE, checkpoint.save)
    with redirect_stdout(sys.stderr):  # what the recipe says is for a log
        for number in range(len(parser["run"]) - 1):
            parser.get_parsed_content(f"run::{number}")
        # The last of them is the training; from here, so that refusals come through as they are.
        if trainer.state.max_epochs > 0:  # else every epoch was done before
            trainer.run()
    return folder / "model.pt"


def judge(bundle: Bundle, cases: list[Case], read: Read) -> dict[str, Any]:
    """Mean Dice over ``cases``, on reviewed voxels only, 0 to 1, by structure."""
    found = []
    for case in cases:
        cine = read(case.about)
        truth = reviewed_label(case.about, cine)
        assert truth is not None  # it was prepared
        found.append(_dice_where_known(bundle.predict(cine).label, truth))
    by_structure = {name: mean(one[name] for one in found) for name in STRUCTURES}
    return {"mean_dice": mean(by_structure.values()), "dice": by_structure}


def _dice_where_known(label: LabelMap, truth: LabelMap) -> dict[str, float]:
    known = truth != UNLABELLED
    return {name: dice(label[known], truth[known], value) for name, value in STRUCTURES.items()}
