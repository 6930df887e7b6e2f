"""The model's answer about a film, from the JSON part of ``/infer``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Answer:
    """Of an abstention nothing is kept but its reason and what the model knows, whatever the server sent.

    classes : all that the model knows, in its order.
    probabilities : class to probability, sum 1; empty when abstained.
    label : the class by the operating threshold; None when abstained.
    positive, threshold : ``label`` is ``positive`` from this probability on; None with more than two classes.
    prior : share of the positive class that the probabilities are calibrated for, or None.
    warnings : (code, sentence).
    """

    classes: tuple[str, ...]
    probabilities: dict[str, float]
    label: str | None
    abstained: bool
    reason: str
    positive: str | None
    threshold: float | None
    prior: float | None
    model_version: str
    heat_map: bool
    warnings: tuple[tuple[str, str], ...]


def answer_of(said: Any) -> Answer:
    """Raises ValueError with a sentence for what is no answer of a classifier."""
    try:
        abstained = said["abstained"]
        if not isinstance(abstained, bool):
            raise TypeError
        probabilities = {} if abstained else {str(name): float(p) for name, p in said["prediction"].items()}
        label = None if abstained else str(said["label"])
        if not abstained and label not in probabilities:
            raise KeyError(label)
        about = {} if abstained else said
        positive = about.get("positive")
        return Answer(
            classes=tuple(str(name) for name in said.get("classes") or probabilities),
            probabilities=probabilities,
            label=label,
            abstained=abstained,
            reason=str(said.get("reason") or "The model does not say why.") if abstained else "",
            positive=None if positive is None else str(positive),
            threshold=_share(about.get("threshold")),
            prior=_share(about.get("prior")),
            model_version=str(said.get("model_version") or ""),
            heat_map=not abstained and said.get("heat_map") is True,
            warnings=tuple((str(one["code"]), str(one["text"])) for one in said.get("warnings") or ()),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError("The server's answer about the film cannot be read.") from error


def _share(value: Any) -> float | None:
    return None if value is None else float(value)
