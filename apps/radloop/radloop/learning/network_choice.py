"""Which network to take for a set of films: each trained alike and for the same time, on that set."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from radloop.chest.film_set import FilmSet
from radloop.images import replace_whole
from radloop.learning.bundle_training import Progress, Run, kept_run, run_training
from radloop.learning.class_scores import Floats, judge, mean_auc, probabilities
from radloop.learning.own_classes import PREPARED, ClassTraining, settings_of
from radloop.learning.prepared_films import prepare, small_films
from radloop.models import BundleCard, load_bundle

CANDIDATES = ("classic", "residual", "resnet18", "densenet121", "efficientnet_b0", "convnext")
"""Networks of ``cxr_classifier`` by the names that its ``train.json`` takes."""

DRAWS = 1000
DONE = "done"


@dataclass(frozen=True)
class Candidate:
    """A network after a short training: ``shares`` (N, K) of the films of the validation part."""

    name: str
    auc: float | None
    parameters: int
    train_seconds: float
    epochs: int
    image_ms: float
    shares: Floats


def compare(
    about: BundleCard,
    found: FilmSet,
    names: Sequence[str],
    params: ClassTraining,
    folder: Path,
    progress: Progress,
) -> tuple[list[Candidate], NDArray[np.int64]]:
    """Train each network alike and for the same time; also the number of the true class of each validation film.

    One that was compared before, in ``folder``, is not trained again.
    """
    prepared = prepare(found, folder / "set", lambda done: progress(PREPARED * done, "reading films"))
    validation = small_films(prepared, "val")
    candidates: list[Candidate] = []
    truth = np.zeros(0, np.int64)
    for n, name in enumerate(names):

        def training(share: float, line: str, n: int = n, name: str = name) -> None:
            done = PREPARED + (1 - PREPARED) * (n + share) / len(names)
            progress(done, f"{name}: {line}")

        settings = settings_of(about, found, prepared, replace(params, network=name))
        settings |= {"gate_steps": 50}  # abstention is not compared
        place = folder / name
        run = _known(place) or run_training(about, place, settings, training)
        if run.stopped:
            raise KeyboardInterrupt
        _note_done(place)
        bundle = load_bundle(about.name, run.model, settings=run.settings)
        began = time.monotonic()
        judged = judge(bundle, validation)
        took = time.monotonic() - began
        shares, truth = probabilities(judged, list(found.classes))
        parameters = sum(int(weight.numel()) for weight in bundle.network.parameters())
        last = run.history[-1]
        area = mean_auc(shares, truth)
        candidates.append(
            Candidate(name, area, parameters, last["seconds"], int(last["epoch"]), 1000 * took / len(judged), shares)
        )
    return candidates, truth


def advise(candidates: Sequence[Candidate], truth: NDArray[np.int64]) -> tuple[str, dict[str, bool]]:
    """The network to take, and whether each differs from the best by more than chance (95 %, paired bootstrap).

    Of those that do not, the fastest at answering is taken: nothing speaks for a slower one.
    """
    best = max(candidates, key=lambda one: one.auc or 0.0)
    random = np.random.default_rng(0)
    draws = [random.integers(0, len(truth), len(truth)) for _ in range(DRAWS)]
    worse = {}
    for one in candidates:
        gaps = [
            (mean_auc(best.shares[d], truth[d]) or 0.0) - (mean_auc(one.shares[d], truth[d]) or 0.0)
            for d in draws
            if len(set(truth[d].tolist())) > 1
        ]
        worse[one.name] = one is not best and bool(np.percentile(gaps, 2.5) > 0)
    alike = [one for one in candidates if not worse[one.name]]
    return min(alike, key=lambda one: one.image_ms).name, worse


def _known(folder: Path) -> Run | None:
    """What an earlier comparison made, where it came to its end."""
    if not (folder / DONE).is_file():
        return None
    return kept_run(folder)


def _note_done(folder: Path) -> None:
    with replace_whole(folder / DONE) as temporary:
        temporary.write_text("")
