"""Planes of numbers: smooth at random, soft-edged shapes, blur."""

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float64]


def smooth_field(random: np.random.Generator, x_mm: Plane, y_mm: Plane, scale_mm: float) -> Plane:
    """A random field (x, y) of mean 0 and spread 1, about as coarse as ``scale_mm``, on these two axes."""
    rows, columns = (_bumps(axis, scale_mm) for axis in (x_mm, y_mm))
    field = rows @ random.standard_normal((rows.shape[1], columns.shape[1])) @ columns.T
    normed: Plane = (field - field.mean()) / field.std()
    return normed


def _bumps(axis: Plane, scale_mm: float) -> Plane:
    centres = np.arange(axis.min() - 2 * scale_mm, axis.max() + 2 * scale_mm, scale_mm)
    bumps: Plane = np.exp(-(((axis[:, None] - centres) / (0.7 * scale_mm)) ** 2))
    return bumps


def blur(plane: Plane, sigma: float) -> Plane:
    """(x, y, ...) blurred in x and y by a Gaussian of ``sigma`` pixels; the border repeats."""
    reach = int(3 * sigma) + 1
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    kernel /= kernel.sum()
    for axis in (0, 1):
        widths = [(reach, reach) if a == axis else (0, 0) for a in range(plane.ndim)]
        padded = np.pad(plane, widths, mode="edge")
        n = plane.shape[axis]
        parts = (weight * padded.take(range(i, i + n), axis) for i, weight in enumerate(kernel))
        plane = sum(parts, np.zeros_like(plane))
    return plane


def ellipse_distance(x: Plane, y: Plane, a: float, b: float, power: float = 2.0) -> Plane:
    """About how far (x, y) is outside the (super-)ellipse of semi-axes a and b, same unit; negative inside.

    First order: the implicit function over its gradient, exact at the border, where it decides.
    """
    u, v = np.abs(x) / a, np.abs(y) / b
    up, vp = (u, v) if power == 2 else (u ** (power - 1), v ** (power - 1))
    level = up * u + vp * v
    slope = power * np.hypot(up / a, vp / b)
    near = (level - 1) / np.maximum(slope, 1e-9)
    # In the middle there is no slope; any value far inside will do.
    distance: Plane = np.where(level > 0.05, near, -min(a, b) / 2)
    return distance


def cover(distance: Plane, width: float) -> Plane:
    """The part (0 to 1) of a pixel of ``width`` that lies inside, from the distance of its centre to the border."""
    part: Plane = np.clip(0.5 - distance / width, 0, 1)
    return part
