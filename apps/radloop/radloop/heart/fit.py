"""Fitting the diagnosis: from labelled hearts whose group is known to a model that can be read."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from radloop.answers.heart import GROUPS, Group
from radloop.heart.diagnosis import FARTHEST, DiagnosisModel
from radloop.heart.features import features
from radloop.heart.volumes import LV, MYO, RV
from radloop.images import LabelMap, read_cine, read_label
from radloop.refusal import Refusal

Example = tuple[dict[str, float], Group]

# Strength of the L2 penalty, against the mean likelihood of an example. Leaving out one patient after the
# other (ACDC, drawn labels), 0.003 to 0.03 are equally right, and the larger ones more so on worsened labels.
PENALTY = 0.03


@dataclass(frozen=True)
class KnownHeart:
    """Labels (x, y, z) at ED and ES of a patient whose group is known."""

    patient: str
    group: Group
    ed: LabelMap
    es: LabelMap
    spacing_mm: tuple[float, float, float]


def read_hearts(
    folder: Path, groups: dict[str, Group], names: tuple[str, str] = ("ed_gt.nii.gz", "es_gt.nii.gz")
) -> list[KnownHeart]:
    """The label maps ``names`` (ED, ES) in ``folder/<patient>/`` of the patients in ``groups``.

    Raises Refusal as ``radloop.images.read_label``.
    """
    hearts = []
    for patient, group in groups.items():
        ed, es = (read_label(folder / patient / name)[..., 0] for name in names)
        hearts.append(KnownHeart(patient, group, ed, es, read_cine(folder / patient / names[0]).spacing_mm))
    return hearts


def fit_from_labels(
    hearts: Sequence[KnownHeart], *, what: str = "labels", copies: int = 8, seed: int = 0
) -> DiagnosisModel:
    """Fit on hearts as they are and on ``copies`` of each with the faults that predicted labels have.

    Several hearts may be of one patient (drawn and predicted). One that has no features is left out.
    """
    random = np.random.default_rng(seed)
    examples: list[Example] = []
    for heart in hearts:
        for copy in range(copies + 1):
            ed, es = (heart.ed, heart.es) if copy == 0 else worsen(random, heart.ed, heart.es)
            with suppress(Refusal):
                examples.append((features(ed, es, heart.spacing_mm), heart.group))
    about: dict[str, str | int | float] = {
        "what": what,
        "patients": len({h.patient for h in hearts}),
        "label_pairs": len(hearts),
        "copies_with_faults": copies,
    }
    return fit_diagnosis(examples, fitted_on=about)


def fit_diagnosis(
    examples: Sequence[Example], *, penalty: float = PENALTY, fitted_on: dict[str, str | int | float] | None = None
) -> DiagnosisModel:
    """Multinomial logistic regression with an L2 penalty, all groups of the same weight, by Newton's method.

    Raises ``Refusal("NO_EXAMPLES")`` where there are not two groups to tell apart.
    """
    if len({group for _, group in examples}) < 2:
        raise Refusal("NO_EXAMPLES", "A diagnosis model needs labelled hearts of two groups at least.")
    names = list(examples[0][0])
    x = np.array([[f[name] for name in names] for f, _ in examples])
    classes: list[Group] = [g for g in GROUPS if any(g == group for _, group in examples)]
    y = np.array([[float(group == c) for c in classes] for _, group in examples])
    centre, scale = x.mean(axis=0), x.std(axis=0)
    scale[scale == 0] = 1
    standard = np.clip((x - centre) / scale, -FARTHEST, FARTHEST)
    weight = (y / y.sum(axis=0)).sum(axis=1) / len(classes)
    inputs = np.column_stack([standard, np.ones(len(x))])
    solution = _newton(inputs, y, weight, penalty)
    return DiagnosisModel(
        centre=_named(names, centre),
        scale=_named(names, scale),
        coefficients={c: _named(names, solution[:-1, i]) for i, c in enumerate(classes)},
        intercept={c: _short(solution[-1, i]) for i, c in enumerate(classes)},
        fitted_on={"penalty": penalty, **(fitted_on or {})},
    )


def _newton(
    x: NDArray[np.float64], y: NDArray[np.float64], weight: NDArray[np.float64], penalty: float
) -> NDArray[np.float64]:
    """Coefficients (input, class) of the least penalised cross-entropy; the last input is the intercept's."""
    n_inputs, n_classes = x.shape[1], y.shape[1]
    # The intercepts' own tiny penalty only picks one of the equivalent solutions.
    ridge = np.repeat([penalty] * (n_inputs - 1) + [1e-6], n_classes)
    solution = np.zeros(n_inputs * n_classes)

    def likelihoods(at: NDArray[np.float64]) -> NDArray[np.float64]:
        logits = x @ at.reshape(n_inputs, n_classes)
        logits -= logits.max(axis=1, keepdims=True)
        normed: NDArray[np.float64] = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        return normed

    def loss(at: NDArray[np.float64]) -> float:
        return float(-(weight[:, None] * y * likelihoods(at)).sum() + 0.5 * (ridge * at**2).sum())

    for _ in range(100):
        p = np.exp(likelihoods(solution))
        gradient = (x.T @ (weight[:, None] * (p - y))).ravel() + ridge * solution
        curve = np.einsum("n,na,nb,nc,cd->acbd", weight, x, x, p, np.eye(n_classes), optimize=True)
        curve -= np.einsum("n,na,nb,nc,nd->acbd", weight, x, x, p, p, optimize=True)
        step = np.linalg.solve(curve.reshape(len(solution), -1) + np.diag(ridge), gradient)
        length = 1.0
        while loss(solution - length * step) > loss(solution) and length > 1e-6:
            length /= 2
        solution = solution - length * step
        if np.abs(step).max() < 1e-9:
            break
    return solution.reshape(n_inputs, n_classes)


def worsen(random: np.random.Generator, ed: LabelMap, es: LabelMap) -> tuple[LabelMap, LabelMap]:
    """Labels (x, y, z) at ED and ES with faults: borders a pixel off, an outermost slice lost."""
    return _worsened(random, ed), _worsened(random, es)


def _worsened(random: np.random.Generator, labels: LabelMap) -> LabelMap:
    labels = labels.copy()
    for z in range(labels.shape[2]):
        plane = labels[..., z]
        for structure, over in ((LV, (MYO,)), (MYO, (LV,)), (MYO, (0,)), (RV, (0,))):
            fault = random.random()
            if fault < 0.2:  # it takes a pixel's width from its neighbour
                plane[_next_to(plane == structure) & np.isin(plane, over)] = structure
            elif fault < 0.3 and 0 in over:  # or loses one to the background
                plane[_next_to(plane == 0) & (plane == structure)] = 0
    occupied = np.flatnonzero((labels == LV).any(axis=(0, 1)))
    for end in occupied[[0, -1]] if len(occupied) > 4 else ():
        if random.random() < 0.15:
            labels[..., end] = 0
    return labels


def _next_to(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Pixels of a plane with one of ``mask`` above, below, left or right."""
    padded = np.pad(mask, 1)
    near: NDArray[np.bool_] = padded[2:, 1:-1] | padded[:-2, 1:-1] | padded[1:-1, 2:] | padded[1:-1, :-2]
    return near


def _named(names: list[str], values: NDArray[np.float64]) -> dict[str, float]:
    return {name: _short(value) for name, value in zip(names, values, strict=True)}


def _short(value: float) -> float:
    """Five digits: enough, and to be read."""
    return float(f"{value:.5g}")
