"""The shape of a heart that beats: two ventricles as functions of phase and height, in millimetres.

The heart's own frame: origin in the middle of the LV, x from the septum to the lateral wall (the RV lies
at negative x), y from the front to the diaphragm, z along the long axis from the base (0 at end
diastole) to the apex.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from radloop.synthesis.fields import Plane, ellipse_distance

# The LV is half an ellipsoid, cut off a little above its widest place: of the length from base to apex
# this share lies above.
WIDEST = 0.15
# Integral of the squared radius along the length, in units of (largest radius)^2 x length, times pi.
FULLNESS = np.pi * (1 - (1 - WIDEST) * (1 + (WIDEST / (1 - WIDEST)) ** 3) / 3)


@dataclass(frozen=True)
class HeartShape:
    """Volumes in mL, lengths in mm, contractions as shares of what is there at end diastole."""

    edv_ml: float
    ef: float
    length_mm: float
    wall_ml: float
    shortening: float
    rv_depth_mm: float
    rv_height_mm: float
    rv_contraction: float
    oval: float
    inner_waves: NDArray[np.float64]
    outer_waves: NDArray[np.float64]
    papillary_angles: tuple[float, float]
    papillary_mm: float

    @classmethod
    def draw(cls, random: np.random.Generator, ef: float, edv_ml: float | None) -> "HeartShape":
        """A heart of this EF (percent points): the weaker, the larger and rounder."""
        edv = edv_ml or (340 - 3.4 * ef) * float(np.exp(random.normal(0, 0.1)))
        longness = 2.6 + 0.8 * min(1.0, ef / 60) + random.normal(0, 0.1)
        length = float((longness**2 * edv * 1000 / FULLNESS) ** (1 / 3))
        size = float((edv / 130) ** (1 / 3))
        return cls(
            edv_ml=edv,
            ef=ef,
            length_mm=length,
            wall_ml=float(np.sqrt(edv / 130) * random.uniform(95, 125)),
            shortening=0.0011 * ef,
            rv_depth_mm=random.uniform(24, 31),
            rv_height_mm=random.uniform(34, 40) * size,
            rv_contraction=random.uniform(0.25, 0.4) * min(1.0, 0.5 + ef / 120),
            oval=random.uniform(-0.05, 0.05),
            inner_waves=random.normal(0, 0.012, (5, 2)),
            outer_waves=random.normal(0, 0.008, (5, 2)),
            papillary_angles=(random.uniform(-1.2, -0.7), random.uniform(1.0, 1.6)),
            papillary_mm=random.uniform(4.0, 5.5) * size,
        )

    def volume_ml(self, systole: float) -> float:
        """LV cavity volume; ``systole`` is 0 at ED and 1 at ES."""
        return self.edv_ml * (1 - self.ef / 100 * systole)

    def base_mm(self, systole: float) -> float:
        """How far the valves have moved towards the apex, which stays where it is."""
        return self.length_mm * self.shortening * systole

    def at(self, systole: float, z: float) -> "Section":
        """The heart cut at height ``z`` at one moment."""
        base = self.base_mm(systole)
        length = self.length_mm - base
        # The wall thickens and keeps its volume; it is thinner at the apex.
        outer_length = length + 6 + 2 * systole
        inner = np.sqrt(self.volume_ml(systole) * 1000 / (FULLNESS * length))
        outer = np.sqrt((self.volume_ml(systole) + self.wall_ml) * 1000 / (FULLNESS * outer_length))
        below = z - base
        return Section(
            shape=self,
            height=below / length,
            inner=inner * _radius(below / length),
            outer=outer * _radius(below / outer_length),
            rv=_rv_size(below / (0.93 * length)),
            rv_depth=self.rv_depth_mm * (1 - self.rv_contraction * systole),
            rv_height=self.rv_height_mm * (1 - 0.6 * self.rv_contraction * systole),
        )


def _radius(height: float) -> float:
    u = (max(height, 0.0) - WIDEST) / (1 - WIDEST)
    return float(np.sqrt(max(0.0, 1 - u * u)))


def _rv_size(height: float) -> float:
    return float(max(0.0, 1 - max(0.0, height) ** 2.2) ** 0.6)


@dataclass(frozen=True)
class Section:
    """One cut through the heart: distances (mm, negative inside) of points (x, y) to its borders."""

    shape: HeartShape
    height: float
    inner: float
    outer: float
    rv: float
    rv_depth: float
    rv_height: float

    @property
    def trabeculae_mm(self) -> float:
        """Thickness of their layer inside the cavity: about a millimetre, and more where the cavity narrows."""
        return min(0.25 * self.inner, 30 / max(self.inner, 1.0))

    def endocardium(self, bent: tuple[Plane, Plane]) -> Plane:
        """``bent``: the points as ``uneven`` gives them for ``shape.inner_waves``."""
        return self._lv(bent, self.inner)

    def epicardium(self, bent: tuple[Plane, Plane]) -> Plane:
        """``bent``: the points as ``uneven`` gives them for ``shape.outer_waves``."""
        return self._lv(bent, self.outer)

    def right_ventricle(self, x: Plane, y: Plane) -> Plane:
        """The RV's free border; the cavity is what lies inside it and outside the LV's epicardium."""
        if self.rv < 0.15:
            return np.full_like(x, np.inf)
        a = (self.rv_depth + 4) * self.rv
        return ellipse_distance(x + self.outer - 4 * self.rv, y, a, self.rv_height * self.rv, 2.2)

    def papillary_muscles(self, x: Plane, y: Plane) -> Plane:
        """Two muscles that stand in the cavity; they keep their size and crowd when it narrows."""
        if not 0.2 < self.height < 0.75:
            return np.full_like(x, np.inf)
        size = min(self.shape.papillary_mm, 0.3 * self.inner)
        place = max(self.inner - size - 1.5, 0.3 * self.inner)
        distances = [np.hypot(x - place * np.cos(a), y - place * np.sin(a)) - size for a in self.shape.papillary_angles]
        nearest: Plane = np.minimum(*distances)
        return nearest

    def _lv(self, bent: tuple[Plane, Plane], radius: float) -> Plane:
        if radius < 1:
            return np.full_like(bent[0], np.inf)
        # Both half axes change so that the area stays.
        oval = 1 + self.shape.oval
        return ellipse_distance(*bent, radius * oval, radius / oval)


def uneven(x: Plane, y: Plane, waves: NDArray[np.float64]) -> tuple[Plane, Plane]:
    """Points (x, y) moved in or out so that a circle drawn with them is uneven.

    ``waves`` (n, 2): cosine and sine of three, four, ... times the angle, as parts of the radius.
    """
    angle = np.arctan2(y, x)
    bend = 1 + sum(c * np.cos(k * angle) + s * np.sin(k * angle) for k, (c, s) in enumerate(waves, start=3))
    return x / bend, y / bend


def systole(phase: Plane) -> Plane:
    """Contraction (0 at ED to 1 at ES) over the cardiac cycle, ``phase`` from 0 to 1.

    Ejection for a good third of the cycle, early filling, rest, and a last push by the atrium.
    """
    eject = 0.5 - 0.5 * np.cos(np.pi * np.clip(phase / 0.37, 0, 1))
    fill = 1 - 0.78 * (0.5 - 0.5 * np.cos(np.pi * np.clip((phase - 0.4) / 0.25, 0, 1)))
    push = 0.22 * (0.5 - 0.5 * np.cos(np.pi * np.clip((phase - 0.82) / 0.18, 0, 1)))
    return np.where(phase < 0.37, eject, fill - push)
