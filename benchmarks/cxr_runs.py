"""Trainings of cxr_classifier for the other programs here: as ``configs/train.json`` has them, with other settings."""

import csv
import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from monai.bundle.config_parser import ConfigParser
from numpy.typing import NDArray

from cxr_classifier_code.augment import augmented
from cxr_classifier_code.films import Films
from cxr_classifier_code.linear_reading import add_linear_reading
from cxr_classifier_code.network import Classifier
from cxr_classifier_code.training import Course
from cxr_classifier_code.weights import start_from

BUNDLE = Path(__file__).parents[1] / "bundles" / "cxr_classifier"
DATA = Path(os.environ.get("RADLOOP_DATA", "data"))
CHILDREN = DATA / "pneumoniamnist" / "pneumoniamnist_trainval.npz"
ADULTS = DATA / "cxr"


def settings(folder: Path, overrides: dict[str, Any], children: bool = False) -> ConfigParser:
    """The training configuration with ``overrides`` (keys with ``::`` reach inside), to write into ``folder``."""
    parser = ConfigParser()
    parser.read_config(BUNDLE / "configs" / "train.json")
    if children:
        parser.update(json.loads((BUNDLE / "configs" / "pneumoniamnist.json").read_text()))
    given = {
        "bundle_root": str(BUNDLE),
        "output_dir": str(folder),
        "dataset_dir": str(CHILDREN if children else ADULTS),
    }
    parser.update(given | overrides)
    return parser


def train(parser: ConfigParser, linear: bool = True) -> tuple[Classifier, float]:
    """Trains, or goes on; returns the averaged network at the end and the seconds that training took.

    ``linear`` adds the linear reading where the network has room for one.
    """
    parser.get_parsed_content("initialize")
    if path := parser.get_parsed_content("start_from"):
        start_from(parser.get_parsed_content("network"), path)
    course: Course = parser.get_parsed_content("course")
    course.run()
    if linear:
        films, validation = (parser.get_parsed_content(name) for name in ("films", "validation"))
        add_linear_reading(course.mean, films.part("train"), validation.pictures)
    return course.mean.eval(), course.spent()


def fold_split(folder: Path, fold: int) -> str:
    """A split whose ``val`` is one of the five folds and whose ``train`` are the others; returns its path."""
    folds = json.loads((BUNDLE / "configs" / "split.json").read_text())["folds"]
    others = [patient for i, patients in enumerate(folds) if i != fold for patient in patients]
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "split.json"
    path.write_text(json.dumps({"train": others, "val": folds[fold], "test": []}))
    return str(path)


def log_odds(network: Classifier, pictures: torch.Tensor) -> NDArray[np.float64]:
    """(N,) of the second class, from standardised pictures and their mirror images."""
    with torch.inference_mode():
        parts = [(network(p) + network(p.flip(3))) / 2 for p in pictures.split(64)]
    logits = torch.cat(parts).double().numpy()
    difference: NDArray[np.float64] = logits[:, 1] - logits[:, 0]
    return difference


def changed(films: Films, size: int) -> torch.Tensor:
    """The films as other machines might have made them: always the same changes."""
    return augmented(films.pictures.float() / 255, size, seed=2024, strength=1.0)


def read_rows(path: Path) -> list[dict[str, str]]:
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def add_row(path: Path, row: dict[str, object]) -> None:
    """One run a row, written when it is done: what is there is not run again."""
    new = not path.exists()
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", newline="") as file:
        writer = csv.DictWriter(file, list(row))
        if new:
            writer.writeheader()
        writer.writerow(row)


def mean_spread(values: Iterable[str]) -> tuple[float, float]:
    numbers = [float(value) for value in values]
    return float(np.mean(numbers)), float(np.std(numbers, ddof=1)) if len(numbers) > 1 else float("nan")


def said(values: Sequence[str], digits: int = 3) -> str:
    mean, spread = mean_spread(values)
    return f"{mean:.{digits}f}" if np.isnan(spread) else f"{mean:.{digits}f} ± {spread:.{digits}f}"
