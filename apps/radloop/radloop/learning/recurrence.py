"""What the recurrence contributes: the same cine with time taken away from the network in two ways."""

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from radloop.heart import volume_curves
from radloop.images import Cine, LabelMap, read_cine, read_label
from radloop.learning.agreement import dice_of_structures
from radloop.models import Bundle


def flicker(volume: NDArray[np.float64]) -> float:
    """Mean absolute second difference over the cycle, in per cent of the stroke volume.

    A smooth curve of n frames has little; noise from frame to frame has much.
    """
    stroke = float(volume.max() - volume.min())
    if stroke <= 0:
        return 0.0
    second = np.roll(volume, -1) - 2 * volume + np.roll(volume, 1)
    return 100 * float(np.abs(second).mean()) / stroke


def compare(folder: Path, bundle: Bundle) -> dict[str, dict[str, float]]:
    """Mean Dice on the two labelled frames and flicker of the LV and RV curves, by variant."""
    cine = read_cine(folder / "cine.nii.gz")
    shuffled = np.random.default_rng(0).permutation(cine.n_frames)
    mixed = Cine(cine.voxels[..., shuffled], cine.affine, spacing_known=cine.spacing_known)
    unmixed = np.argsort(shuffled)
    answers = {
        "as it is": bundle.predict(cine).label,
        "frames shuffled": bundle.predict(mixed).label[..., unmixed],
    }
    with bundle.memory_off():
        answers["state zeroed"] = bundle.predict(cine).label
    return {variant: _judge(folder, cine, label) for variant, label in answers.items()}


def _judge(folder: Path, cine: Cine, label: LabelMap) -> dict[str, float]:
    info = json.loads((folder / "info.json").read_text())
    values = []
    for phase in ("ed", "es"):
        frame = int(info[f"{phase}_frame"])
        reference = read_label(folder / f"cine_{phase}_gt.nii.gz")
        values += list(dice_of_structures(label[..., frame - 1 : frame], reference).values())
    rv, _, lv = volume_curves(label)
    return {
        "dice": float(np.mean(values)),
        "flicker": float(np.mean([flicker(lv), flicker(rv)])),
    }
