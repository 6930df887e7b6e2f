"""What a model says about a cine."""

from dataclasses import dataclass

from radloop.images import LabelMap


@dataclass(frozen=True)
class Prediction:
    """``label`` (x, y, z, t) on the cine's own grid, and which model drew it."""

    label: LabelMap
    model: str
    model_version: str
