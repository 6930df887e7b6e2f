"""What a header must promise before any voxel is read."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from radloop.refusal import Refusal


@dataclass(frozen=True)
class Limits:
    """Sizes that are taken for a cine; the defaults leave room for 512 x 512 x 20 in 50 frames."""

    min_in_plane: int = 16
    max_side: int = 4096
    max_voxels: int = 2**28


_in_force = Limits()


def limit_to(limits: Limits) -> None:
    """Read no larger images in this process from now on; servers and their workers are told so by their settings."""
    global _in_force
    _in_force = limits


def limits_in_force() -> Limits:
    return _in_force


Shape = tuple[int, int, int, int]


def check_shape(name: str, shape: Shape, limits: Limits) -> None:
    """Refuse a size (x, y, z, t) that cannot be a cine's.

    Raises Refusal with NO_FRAMES, NO_SLICES, TOO_SMALL or TOO_LARGE.
    """
    said = " x ".join(str(n) for n in shape)
    x, y, z, t = shape
    if t < 1:
        raise Refusal("NO_FRAMES", f"{name}: has no frames (its header says {said}).")
    if z < 1:
        raise Refusal("NO_SLICES", f"{name}: has no slices (its header says {said}).")
    if min(x, y) < limits.min_in_plane:
        least = limits.min_in_plane
        raise Refusal(
            "TOO_SMALL",
            f"{name}: is {x} x {y} pixels in plane (its first two axes); at least {least} x {least} are needed.",
        )
    if max(shape) > limits.max_side or x * y * z * t > limits.max_voxels:
        raise Refusal(
            "TOO_LARGE",
            f"{name}: its header promises {said} voxels; at most {limits.max_side} along a side "
            f"and {limits.max_voxels / 1e6:.0f} million in all are read.",
        )


def check_spacing(name: str, spacing: NDArray[np.float64]) -> None:
    """Refuse voxel sizes (x, y, z) that are zero, negative or no numbers: Refusal("SPACING")."""
    if not np.all(np.isfinite(spacing)) or np.any(spacing <= 0):
        said = " x ".join(f"{size:g}" for size in spacing)
        raise Refusal("SPACING", f"{name}: has a voxel size of {said}; all three must be above zero.")


def check_affine(name: str, shape: Shape, affine: NDArray[np.float64], *, spacing_known: bool) -> None:
    """Refuse axes that do not span space, and stacks whose slices do not lie along the third axis.

    The second is told by the numbers only where they leave no doubt: one in-plane axis is stepped
    more than twice as far as the two others, which are alike, and is the shortest. Such a file is
    refused rather than turned, because its labels would have to go back in another order than the
    one everything downstream calls slices.

    Raises Refusal with AFFINE or SLICE_AXIS.
    """
    if not np.all(np.isfinite(affine)):
        raise Refusal("AFFINE", f"{name}: its affine holds numbers that are not finite.")
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    check_spacing(name, spacing)
    if abs(np.linalg.det(affine[:3, :3] / spacing)) < 1e-3:
        raise Refusal("AFFINE", f"{name}: its affine is singular: the three axes do not span space.")
    wide = int(np.argmax(spacing))
    others = [axis for axis in range(3) if axis != wide]
    alike = np.ptp(spacing[others]) <= 0.25 * spacing[others].max()
    shortest = shape[wide] < min(shape[axis] for axis in others)
    if spacing_known and wide < 2 and alike and shortest and spacing[wide] > 2 * spacing[others].max():
        said = " x ".join(f"{size:.3g}" for size in spacing)
        which = ("first", "second")[wide]
        raise Refusal(
            "SLICE_AXIS",
            f"{name}: its slices seem to lie along the {which} axis (voxels of {said} mm); "
            "they must lie along the third.",
        )
