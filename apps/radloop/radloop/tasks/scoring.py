"""How far two labels of the same image agree: what a model drew, and what a person submitted."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from radloop.images import read_label
from radloop.learning.agreement import dice_of_structures
from radloop.learning.fine_tuning import Progress
from radloop.refusal import Refusal

DICE = "Dice of the model's label (tag original) against the submitted one (tag final)"


def dice_of(submitted: Path, predicted: Path) -> dict[str, float]:
    """Dice of each structure and their mean as ``dice``, 0 to 1. Raises ``Refusal`` where the two do not fit."""
    one, other = read_label(submitted), read_label(predicted)
    if one.shape != other.shape:
        raise Refusal("LABEL_GRID", f"{submitted.name}: the two labels differ in shape.")
    found = dice_of_structures(one, other)
    return {"dice": sum(found.values()) / len(found)} | found


class ScoreService:
    """What a job's process answers: ``score`` with ``cases`` (image, submitted, predicted: files)."""

    def __init__(self) -> None:
        self.facts: dict[str, Any] = {}

    def answer(self, what: str, arguments: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
        scores: dict[str, dict[str, float]] = {}
        left_out: dict[str, str] = {}
        cases = arguments["cases"]
        for number, (image, submitted, predicted) in enumerate(cases):
            progress(number / len(cases), f"{number} of {len(cases)} images")
            try:
                scores[image] = dice_of(Path(submitted), Path(predicted))
            except Refusal as refusal:
                left_out[image] = refusal.sentence
        return {"images": scores, "left_out": left_out}


def open(options: dict[str, Any]) -> ScoreService:
    return ScoreService()
