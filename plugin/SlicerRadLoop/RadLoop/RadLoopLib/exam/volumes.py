"""Volumes and ejection fractions of a corrected label map, by the rules of the server's own figures.

Only for what a person changes in the scene; everything else in the table is what the server said.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .cine import Array, LabelMap
from .labels import LABELS

MYOCARDIUM_G_PER_ML = 1.05  # Kramer et al., JCMR 2020;22:17 (SCMR post-processing), left-ventricular mass


def voxel_counts(frame: Array) -> dict[str, int]:
    """Voxels of each structure in one frame ``(k, j, i)``."""
    count = np.bincount(frame.ravel(), minlength=4)
    return {label.name: int(count[label.value]) for label in LABELS}


def figures_of(counts: Sequence[dict[str, int]], spacing_mm: Sequence[float]) -> dict[str, Any]:
    """The keys of the server's measurements that follow from voxel counts, one a frame.

    ED and ES are the frames of the largest and smallest LV volume; the RV and the mass are taken there. Volumes in
    mL, mass in g, EF in percent points; None where there is no cavity.
    """
    voxel_ml = float(np.prod(spacing_mm)) / 1000.0
    curves = {name: [c[name] * voxel_ml for c in counts] for name in ("LV", "RV", "MYO")}
    lv, rv, myo = curves["LV"], curves["RV"], curves["MYO"]
    figures: dict[str, Any] = {"curves": {"lv_ml": lv, "rv_ml": rv, "myo_ml": myo}}
    heart = max(lv) > 0
    ed, es = (int(np.argmax(lv)), int(np.argmin(lv))) if heart else (None, None)
    figures["ed_frame"] = None if ed is None else ed + 1
    figures["es_frame"] = None if es is None else es + 1
    for side, curve in (("lv", lv), ("rv", rv)):
        edv, esv = (curve[ed], curve[es]) if ed is not None and es is not None else (None, None)
        sv = None if edv is None or esv is None else edv - esv
        figures[f"{side}_edv_ml"], figures[f"{side}_esv_ml"], figures[f"{side}_sv_ml"] = edv, esv, sv
        figures[f"{side}_ef"] = 100.0 * sv / edv if sv is not None and edv else None
    figures["lv_mass_g"] = None if ed is None else myo[ed] * MYOCARDIUM_G_PER_ML
    return figures


def measurements_of(labels: LabelMap, image: str, times_ms: Sequence[float] | None) -> dict[str, Any]:
    """Measurements of a label that no model stands behind, in the server's words."""
    spacing_mm = np.linalg.norm(labels.ijk_to_ras[:3, :3], axis=0).tolist()
    return {
        "image": image,
        "model": None,
        "model_version": None,
        "n_frames": len(labels.voxels),
        "spacing_mm": spacing_mm,
        "times_ms": None if times_ms is None else list(times_ms),
        **figures_of([voxel_counts(frame) for frame in labels.voxels], spacing_mm),
        "diagnosis": None,
        "warnings": [],
        "research_use_only": True,
    }
