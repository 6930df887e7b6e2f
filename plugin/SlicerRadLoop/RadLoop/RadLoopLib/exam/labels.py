"""The three structures, as every part of radloop names, numbers, codes and colours them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Label:
    """name is also the segment's id; value is the voxel's; code is SNOMED CT's; rgb is 0 to 1."""

    name: str
    value: int
    code: str
    meaning: str
    rgb: tuple[float, float, float]


# The left ventricle is its cavity: the blood, without the muscle around it.
LABELS = (
    Label("RV", 1, "53085002", "Right ventricle", (0.31, 0.59, 0.90)),
    Label("MYO", 2, "49848007", "Myocardium of left ventricle", (0.31, 0.78, 0.47)),
    Label("LV", 3, "87878005", "Left ventricle", (0.86, 0.24, 0.24)),
)


def label_info() -> list[dict[str, Any]]:
    """The labels as a MONAI Label client sends them with a label file."""
    return [{"name": label.name, "idx": label.value} for label in LABELS]
