"""From logits to probabilities that mean what they say, at a stated prior, and a threshold for the label."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cxr_classifier_code.figures import sensitivity_specificity

# Width, in logits, over which neighbouring films say where two classes part: steadier with few films.
SMOOTHING = 0.5


def fit_temperature(logits: Tensor, labels: Tensor) -> tuple[float, list[float]]:
    """Temperature and a shift for each class (the first 0), by the likelihood of films, every class weighing alike.

    ``logits`` (N, K), ``labels`` (N,). Equal weights make the prior of every class 1 / K (Guo et al. 2017,
    arXiv:1706.04599, for the temperature). A slight pull towards 1 and 0 keeps few or separable films from extremes.
    """
    classes = logits.shape[1]
    count = torch.bincount(labels, minlength=classes).clamp(min=1).double()
    weight = (1 / (classes * count))[labels]
    log_scale = torch.zeros((), dtype=torch.double, requires_grad=True)
    shifts = torch.zeros(classes - 1, dtype=torch.double, requires_grad=True)
    search = torch.optim.LBFGS([log_scale, shifts], max_iter=200, line_search_fn="strong_wolfe")
    fixed = logits.double()

    def closure() -> Tensor:
        search.zero_grad()
        scaled = fixed * log_scale.exp() + torch.cat((torch.zeros(1, dtype=torch.double), shifts))
        loss = (weight * torch.nn.functional.cross_entropy(scaled, labels, reduction="none")).sum()
        loss = loss + (log_scale.square() + 0.1 * shifts.square().sum()) / len(labels)
        loss.backward()
        return loss.detach()

    search.step(closure)
    return float((-log_scale).exp()), [0.0, *shifts.tolist()]


def log_odds(logits: NDArray[np.floating], calibration: dict[str, Any]) -> NDArray[np.float64]:
    """Calibrated logits (N, K): divided by the temperature, shifted. ``bias`` is the second class's, or one a class."""
    bias = calibration["bias"]
    shifts = np.array([0.0, bias] if isinstance(bias, int | float) else bias)
    return np.asarray(logits, np.float64) / calibration["temperature"] + shifts


def probabilities(logits: NDArray[np.floating], calibration: dict[str, Any]) -> NDArray[np.float64]:
    """(N, K), each row summing to one."""
    shifted = log_odds(logits, calibration)
    powers = np.exp(shifted - shifted.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def best_threshold(score: NDArray[np.float64], positive: NDArray[np.bool_], sensitivity: float | None = None) -> float:
    """The log odds from which a film is called positive.

    Where balanced accuracy is highest; or, with ``sensitivity``, where that share of the positive films is found. The
    latter depends on positive films alone.
    """
    if sensitivity is not None:
        return float(np.quantile(score[positive], 1 - sensitivity))
    places = torch.from_numpy(np.linspace(score.min(), score.max(), 400))
    missed = torch.special.ndtr((places[:, None] - torch.from_numpy(score[positive])) / SMOOTHING).mean(dim=1)
    false = torch.special.ndtr((torch.from_numpy(score[~positive]) - places[:, None]) / SMOOTHING).mean(dim=1)
    return float(places[(missed + false).argmin()])


def calibrate(
    logits: Tensor, labels: Tensor, classes: Sequence[str], sensitivity: float | None = None
) -> dict[str, Any]:
    """The calibration as it stands in ``metadata.json``, without abstention; from films of the validation part."""
    temperature, shifts = fit_temperature(logits, labels)
    two = len(classes) == 2
    calibration: dict[str, Any] = {
        "classes": list(classes),
        "positive": classes[1] if two else None,
        "temperature": round(temperature, 4),
        "bias": round(shifts[1], 4) if two else [round(shift, 4) for shift in shifts],
        "prior": round(1 / len(classes), 4),
        "threshold": None,
        "sensitivity": None,
        "specificity": None,
    }
    if two:
        shifted = log_odds(logits.numpy(), calibration)
        score, positive = shifted[:, 1] - shifted[:, 0], labels.numpy() == 1
        threshold = best_threshold(score, positive, sensitivity)
        found = sensitivity_specificity(positive, score >= threshold)
        calibration["threshold"] = round(1 / (1 + np.exp(-threshold)), 4)
        calibration["sensitivity"], calibration["specificity"] = (round(share, 4) for share in found)
    return calibration


def load_calibration(bundle_root: str, variant: str, file: str = "") -> dict[str, Any]:
    """That of a variant in the bundle's ``metadata.json``, or that in ``file``, which a training of one's own wrote."""
    if file:
        own: dict[str, Any] = json.loads(Path(file).read_text())
        return own
    variants = json.loads((Path(bundle_root) / "configs" / "metadata.json").read_text())["classification"]
    if variant not in variants:
        raise ValueError(f"{variant}: no such variant; there are {', '.join(variants)}")
    chosen: dict[str, Any] = variants[variant]
    return chosen
