"""What is said about a cine of a heart: ``measurements.json`` and the JSON part of ``/infer``.

Frames count from 1. Unknown is null, with a warning that says why.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Group = Literal["DCM", "HCM", "MINF", "NOR", "RV"]
GROUPS: tuple[Group, ...] = ("DCM", "HCM", "MINF", "NOR", "RV")


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, protected_namespaces=())


class Warning(_Answer):
    """Something a reader of the figures must know, with a stable code and a sentence for people."""

    code: str
    text: str


class Curves(_Answer):
    """Volumes in mL, one a frame."""

    lv_ml: list[float]
    rv_ml: list[float]
    myo_ml: list[float]


class Diagnosis(_Answer):
    """One of five groups, and how probable each is (they sum to 1)."""

    label: Group
    probabilities: dict[Group, float]


class Measurements(_Answer):
    """Volumes in mL, mass in g, ejection fractions in percent points (0 to 100)."""

    image: str
    model: str | None
    model_version: str | None
    n_frames: int
    spacing_mm: tuple[float, float, float] | None = Field(description="x, y, z; null where the file does not say")
    times_ms: list[float] | None
    ed_frame: int | None
    es_frame: int | None
    lv_edv_ml: float | None
    lv_esv_ml: float | None
    lv_sv_ml: float | None
    lv_ef: float | None
    rv_edv_ml: float | None
    rv_esv_ml: float | None
    rv_sv_ml: float | None
    rv_ef: float | None
    lv_mass_g: float | None
    curves: Curves | None
    diagnosis: Diagnosis | None
    warnings: list[Warning]
    research_use_only: Literal[True] = True
