"""What a model says about a picture."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from radloop.images import LabelMap


@dataclass(frozen=True)
class Prediction:
    """``label`` (x, y, z, t) on the cine's own grid, and which model drew it."""

    label: LabelMap
    model: str
    model_version: str


@dataclass(frozen=True)
class Reading:
    """``probabilities`` of every class: sum 1, also when ``abstained``; none where the network was not asked.

    ``label`` by the operating threshold, None when abstained; ``reason`` one sentence then, "" otherwise; ``heat_map``
    (x, y) 0 to 1 where it was asked for.
    """

    probabilities: dict[str, float]
    label: str | None
    abstained: bool
    reason: str
    heat_map: NDArray[np.float32] | None = None
