"""A short-axis cine of a heart whose volumes are known."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from radloop.heart import LV, MYO, RV, volume_curves
from radloop.heart.volumes import ed_index, es_index
from radloop.images.picture import Cine, LabelMap
from radloop.synthesis.chest import Chest, lay
from radloop.synthesis.fields import Plane, blur, cover, smooth_field
from radloop.synthesis.heart import HeartShape, Section, systole, uneven

SLICE_THICKNESS = 0.6  # of the distance between slices; the rest is gap
PLANES_PER_SLICE = 3
HEART_MM = 85.0  # everything that moves lies within this distance of the LV's middle
MYOCARDIUM, TRABECULAE, RV_BLOOD, LV_BLOOD = 0.25, 0.42, 0.62, 0.74
NOISE = 0.016
BRIGHTEST = 1.15


@dataclass(frozen=True)
class Phantom:
    """``truth``: ``lv_edv_ml, lv_esv_ml, lv_ef, ed_frame, es_frame`` of what the slices show, frames from 1."""

    cine: Cine
    label: LabelMap
    truth: dict[str, float]


def make_phantom(
    seed: int,
    *,
    ef: float | None = None,
    edv_ml: float | None = None,
    frames: int = 25,
    matrix: tuple[int, int] = (192, 176),
    spacing_mm: tuple[float, float] = (1.7, 10.0),
    grey_levels: int = 256,
) -> Phantom:
    """A heart of the given EF (percent points; drawn from 20 to 70 where not given), the same for the same seed.

    ``matrix`` pixels (x, y) of ``spacing_mm[0]``, slices ``spacing_mm[1]`` apart, voxels uint8 (x, y, z, t) of
    ``grey_levels`` steps; ED is the first frame. The slices run from just below the valves, where they stay
    throughout the cycle, to one past the apex: so the stack, as many real ones do, does not show the base.
    """
    random = np.random.default_rng(seed)
    ef = float(random.uniform(20, 70)) if ef is None else ef
    shape = HeartShape.draw(random, ef, edv_ml)
    pixel_mm, gap_mm = spacing_mm
    first_z = shape.base_mm(1.0) + random.uniform(3, 5)
    shape = _as_slices_show(shape, first_z, gap_mm)
    n_slices = int(np.ceil((shape.length_mm + 8 - first_z) / gap_mm)) + 1
    contraction = systole(np.arange(frames) / frames)

    turn = random.uniform(-0.4, 0.4)
    middle = random.uniform(-15, 15, 2) + np.array([15, 8])
    x_mm, y_mm = ((np.arange(n) - (n - 1) / 2) * pixel_mm + m for n, m in zip(matrix, middle, strict=True))
    # The chest is drawn upright; only the heart turns in it, as hearts do.
    chest = Chest(random, x_mm, y_mm, pixel_mm, heart_mm=shape.at(0, 20).outer)
    near = np.ix_(np.abs(x_mm) < HEART_MM, np.abs(y_mm) < HEART_MM)
    gx, gy = np.broadcast_arrays(x_mm[:, None], y_mm[None, :])
    hx, hy = gx[near], gy[near]
    x, y = np.cos(turn) * hx + np.sin(turn) * hy, -np.sin(turn) * hx + np.cos(turn) * hy
    painter = _Painter(random, shape, hx[:, 0], hy[0], x, y, pixel_mm)

    signal = np.zeros((*matrix, n_slices, frames))
    label = np.zeros((*matrix, n_slices, frames), np.uint8)
    for k in range(n_slices):
        z = first_z + k * gap_mm
        still = chest.draw(z)
        planes = z + gap_mm * SLICE_THICKNESS * ((np.arange(PLANES_PER_SLICE) + 0.5) / PLANES_PER_SLICE - 0.5)
        for t in range(frames):
            sections = [shape.at(float(contraction[t]), float(p)) for p in planes]
            frame = still.copy()
            frame[near] = np.mean([painter.paint(still[near], s, t / frames) for s in sections], axis=0)
            signal[:, :, k, t] = frame
            label[:, :, k, t][near] = painter.labels(sections)
    voxels = _acquire(random, signal, x_mm, y_mm, grey_levels)

    lv = volume_curves(label, pixel_mm**2 * gap_mm / 1000)[2]
    ed, es = ed_index(lv), es_index(lv)
    truth = {
        "lv_edv_ml": float(lv[ed]),
        "lv_esv_ml": float(lv[es]),
        "lv_ef": float(100 * (1 - lv[es] / lv[ed])),
        "ed_frame": ed + 1,
        "es_frame": es + 1,
    }
    times_ms = np.arange(frames, dtype=np.float64) * round(random.uniform(750, 1050) / frames, 1)
    cine = Cine(voxels=voxels, affine=_affine(matrix, n_slices, pixel_mm, gap_mm), times_ms=times_ms)
    return Phantom(cine, label, truth)


def _as_slices_show(shape: HeartShape, first_z: float, gap_mm: float) -> HeartShape:
    """A heart that contracts so much that the sum over its slices has the EF that ``shape`` has as a solid.

    The base moves towards the apex through fixed slices, which do not see that the heart becomes shorter.
    """

    def shown(candidate: HeartShape, systole: float) -> float:
        return sum(candidate.at(systole, first_z + gap_mm * k).inner ** 2 for k in range(40))

    contracting = shape
    for _ in range(20):
        missing = shape.ef - 100 * (1 - shown(contracting, 1) / shown(contracting, 0))
        contracting = replace(contracting, ef=contracting.ef + 0.8 * missing)
    return contracting


class _Painter:
    """Paints one cut of the heart over what is behind it."""

    def __init__(
        self,
        random: np.random.Generator,
        shape: HeartShape,
        x_mm: Plane,
        y_mm: Plane,
        x: Plane,
        y: Plane,
        pixel_mm: float,
    ) -> None:
        """``x_mm``, ``y_mm``: the axes of the picture; ``x``, ``y``: its points (x, y) in the heart's frame."""
        self.x, self.y, self.pixel_mm = x, y, pixel_mm
        self.inner, self.outer = (uneven(x, y, waves) for waves in (shape.inner_waves, shape.outer_waves))
        self.flow = [smooth_field(random, x_mm, y_mm, 9) for _ in range(4)]
        self.grain = smooth_field(random, x_mm, y_mm, 4)
        self.fat = smooth_field(random, x_mm, y_mm, 14)

    def blood(self, brightness: float, phase: float) -> Plane:
        """Blood that streams: its brightness wanders through the cycle."""
        a, b, c, d = self.flow
        moving = np.cos(2 * np.pi * phase) * a + np.sin(2 * np.pi * phase) * b
        still = c + 0.5 * d
        blood: Plane = brightness * (1 + 0.045 * moving + 0.045 * still)
        return blood

    def paint(self, behind: Plane, cut: Section, phase: float) -> Plane:
        x, y, pixel = self.x, self.y, self.pixel_mm
        if cut.outer < 2:
            return behind
        outer, inner, rv = cut.epicardium(self.outer), cut.endocardium(self.inner), cut.right_ventricle(x, y)
        whole = np.minimum(outer, rv - 3)
        picture = lay(behind, whole - 3 - 1.5 * self.fat, 0.6 + 0.05 * self.grain, pixel, ink=0.5)
        muscle = MYOCARDIUM * (1 + 0.10 * self.grain)
        picture = lay(picture, rv - 3, muscle, pixel, ink=0.5)
        picture = lay(picture, np.maximum(rv, -outer), self.blood(RV_BLOOD, phase), pixel)
        picture = lay(picture, outer, muscle, pixel, ink=0.25)
        # Trabeculae line the cavity and, as in readers' contours, belong to it.
        picture = lay(picture, inner, np.full_like(inner, TRABECULAE), pixel)
        picture = lay(picture, inner + cut.trabeculae_mm, self.blood(LV_BLOOD, phase), pixel)
        return lay(picture, np.maximum(cut.papillary_muscles(x, y), inner), muscle * 1.15, pixel)

    def labels(self, cuts: list[Section]) -> NDArray[np.uint8]:
        """What fills most of each voxel."""
        shares = np.zeros((4, *self.x.shape))
        for cut in cuts:
            if cut.outer < 1:
                continue
            outer = cover(cut.epicardium(self.outer), self.pixel_mm)
            inner = cover(cut.endocardium(self.inner), self.pixel_mm)
            rv = cover(cut.right_ventricle(self.x, self.y), self.pixel_mm)
            shares[LV] += inner
            shares[MYO] += np.maximum(outer - inner, 0)
            shares[RV] += np.maximum(rv - outer, 0)
        shares /= len(cuts)
        shares[0] = 1 - shares[1:].sum(axis=0)
        most: NDArray[np.uint8] = shares.argmax(axis=0).astype(np.uint8)
        return most


def _acquire(
    random: np.random.Generator, signal: Plane, x_mm: Plane, y_mm: Plane, grey_levels: int
) -> NDArray[np.uint8]:
    """What a scanner makes of it: uneven coils, limited sharpness, noise in two channels (Rician), whole numbers."""
    near_coil = np.exp(-(x_mm[:, None] + 0.4 * y_mm[None, :] + 40) / 380)
    shading = near_coil * np.exp(0.1 * smooth_field(random, x_mm, y_mm, 120))
    seen = blur(signal, 0.55) * shading[:, :, None, None]
    real = seen + NOISE * random.standard_normal(seen.shape)
    picture = np.hypot(real, NOISE * random.standard_normal(seen.shape))
    steps = np.round(np.clip(picture / BRIGHTEST, 0, 1) * (grey_levels - 1))
    voxels: NDArray[np.uint8] = (steps * (255 // (grey_levels - 1))).astype(np.uint8)
    return voxels


def _affine(matrix: tuple[int, int], n_slices: int, pixel_mm: float, gap_mm: float) -> NDArray[np.float64]:
    """An oblique short-axis stack (RAS+): slices from the base to the apex run left, forwards and down."""
    along = np.array([-0.6, 0.55, -0.58])
    along /= np.linalg.norm(along)
    right = np.array([-0.68, -0.73, 0.0])
    right -= along * (right @ along)
    right /= np.linalg.norm(right)
    down = np.cross(along, right)
    affine = np.eye(4)
    affine[:3, :3] = np.stack([right * pixel_mm, down * pixel_mm, along * gap_mm], axis=1)
    affine[:3, 3] = -affine[:3, :3] @ ((np.array([*matrix, n_slices]) - 1) / 2)
    return np.round(affine, 6)
