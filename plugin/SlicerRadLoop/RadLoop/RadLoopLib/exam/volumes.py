"""Volumes and ejection fractions of a corrected label map, by the rules of the server's own figures.

Only for what a person changes in the scene; everything else in the table is what the server said.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .cine import Array, LabelMap
from .labels import LABELS

MYOCARDIUM_G_PER_ML = 1.05  # Schulz-Menger et al. 2020, doi:10.1186/s12968-020-00610-6; as the server has it
_KEYS = (
    *(f"{side}_{figure}" for side in ("lv", "rv") for figure in ("edv_ml", "esv_ml", "sv_ml", "ef")),
    *("lv_mass_g", "ed_frame", "es_frame", "curves"),
)


def voxel_counts(frame: Array) -> dict[str, int]:
    """Voxels of each structure in one frame ``(k, j, i)``."""
    return {label.name: int(np.count_nonzero(frame == label.value)) for label in LABELS}


def figures_of(counts: Sequence[dict[str, int]], spacing_mm: Sequence[float] | None) -> dict[str, Any]:
    """The keys of the server's measurements that follow from voxel counts, one a frame.

    ED and ES are the frames of the largest and, beside it, the smallest LV volume, the first of equals; the RV and
    the mass are taken there. Volumes in mL, mass in g, EF in percent points; None for what is not known.
    """
    lv, rv, myo = (np.array([c[name] for c in counts], float) for name in ("LV", "RV", "MYO"))
    voxel_ml = float(np.prod(spacing_mm)) / 1000.0 if spacing_mm else None
    figures: dict[str, Any] = dict.fromkeys(_KEYS)
    if not lv.any():
        return figures
    if voxel_ml is not None:
        figures["curves"] = {
            f"{name}_ml": (v * voxel_ml).tolist() for name, v in (("lv", lv), ("rv", rv), ("myo", myo))
        }
    if len(lv) == 1:
        return figures
    ed = int(np.argmax(lv))
    es = int(np.argmin(np.where(np.arange(len(lv)) == ed, np.inf, lv)))
    figures["ed_frame"], figures["es_frame"] = ed + 1, es + 1
    for side, voxels in (("lv", lv), ("rv", rv)):
        full, rest = float(voxels[ed]), float(voxels[es])
        if full == 0:
            continue
        ejects = rest <= full  # the RV's own phases may differ from the LV's, but not by so much
        figures[f"{side}_ef"] = 100 * (full - rest) / full if ejects else None
        if voxel_ml is not None:
            figures[f"{side}_edv_ml"], figures[f"{side}_esv_ml"] = full * voxel_ml, rest * voxel_ml
            figures[f"{side}_sv_ml"] = (full - rest) * voxel_ml if ejects else None
    if voxel_ml is not None and myo[ed]:
        figures["lv_mass_g"] = float(myo[ed]) * voxel_ml * MYOCARDIUM_G_PER_ML
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
