"""The three structures, as every part of radloop names, numbers, codes and colours them."""

from __future__ import annotations

from dataclasses import dataclass, replace
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
    Label("RV", 1, "53085002", "Right ventricle", (66 / 255, 135 / 255, 245 / 255)),
    Label("MYO", 2, "49848007", "Myocardium of left ventricle", (245 / 255, 197 / 255, 66 / 255)),
    Label("LV", 3, "87878005", "Left ventricle", (230 / 255, 70 / 255, 70 / 255)),
)


def labels_of(model: dict[str, Any]) -> tuple[Label, ...]:
    """The three structures with the codes and colours that the server gives them in ``/info/``.

    ``model`` is the entry of the model there; colours are 0 to 255. Names and values are the same on every server;
    one that says nothing of the rest gets ours.
    """
    said = {detail.get("name"): detail for detail in model.get("label_details") or [] if isinstance(detail, dict)}
    return tuple(_as_said(label, said.get(label.name) or {}) for label in LABELS)


def _as_said(label: Label, detail: dict[str, Any]) -> Label:
    colour = detail.get("colour") or [round(255 * c) for c in label.rgb]
    red, green, blue = (c / 255 for c in colour)
    return replace(
        label,
        code=detail.get("code") or label.code,
        meaning=detail.get("meaning") or label.meaning,
        rgb=(red, green, blue),
    )


def label_info() -> list[dict[str, Any]]:
    """The labels as a MONAI Label client sends them with a label file."""
    return [{"name": label.name, "idx": label.value} for label in LABELS]
