"""What speaks against the figures of a label map: each doubt is a warning, none changes a figure."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from radloop.answers import Warning
from radloop.heart.volumes import LV, MYO
from radloop.images.picture import LabelMap

# Measured on the labels of 80 ACDC exams. The last slice at the apex has an LV of more than a fifth of the
# largest slice in 25 % of exams as they are, and in 94 % with one slice taken away; the first slice at the
# base has an LV at both phases and of more than 0.8 of the largest in about half, and in 9 of 10 with one
# slice taken away. A stack that passes both tests shows both ends of the ventricle.
APEX_SHARE = 0.2
BASE_SHARE = 0.8

# From one frame to the next the LV changes by a tenth of its EDV at most, and smoothly.
UNEVEN_SHARE = 0.12
FRAMES_FOR_UNEVENNESS = 16


def doubts(label: LabelMap, lv: NDArray[np.float64], rv: NDArray[np.float64], ed: int, es: int) -> Iterator[Warning]:
    """Warnings about a labelled cine (x, y, z, t), its LV and RV volumes (t,) in any unit; ED and ES count from 0."""
    if not rv[ed]:
        yield Warning(code="NO_RV", text="No right ventricle was found at end diastole: its figures are left out.")
    if not (label[..., ed] == MYO).any():
        yield Warning(code="NO_MYO", text="No myocardium was found at end diastole: the mass is left out.")
    if stack_may_miss_an_end(label[..., ed], label[..., es]):
        yield Warning(
            code="STACK_MAY_MISS_BASE_OR_APEX",
            text="The left ventricle reaches the first or last slice: volumes may be too small.",
        )
    if not lv.all():
        frames = ", ".join(str(i + 1) for i in np.flatnonzero(lv == 0))
        yield Warning(code="EMPTY_FRAMES", text=f"No left ventricle was found in frame {frames}.")
    if uneven(lv):
        yield Warning(
            code="UNEVEN_VOLUMES",
            text="The left ventricle's volume jumps from one frame to the next: a frame may be wrongly segmented.",
        )
    ef = 100 * (1 - lv[es] / lv[ed])
    if not 5 <= ef <= 90:
        yield Warning(code="IMPLAUSIBLE_EF", text=f"A left-ventricular EF of {ef:.0f} % is hardly possible.")
    if rv[es] > rv[ed] > 0:
        yield Warning(code="IMPLAUSIBLE_RV_EF", text="The right ventricle is larger at end systole: it has no EF.")


def stack_may_miss_an_end(ed: LabelMap, es: LabelMap) -> bool:
    """Whether the LV in the outermost slices of (x, y, z) labels at ED and ES is still as large as inside a heart.

    The base is the end where the LV is larger at ED, whatever the order of slices. Past the base there is
    no LV; in the last slice before it there is one at ED, and at ES, when the valve has moved towards the
    apex, the atrium takes its place. Towards the apex the LV tapers off.
    """
    ed_area, es_area = (np.count_nonzero(labels == LV, axis=(0, 1)) for labels in (ed, es))
    largest = ed_area.max()
    if len(ed_area) == 1:
        return bool(largest)
    occupied = np.flatnonzero(ed_area)
    base, apex = (0, -1) if ed_area[occupied[0]] >= ed_area[occupied[-1]] else (-1, 0)
    return bool((ed_area[base] > BASE_SHARE * largest and es_area[base]) or ed_area[apex] > APEX_SHARE * largest)


def uneven(lv: NDArray[np.float64]) -> bool:
    """Whether a frame's volume is far from the mean of its neighbours'."""
    if len(lv) < FRAMES_FOR_UNEVENNESS:
        return False
    off = lv[1:-1] - (lv[:-2] + lv[2:]) / 2
    return bool(np.abs(off).max() > UNEVEN_SHARE * lv.max())
