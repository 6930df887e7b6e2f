"""Five groups of hearts, told apart by a linear model that can be read."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from radloop.answers import Diagnosis
from radloop.answers.heart import GROUPS, Group
from radloop.images import replace_whole
from radloop.refusal import Refusal

FARTHEST = 4.0


@dataclass(frozen=True)
class DiagnosisModel:
    """Multinomial logistic regression on standardised features.

    ``logit[group] = intercept[group] + sum over features of
    coefficients[group][feature] * (value - centre[feature]) / scale[feature]``;
    ``fitted_on`` says on what, in words and numbers.
    """

    centre: dict[str, float]
    scale: dict[str, float]
    coefficients: dict[Group, dict[str, float]]
    intercept: dict[Group, float]
    fitted_on: dict[str, str | int | float]

    @classmethod
    def load(cls, path: Path | str) -> "DiagnosisModel":
        """Raises ``Refusal("BAD_DIAGNOSIS_MODEL")`` where the file is no such model."""
        try:
            model = cls(**json.loads(Path(path).read_text()))
            names, groups = set(model.centre), set(model.intercept)
            fits = groups == set(model.coefficients) <= set(GROUPS) and all(
                set(row) == names for row in (model.scale, *model.coefficients.values())
            )
        except (OSError, ValueError, TypeError, AttributeError):
            fits = False
        if not fits:
            raise Refusal("BAD_DIAGNOSIS_MODEL", f"{path} is not a diagnosis model.")
        return model

    def save(self, path: Path | str) -> None:
        with replace_whole(Path(path)) as temporary:
            temporary.write_text(json.dumps(asdict(self), indent=1) + "\n")

    def apply(self, features: dict[str, float]) -> Diagnosis:
        """The most probable group of a heart with these features."""
        # Far outside what was seen a linear model is certain of anything: four spreads are far enough.
        standard = {
            name: max(-FARTHEST, min(FARTHEST, (features[name] - centre) / self.scale[name]))
            for name, centre in self.centre.items()
        }
        groups = list(self.intercept)
        logits = np.array(
            [self.intercept[g] + sum(self.coefficients[g][name] * v for name, v in standard.items()) for g in groups]
        )
        likely = np.exp(logits - logits.max())
        probabilities = dict(zip(groups, (likely / likely.sum()).tolist(), strict=True))
        return Diagnosis(label=groups[int(np.argmax(logits))], probabilities=probabilities)
