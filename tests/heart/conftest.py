"""Hearts drawn by formula, for tests: rings and crescents on any grid."""

from collections.abc import Callable

import numpy as np
import pytest

from radloop.heart import LV, MYO, RV
from radloop.images import LabelMap


def draw_heart(
    *,
    inner_mm: float = 25.0,
    wall_mm: float = 9.0,
    rv_mm: float = 26.0,
    spacing_mm: tuple[float, float, float] = (1.5, 1.5, 10.0),
    turn: float = 0.0,
    length_mm: float = 80.0,
    stiff: float = 0.0,
    extent_mm: float = 160.0,
) -> LabelMap:
    """Labels (x, y, z) of a half ellipsoid with a wall and an RV; base first, one empty slice at each end.

    ``stiff`` mm: how much further out the inner border lies in one third of the circle (an infarct at ES).
    """
    sx, sy, sz = spacing_mm
    nx, ny, nz = round(extent_mm / sx), round(extent_mm / sy), round((length_mm + 2 * sz) / sz)
    x, y, z = np.meshgrid(
        (np.arange(nx) - nx / 2) * sx, (np.arange(ny) - ny / 2) * sy, (np.arange(nz) - 1 + 0.5) * sz, indexing="ij"
    )
    x, y = np.cos(turn) * x + np.sin(turn) * y, -np.sin(turn) * x + np.cos(turn) * y
    height = np.clip(z / length_mm, -1, 2)
    taper = np.sqrt(np.maximum(0, 1 - np.maximum(height, 0) ** 2))
    away = np.hypot(x, y)
    scarred = np.abs(np.arctan2(y, x)) < np.pi / 3
    inside = away < inner_mm * taper + stiff * scarred * (taper > 0)
    outer = (inner_mm + wall_mm) * taper
    label = np.zeros(x.shape, np.uint8)
    label[np.hypot(x + outer, y * 0.8) < rv_mm * taper] = RV
    label[away < outer] = MYO
    label[inside & (away < outer)] = LV
    label[(height < 0) | (height > 1)] = 0
    return label


@pytest.fixture(scope="session")
def heart() -> Callable[..., LabelMap]:
    return draw_heart
