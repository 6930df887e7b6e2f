"""How good a classifier is: what it says of labelled films, in figures with their uncertainty."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from radloop.chest.film_set import LabelledFilm
from radloop.images import Radiograph
from radloop.learning.agreement import wilson
from radloop.models import Bundle, Reading
from radloop.refusal import Refusal

DRAWS = 1000
BINS = 10
AT_ONCE = 32

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Judged:
    """A labelled film and what is said of it; ``reading`` None and ``fault`` a sentence where it cannot be read."""

    film: LabelledFilm
    reading: Reading | None
    fault: str = ""


def judge(
    bundle: Bundle, films: Sequence[LabelledFilm], tick: Callable[[float], None] = lambda done: None
) -> list[Judged]:
    """Ask ``bundle`` about every film; one that cannot be read is named and the others go on."""
    judged: list[Judged] = []
    for first in range(0, len(films), AT_ONCE):
        read: list[tuple[LabelledFilm, Radiograph | Refusal]] = []
        for film in films[first : first + AT_ONCE]:
            try:
                read.append((film, film.read()))
            except Refusal as refusal:
                read.append((film, refusal))
        readings = iter(bundle.classify([content for _, content in read if isinstance(content, Radiograph)]))
        for film, content in read:
            is_read = isinstance(content, Radiograph)
            judged.append(Judged(film, next(readings)) if is_read else Judged(film, None, str(content)))
        tick(len(judged) / len(films))
    return judged


def _asked(judged: Sequence[Judged]) -> list[tuple[LabelledFilm, Reading]]:
    """Films that the network was asked about, abstained or not."""
    return [(one.film, one.reading) for one in judged if one.reading is not None and one.reading.probabilities]


def probabilities(judged: Sequence[Judged], classes: Sequence[str]) -> tuple[Floats, NDArray[np.int64]]:
    """(N, K) and the number of the true class (N,), of the films that were asked about, abstained or not."""
    asked = _asked(judged)
    shares = [[reading.probabilities[name] for name in classes] for _, reading in asked]
    truth = [list(classes).index(film.label) for film, _ in asked]
    return np.array(shares, np.float64).reshape(len(asked), len(classes)), np.array(truth, np.int64)


def auc(scores: Floats, positive: NDArray[np.bool_]) -> float | None:
    """Area under the ROC curve: how often a positive film scores above a negative one; None without one of each."""
    n_positive = int(positive.sum())
    n_negative = len(positive) - n_positive
    if not n_positive or not n_negative:
        return None
    _, places, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = np.cumsum(counts) - (counts - 1) / 2  # equal scores share their mean rank
    return float((ranks[places][positive].sum() - n_positive * (n_positive + 1) / 2) / (n_positive * n_negative))


def mean_auc(shares: Floats, truth: NDArray[np.int64]) -> float | None:
    """Of two classes the AUC of the second; of more the mean over classes, each against the rest."""
    if shares.shape[1] == 2:
        return auc(shares[:, 1], truth == 1)
    found = [auc(shares[:, k], truth == k) for k in range(shares.shape[1])]
    known = [value for value in found if value is not None]
    return float(np.mean(known)) if known else None


def interval(shares: Floats, truth: NDArray[np.int64], groups: Sequence[str], draws: int = DRAWS) -> list[float] | None:
    """95 % of ``mean_auc`` by a bootstrap over ``groups``: films of one patient are drawn together."""
    names, places = np.unique(np.asarray(groups), return_inverse=True)
    members = [np.flatnonzero(places == n) for n in range(len(names))]
    random = np.random.default_rng(0)
    found = []
    for _ in range(draws if len(names) > 1 else 0):
        drawn = np.concatenate([members[n] for n in random.integers(0, len(names), len(names))])
        if (area := mean_auc(shares[drawn], truth[drawn])) is not None:
            found.append(area)
    return [float(v) for v in np.percentile(found, (2.5, 97.5))] if found else None


def calibration_error(confidence: Floats, right: NDArray[np.bool_]) -> float:
    """Expected calibration error over ``BINS`` bins of equal mass, 0 to 1."""
    _, places, counts = np.unique(confidence, return_inverse=True, return_counts=True)
    # Equal scores share what was so: in which order films come must not matter.
    was = (np.bincount(places, weights=right) / counts)[places]
    order = np.argsort(confidence, kind="stable")
    gaps = [abs(confidence[b].mean() - was[b].mean()) * len(b) for b in np.array_split(order, BINS) if len(b)]
    return float(sum(gaps) / len(confidence))


def excess_calibration_error(confidence: Floats, right: NDArray[np.bool_]) -> float:
    """How far the calibration error lies above that of a perfectly calibrated model with the same scores."""
    random = np.random.default_rng(0)
    perfect = [calibration_error(confidence, random.random(len(confidence)) < confidence) for _ in range(DRAWS)]
    return calibration_error(confidence, right) - float(np.mean(perfect))


def at_prevalence(shares: Floats, truth: NDArray[np.int64], prior: float | None) -> Floats:
    """Probabilities moved from the prior that they are stated for to the shares of the classes in this set."""
    k = shares.shape[1]
    stated = np.array([1 - prior, prior]) if k == 2 and prior is not None else np.full(k, 1 / k)
    moved = shares * np.bincount(truth, minlength=k) / stated
    return np.asarray(moved / np.maximum(moved.sum(axis=1, keepdims=True), 1e-12))


def summarise(judged: Sequence[Judged], about: dict[str, Any]) -> dict[str, Any]:
    """The figures of a report. ``about`` is the bundle's ``classification``; unknown is None.

    AUC is given with and without the films that were refused; what depends on the label counts answered films only.
    """
    classes = list(about["classes"])
    shares, truth = probabilities(judged, classes)
    asked = _asked(judged)
    answered = np.array([not reading.abstained for _, reading in asked], bool)
    groups = [film.patient or f"film {n}" for n, (film, _) in enumerate(asked)]
    called = np.array([-1 if reading.label is None else classes.index(reading.label) for _, reading in asked], np.int64)
    confusion = np.zeros((len(classes), len(classes)), np.int64)
    np.add.at(confusion, (truth[answered], called[answered]), 1)
    right, of = int(np.trace(confusion)), int(confusion.sum())
    recalls = {name: _share(int(confusion[k, k]), int(confusion[k].sum())) for k, name in enumerate(classes)}
    known = [share["share"] for share in recalls.values() if share["share"] is not None]
    moved = at_prevalence(shares, truth, about.get("prior"))
    two = len(classes) == 2
    confidence = moved[:, 1] if two else moved.max(axis=1)
    correct = truth == 1 if two else moved.argmax(axis=1) == truth
    refused = len(judged) - int(answered.sum())
    return {
        "films": len(judged),
        "classes": {name: int((truth == k).sum()) for k, name in enumerate(classes)},
        "not_answered": {"films": refused, "share": refused / len(judged) if judged else None},
        "auc": mean_auc(shares, truth),
        "auc_interval_95": interval(shares, truth, groups),
        "auc_answered": mean_auc(shares[answered], truth[answered]),
        "accuracy": _share(right, of),
        "balanced_accuracy": float(np.mean(known)) if known else None,
        "recall": recalls,
        "confusion": confusion.tolist(),
        "calibration_error": calibration_error(confidence, correct) if len(truth) else None,
        "calibration_error_excess": excess_calibration_error(confidence, correct) if len(truth) else None,
    }


def _share(hits: int, of: int) -> dict[str, Any]:
    return {"share": hits / of if of else None, "of": of, "interval_95": list(wilson(hits, of)) if of else None}
