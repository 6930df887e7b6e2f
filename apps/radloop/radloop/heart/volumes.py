"""Volumes from label maps, the two phases that matter, and the ejection fraction."""

import numpy as np
from numpy.typing import NDArray

from radloop.images.picture import LabelMap

RV, MYO, LV = 1, 2, 3

MYOCARDIUM_G_PER_ML = 1.05
"""Density of heart muscle, as usual in cardiac MR (Schulz-Menger et al. 2020, doi:10.1186/s12968-020-00610-6)."""


def volume_curves(label: LabelMap, voxel_ml: float = 1.0) -> NDArray[np.float64]:
    """Volume of RV, myocardium and LV (rows, in this order) in every frame: (3, t), in mL.

    ``label`` (x, y, z, t). A volume is a sum of voxels times ``voxel_ml``; without it, a number of voxels.
    Papillary muscles count as the labels have them: where ACDC's convention is kept, as cavity.

    >>> volume_curves(np.full((5, 2, 3, 1), 3, np.uint8), voxel_ml=0.5).tolist()
    [[0.0], [0.0], [15.0]]
    """
    counts = [np.count_nonzero(label == structure, axis=(0, 1, 2)) for structure in (RV, MYO, LV)]
    return np.array(counts, np.float64) * voxel_ml


def ed_index(lv: NDArray[np.float64]) -> int:
    """The first frame with the largest LV volume: end diastole; ``lv`` (t,) in any unit."""
    return int(np.argmax(lv))


def es_index(lv: NDArray[np.float64]) -> int:
    """The first frame with the smallest LV volume, other than end diastole: end systole; ``lv`` (t,), t >= 2.

    In a heart that does not move at all, ED is the first frame and ES the second: EF is 0.
    """
    others = lv.copy()
    others[ed_index(lv)] = np.inf
    return int(np.argmin(others))


def ejection_fraction(edv: float, esv: float) -> float | None:
    """(EDV - ESV) / EDV in percent points; None where the ventricle is empty at end diastole.

    >>> ejection_fraction(120.0, 48.0)
    60.0
    """
    return 100 * (edv - esv) / edv if edv > 0 else None
