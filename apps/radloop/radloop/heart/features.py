"""What tells five groups of hearts apart, in numbers that have no unit.

Nothing here knows the size of a voxel, of the body, or the number and distance of slices: these
differ between groups for reasons that have nothing to do with the heart (in ACDC most stacks of 5 mm
are of the RV group). Slices enter by their place between apex and base, not by their count.
"""

import numpy as np
from numpy.typing import NDArray

from radloop.heart.volumes import LV, MYO, RV
from radloop.images.picture import LabelMap
from radloop.refusal import Refusal

# Places between the outer face of the first (0) and of the last (1) slice with an LV at ED. The ends are
# left out: whether the outermost slices are labelled at all differs from reader to reader.
LEVELS = np.linspace(0.2, 0.8, 7)
SECTORS = 16

Floats = NDArray[np.float64]


def features(ed: LabelMap, es: LabelMap, spacing_mm: tuple[float, float, float] | None = None) -> dict[str, float]:
    """Features of a heart from its labels (x, y, z) at ED and ES, by name.

    ``spacing_mm`` serves for the aspect of a pixel only; without it pixels are taken as square.

    The wall is measured as in a bull's eye: per level and per sector around the centre of the cavity,
    radii from areas (of a sector's part of cavity and wall), divided by the mean outer radius at ED.

    - ``lv_ef``, ``rv_ef``: ejected parts (0 to 1).
    - ``rv_to_lv_ed``, ``rv_to_lv_es``: logarithm of the ratio of cavity volumes.
    - ``wall_to_lv_ed``, ``wall_to_lv_es``: logarithm of the ratio of myocardium to cavity.
    - ``wall_mean``, ``wall_thickest``, ``wall_thinnest``: thickness at ED (mean, 95th and 5th percentile);
      ``wall_unevenness``: its spread over the mean.
    - ``wall_es_thickest``, ``wall_es_thinnest``, ``wall_es_unevenness``: the same at ES.
    - ``inward_mean``, ``inward_least``, ``inward_unevenness``: how far the inner border moves inwards, as a
      part of the inner radius (mean, 10th percentile, spread): the part that doesn't move is the infarct's.
    - ``thickening_mean``, ``thickening_least``: growth of the wall, over the outer radius.
    - ``lv_oblong_ed``, ``lv_oblong_es``: how far the cavity is from round; a loaded RV flattens it.
    - ``rv_area_ed``: RV area over the area inside the LV's outer border, at the same levels.

    Raises ``Refusal("NO_FEATURES")`` where a structure is missing or there are fewer than three slices with an LV.
    """
    pixel = (spacing_mm[0], spacing_mm[1]) if spacing_mm else (1.0, 1.0)
    volumes = {
        (phase, structure): float(np.count_nonzero(labels == structure))
        for phase, labels in (("ed", ed), ("es", es))
        for structure in (RV, MYO, LV)
    }
    slices = np.flatnonzero(((ed == LV).any(axis=(0, 1))) & ((ed == MYO).any(axis=(0, 1))))
    if len(slices) < 3 or not all(volumes.values()):
        raise Refusal("NO_FEATURES", "A diagnosis needs RV, myocardium and LV at ED and ES, in three slices at least.")

    def log_ratio(phase: str, a: int, b: int) -> float:
        return float(np.log(volumes[phase, a] / volumes[phase, b]))

    first, last = slices[0], slices[-1]
    at = first - 0.5 + (last + 1 - first) * LEVELS
    inner, outer, oblong = _profile(ed, at, pixel)
    inner_es, outer_es, oblong_es = _profile(es, at, pixel)
    scale = float(outer.mean())
    wall, wall_es = (outer - inner) / scale, (outer_es - inner_es) / scale
    inward = (inner - inner_es) / np.maximum(inner, 0.1 * scale)
    # One sector's own border is noise; an infarct spans several.
    inward, thickening = _smooth(inward), _smooth(wall_es - wall)
    rv_area = _at_levels(np.count_nonzero(ed == RV, axis=(0, 1)).astype(float), at)
    heart_area = _at_levels(np.count_nonzero((ed == LV) | (ed == MYO), axis=(0, 1)).astype(float), at)
    return {
        "lv_ef": 1 - volumes["es", LV] / volumes["ed", LV],
        "rv_ef": 1 - volumes["es", RV] / volumes["ed", RV],
        "rv_to_lv_ed": log_ratio("ed", RV, LV),
        "rv_to_lv_es": log_ratio("es", RV, LV),
        "wall_to_lv_ed": log_ratio("ed", MYO, LV),
        "wall_to_lv_es": log_ratio("es", MYO, LV),
        "wall_mean": float(wall.mean()),
        "wall_thickest": float(np.percentile(wall, 95)),
        "wall_thinnest": float(np.percentile(wall, 5)),
        "wall_unevenness": float(wall.std() / wall.mean()),
        "wall_es_thickest": float(np.percentile(wall_es, 95)),
        "wall_es_thinnest": float(np.percentile(wall_es, 5)),
        "wall_es_unevenness": float(wall_es.std() / max(wall_es.mean(), 1e-3)),
        "inward_mean": float(inward.mean()),
        "inward_least": float(np.percentile(inward, 10)),
        "inward_unevenness": float(inward.std()),
        "thickening_mean": float(thickening.mean()),
        "thickening_least": float(np.percentile(thickening, 10)),
        "lv_oblong_ed": float(oblong.mean()),
        "lv_oblong_es": float(oblong_es.mean()),
        "rv_area_ed": float((rv_area / np.maximum(heart_area, 1)).mean()),
    }


def _profile(labels: LabelMap, at: Floats, pixel: tuple[float, float]) -> tuple[Floats, Floats, Floats]:
    """Inner and outer radius (level, sector) and oblongness (level,) at the levels ``at``, in slices from 0."""
    n_slices = labels.shape[2]
    inner, outer = np.zeros((n_slices, SECTORS)), np.zeros((n_slices, SECTORS))
    oblong = np.zeros(n_slices)
    known = np.zeros(n_slices, bool)
    for z in range(n_slices):
        plane = labels[..., z]
        heart = np.argwhere((plane == MYO) | (plane == LV))
        cavity = np.argwhere(plane == LV)
        if len(heart) == 0:
            continue
        known[z] = True
        x, y = (heart - heart.mean(axis=0)).T * np.array(pixel)[:, None]
        inside = plane[tuple(heart.T)] == LV
        turn = np.arctan2(y, x) / (2 * np.pi) * SECTORS
        inner[z], outer[z] = (_radii(turn, chosen) * np.sqrt(pixel[0] * pixel[1]) for chosen in (inside, inside | True))
        oblong[z] = _oblongness(cavity * np.array(pixel))
    if not known.any():
        raise Refusal("NO_FEATURES", "A diagnosis needs the myocardium at ED and ES.")
    return (
        np.stack([_at_levels(inner[:, s], at, known) for s in range(SECTORS)], axis=1),
        np.stack([_at_levels(outer[:, s], at, known) for s in range(SECTORS)], axis=1),
        _at_levels(oblong, at, known),
    )


def _radii(turn: Floats, chosen: NDArray[np.bool_]) -> Floats:
    """Radius of a disc sector of the same area, per sector, in pixels; a pixel is shared by two neighbours."""
    low = np.floor(turn)
    share = turn - low
    area = np.zeros(SECTORS)
    np.add.at(area, low[chosen].astype(int) % SECTORS, 1 - share[chosen])
    np.add.at(area, (low[chosen].astype(int) + 1) % SECTORS, share[chosen])
    radii: Floats = np.sqrt(2 * area * SECTORS / (2 * np.pi))
    return radii


def _oblongness(points_mm: Floats) -> float:
    """Logarithm of long over short axis of the ellipse with the same second moments; 0 for few points."""
    if len(points_mm) < 6:
        return 0.0
    short, long = np.linalg.eigvalsh(np.cov(points_mm.T))
    return float(0.5 * np.log(long / max(short, 1e-6 * long)))


def _at_levels(values: Floats, at: Floats, known: NDArray[np.bool_] | None = None) -> Floats:
    z = np.arange(len(values)) if known is None else np.flatnonzero(known)
    drawn: Floats = np.interp(at, z, values[z])
    return drawn


def _smooth(sectors: Floats) -> Floats:
    """Mean of each sector and its two neighbours around the ring: (level, sector)."""
    mean: Floats = (np.roll(sectors, 1, axis=1) + sectors + np.roll(sectors, -1, axis=1)) / 3
    return mean
