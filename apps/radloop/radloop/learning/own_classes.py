"""A classifier of a user's own classes: from a set of films to a version and a report."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from radloop.chest.film_set import FilmSet
from radloop.learning.bundle_training import Progress, Run, run_training
from radloop.learning.class_report import Told, write_report
from radloop.learning.class_scores import Judged, judge, summarise
from radloop.learning.prepared_films import PreparedFilms, prepare, small_films
from radloop.learning.thumbnails import linear_auc
from radloop.models import BundleCard, load_bundle

PREPARED, TRAINED = 0.1, 0.95
"""Shares of the work that are done once the films are there, and once training has ended."""


@dataclass(frozen=True)
class ClassTraining:
    """How to train. ``network`` None: the bundle's own, going on from its weights; ``size`` pixels a side."""

    epochs: int = 60
    seconds: float = 300
    seed: int = 0
    network: str | None = None
    size: int | None = None


@dataclass(frozen=True)
class Trained:
    """What came of a training: figures on films that were held out, and what a version keeps of it all."""

    run: Run
    prepared: PreparedFilms
    judged: list[Judged]
    summary: dict[str, Any]
    linear_auc: float | None


def folder_of(place: Path, found: FilmSet, params: ClassTraining, what: str) -> str:
    """A name that the same command has again: what it left is gone on with."""
    said = [str(place.resolve()), what, asdict(params), found.classes, [(f.name, f.label, f.part) for f in found.films]]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:16]


def train_classes(
    about: BundleCard, found: FilmSet, params: ClassTraining, folder: Path, progress: Progress
) -> Trained:
    """Train on ``found`` in ``folder``, and judge what comes of it; for who stops it see ``run_training``."""
    prepared = prepare(found, folder / "set", lambda done: progress(PREPARED * done, "reading films"))
    settings = settings_of(about, found, prepared, params)

    def training(share: float, line: str) -> None:
        progress(PREPARED + (TRAINED - PREPARED) * share, line)

    run = run_training(about, folder / "run", settings, training)
    progress(TRAINED, "judging on films held out")
    bundle = load_bundle(about.name, run.model, settings=run.settings)
    judged = judge(bundle, small_films(prepared, prepared.judged))
    summary = summarise(judged, bundle.classification)
    return Trained(run, prepared, judged, summary, _linear(prepared, found.classes))


def settings_of(about: BundleCard, found: FilmSet, prepared: PreparedFilms, params: ClassTraining) -> dict[str, Any]:
    """Keys of ``train.json``. The usual variant's network and size are taken, and its weights to begin with, unless
    another network or size is asked for: that begins with nothing."""
    settings: dict[str, Any] = {
        "index": str(prepared.index),
        "classes": list(found.classes),
        "epochs": params.epochs,
        "seconds": params.seconds,
        "seed": params.seed,
        "balance": "class",
    }
    usual = about.metadata["classification"][about.variants[0]]
    if params.network is None and params.size is None:
        settings |= {"network_name": usual["network"]["name"], "network_options": usual["network"]["options"]}
        settings |= {"size": usual["size"], "start_from": str(about.weights)}
    else:
        settings["network_name"] = params.network or usual["network"]["name"]
        settings["size"] = params.size or usual["size"]
    return settings


def report(file: Path, trained: Trained, about: BundleCard, found: FilmSet, version: str) -> None:
    prepared = trained.prepared
    told = Told(
        title=f"{about.name} trained on {found.place.resolve().name}",
        model=about.name,
        version=version,
        place=f"{found.place} ({found.layout})",
        part=prepared.judged,
        counts=prepared.counts(),
        notes=notes(found, prepared, trained.run),
        history=trained.run.history,
        linear_auc=trained.linear_auc,
    )
    write_report(file, told, trained.judged, trained.summary, trained.run.calibration)


def notes(found: FilmSet, prepared: PreparedFilms, run: Run) -> list[str]:
    """What a reader of the figures must know."""
    said = []
    if run.stopped:
        said.append("Training was stopped; these are the best weights until then.")
    if not found.knows_patients:
        count = len(prepared.split.copies)
        alike = {0: "none was found", 1: "1 pair was found"}.get(count, f"{count} pairs were found")
        said.append(
            "No patient is known in this set: films of one patient may be on both sides of the split, and the figures "
            f"too good. Copies of one picture were looked for, and {alike}; they are never on both sides."
        )
    if prepared.judged == "val":
        said.append(
            "There is no test part: these figures are of the validation part, which chose weights and threshold."
        )
    if prepared.split.left_out:
        names = [prepared.films[i].name for i in prepared.split.left_out]
        said.append(f"Left out of training, for the same patient or picture is held out: {_some(names)}.")
    if prepared.faults:
        said.append(
            f"Left out because they cannot be read: {_some([f'{n} ({why})' for n, why in prepared.faults.items()])}."
        )
    said.append(
        "Training with the bundle's own network begins from the weights that are shipped. Where films of this set are "
        "among those that they were made with (see the model card), the figures here are too good."
    )
    return said


def _some(names: Sequence[str], most: int = 5) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def _linear(prepared: PreparedFilms, classes: Sequence[str]) -> float | None:
    def of(part: Any) -> tuple[list[Any], list[int]]:
        places = prepared.part(part)
        labels = [list(classes).index(prepared.films[i].label) for i in places]
        return [prepared.thumbnails[i] for i in places], labels

    return linear_auc(of("train"), of("val"), of(prepared.judged), len(classes))
