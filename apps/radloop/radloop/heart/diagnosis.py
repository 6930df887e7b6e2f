"""Five groups of hearts, told apart by a linear model that can be read."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from radloop.answers import Diagnosis
from radloop.answers.heart import GROUPS, Group
from radloop.refusal import Refusal


@dataclass(frozen=True)
class DiagnosisModel:
    """Multinomial logistic regression on standardised features.

    ``logit[class] = intercept[class] + sum over features of coefficients[class][feature] * (value - centre) / scale``;
    ``fitted_on`` says on what, in words and numbers.
    """

    classes: list[Group]
    features: list[str]
    centre: list[float]
    scale: list[float]
    coefficients: dict[Group, list[float]]
    intercept: dict[Group, float]
    fitted_on: dict[str, str | int | float]

    @classmethod
    def load(cls, path: Path | str) -> "DiagnosisModel":
        """Raises ``Refusal("BAD_DIAGNOSIS_MODEL")`` where the file is no such model."""
        try:
            model = cls(**json.loads(Path(path).read_text()))
            fits = set(model.classes) == set(model.coefficients) == set(model.intercept) <= set(GROUPS) and all(
                len(row) == len(model.features) for row in (model.centre, model.scale, *model.coefficients.values())
            )
        except (OSError, ValueError, TypeError, AttributeError):
            fits = False
        if not fits:
            raise Refusal("BAD_DIAGNOSIS_MODEL", f"{path} is not a diagnosis model.")
        return model

    def save(self, path: Path | str) -> None:
        Path(path).write_text(json.dumps(asdict(self), indent=1) + "\n")

    def apply(self, features: dict[str, float]) -> Diagnosis:
        """The most probable group of a heart with these features."""
        values = np.array([features[name] for name in self.features])
        # Far outside what was seen a linear model is certain of anything: four spreads are far enough.
        standard = np.clip((values - self.centre) / np.array(self.scale), -4, 4)
        logits = np.array([self.intercept[c] + np.dot(self.coefficients[c], standard) for c in self.classes])
        likely = np.exp(logits - logits.max())
        probabilities = dict(zip(self.classes, (likely / likely.sum()).tolist(), strict=True))
        return Diagnosis(label=self.classes[int(np.argmax(logits))], probabilities=probabilities)
