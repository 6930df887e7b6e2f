"""Radiograph-like pictures on demand: how much stands in the way of the rays through a schematic chest, from in front.

They are there to try programs with, and to look at: no film of a person was used, and no classifier should be judged
by them.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.float64]

AIR, LUNG, SOFT, BONE = 0.0, 0.25, 1.0, 1.9
"""How much a path weakens the rays, soft tissue being 1."""


@dataclass(frozen=True)
class Film:
    """``pixels`` (rows, columns) uint8, bright is dense; ``opacity``: a lung is clouded, as by pneumonia."""

    pixels: NDArray[np.uint8]
    opacity: bool


def make_film(seed: int, *, opacity: bool = False, side: int = 384) -> Film:
    """Draw one person, always the same for a seed."""
    random = np.random.default_rng(seed)
    y, x = (np.mgrid[0:side, 0:side] + 0.5) / side
    x = x - 0.5 + 0.012 * random.normal()
    lean = random.uniform(0.92, 1.08)
    dense = _body(x, y, lean)
    dome = random.uniform(0.70, 0.76), random.uniform(0.73, 0.79)
    lungs = [_lung(x, y, side_, lean, at) for side_, at in ((-1, dome[0]), (1, dome[1]))]
    inside = np.maximum(*lungs)
    dense -= (SOFT - LUNG) * 0.86 * inside
    dense += 0.42 * _heart(x, y, random) * (0.35 + 0.65 * inside)
    dense += 0.22 * _blob(x, y, 0.005, 0.40, 0.055, 0.30, 3)  # what lies between the lungs
    dense += 0.20 * _spine(x, y)
    dense += _ribs(x, y, lean, random)
    dense += 0.16 * (_clavicle(x, y, -1) + _clavicle(x, y, 1))
    dense += 0.10 * _vessels(x, y, random) * inside
    if opacity:
        where = random.choice([-1, 1])
        dense += 0.6 * _cloud(random, x, y, where * random.uniform(0.16, 0.22), random.uniform(0.5, 0.62)) * inside
    dense *= 1 + 0.015 * _smooth(random, side, 60)
    shown = 1 - np.exp(-1.5 * np.clip(dense, 0, None))  # what comes through, as a negative
    shown += random.normal(0, 0.004, shown.shape)
    low, high = np.percentile(shown, (0.2, 99.8))
    return Film(np.clip((shown - low) / (high - low) * 245 + 5, 0, 255).astype(np.uint8), opacity)


def _blob(x: Picture, y: Picture, cx: float, cy: float, rx: float, ry: float, sharp: float = 6) -> Picture:
    """1 inside an ellipse, 0 outside, softly."""
    distance = np.sqrt(((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2)
    return np.asarray(1 / (1 + np.exp(sharp * 4 * (distance - 1))))


def _body(x: Picture, y: Picture, lean: float) -> Picture:
    """Trunk, shoulders and neck: thick in the middle, thin at the sides."""
    shoulder = 0.09 + 0.62 * np.clip(np.abs(x) - 0.10, 0, None) ** 1.45
    half = (0.455 + 0.25 * np.clip(0.33 - y, 0, None) - 0.03 * np.clip(y - 0.6, 0, None)) * lean
    trunk = 1 / (1 + np.exp(-70 * (half - np.abs(x)))) / (1 + np.exp(-60 * (y - shoulder)))
    depth = 0.70 + 0.26 * np.sqrt(np.clip(1 - (x / 0.47) ** 2, 0, 1))
    neck = 0.72 * _blob(x, y, 0, -0.02, 0.115, 0.26, 5)
    below = 0.22 / (1 + np.exp(-22 * (y - 0.80)))
    return np.asarray(np.maximum(trunk * (depth + below), neck))


def _lung(x: Picture, y: Picture, side: int, lean: float, dome: float) -> Picture:
    """One lung: an apex under the clavicle, a dome of the diaphragm below, 0 to 1."""
    u = (side * x - 0.215 * lean) / 0.155
    v = (y - 0.46) / 0.36
    distance = (np.abs(u + 0.28 * (v - 0.2)) ** 2.3 + np.abs(v) ** 2.6) ** (1 / 2.4)
    shape = 1 / (1 + np.exp(26 * (distance - 1)))
    floor = dome + 0.9 * (side * x - 0.2) ** 2 * 2 + 0.05 * (side * x > 0.3) * (side * x - 0.3) / 0.1
    return np.asarray(shape / (1 + np.exp(75 * (y - floor))))


def _heart(x: Picture, y: Picture, random: np.random.Generator) -> Picture:
    size = random.uniform(0.92, 1.12)
    turn = 0.45
    u, v = x - 0.055, y - 0.615
    u, v = u * np.cos(turn) + v * np.sin(turn), v * np.cos(turn) - u * np.sin(turn)
    left = _blob(u, v, 0, 0, 0.165 * size, 0.115 * size, 5)
    arch = _blob(x, y, 0.055, 0.33, 0.055, 0.055, 4)
    return np.asarray(np.clip(left + 0.55 * arch, 0, 1))


def _spine(x: Picture, y: Picture) -> Picture:
    column = np.exp(-((x / 0.045) ** 4))
    return np.asarray(column * (0.8 + 0.2 * np.cos(2 * np.pi * y / 0.062)))


def _ribs(x: Picture, y: Picture, lean: float, random: np.random.Generator) -> Picture:
    """Behind, ribs run outwards and slightly down; in front steeper and fainter."""
    drawn = np.zeros_like(x)
    out = np.abs(x) / (0.415 * lean)
    shift = random.uniform(-0.01, 0.01)
    for n in range(10):
        top = 0.13 + 0.07 * n + shift
        behind = top + 0.015 * np.sin(np.pi * np.clip(out, 0, 1)) * -1.5 + 0.11 * out**2
        before = top + 0.30 - 0.16 * np.sqrt(np.clip(1 - out**2, 0, 1)) - 0.02 * n
        seen = (out > 0.1) * np.clip((1.02 - out) / 0.05, 0, 1)
        edge = 0.6 + 0.4 * np.clip(np.abs(y - behind) / 0.011, 0, 1)  # compact bone outlines a rib
        drawn += 0.115 * seen * edge * np.exp(-(((y - behind) / 0.013) ** 4))
        if n < 6:
            drawn += 0.05 * seen * (out > 0.35) * np.exp(-(((y - before) / 0.014) ** 4))
    return drawn


def _clavicle(x: Picture, y: Picture, side: int) -> Picture:
    along = side * x
    middle = 0.185 - 0.14 * (along - 0.05) + 0.25 * (along - 0.22) ** 2
    reach = np.clip((along - 0.035) / 0.02, 0, 1) * np.clip((0.40 - along) / 0.03, 0, 1)
    return np.asarray(reach * np.exp(-(((y - middle) / 0.0145) ** 4)))


def _vessels(x: Picture, y: Picture, random: np.random.Generator) -> Picture:
    """Branches from both hila, thinner with distance."""
    drawn = np.zeros_like(x)
    for side in (-1, 1):
        for angle in random.uniform(-1.25, 1.25, 16):
            u, v = side * x - 0.085, y - 0.44
            along = u * np.cos(angle) + v * np.sin(angle)
            across = v * np.cos(angle) - u * np.sin(angle) + 0.5 * along**2 * random.normal(0, 0.8)
            width = np.clip(0.0085 - 0.022 * along, 0.0015, None)
            drawn += (along > 0) * np.exp(-((across / width) ** 2)) * np.exp(-along / 0.14)
    return np.clip(drawn, 0, 1.4)


def _cloud(random: np.random.Generator, x: Picture, y: Picture, cx: float, cy: float) -> Picture:
    patch = _blob(x, y, cx, cy, random.uniform(0.12, 0.18), random.uniform(0.13, 0.2), 1.6)
    return np.asarray(patch * (1 + 0.16 * _smooth(random, len(x), 26)))


def _smooth(random: np.random.Generator, side: int, period: int) -> Picture:
    """Noise of mean 0 and standard deviation 1 that changes over about ``period`` pixels of 512."""
    coarse = random.normal(size=(side // 4, side // 4))
    waves = np.fft.rfft2(coarse)
    fy, fx = np.fft.fftfreq(side // 4)[:, None], np.fft.rfftfreq(side // 4)[None, :]
    waves *= np.exp(-((fx**2 + fy**2) * (period * side / 512 / 4) ** 2) * 4)
    field = np.fft.irfft2(waves, coarse.shape).repeat(4, 0).repeat(4, 1)
    field = np.pad(field, ((0, side - len(field)), (0, side - len(field))), mode="edge")
    return np.asarray((field - field.mean()) / field.std())
