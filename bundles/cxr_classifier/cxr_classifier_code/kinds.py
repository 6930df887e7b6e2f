"""Pictures of other kinds that teach what is no frontal chest film; made by code, or from films.

Which of them may be used for fitting, and which kinds only judge, is fixed in ``configs/kinds.json``. Pictures here
are (rows, columns) float32 of 0 to 1.
"""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from torch.nn.functional import interpolate

Picture = NDArray[np.float32]
SIDE = 64


def coordinates(chance: np.random.Generator) -> tuple[Picture, Picture]:
    """Places of the pixels in a frame that is turned and shifted at random, about -1 to 1."""
    y, x = np.meshgrid(*[np.linspace(-1, 1, SIDE, dtype=np.float32)] * 2, indexing="ij")
    angle = chance.uniform(0, 2 * np.pi)
    dx, dy = chance.uniform(-0.3, 0.3, 2)
    return (np.cos(angle) * x - np.sin(angle) * y + dx).astype("f4"), (
        np.sin(angle) * x + np.cos(angle) * y + dy
    ).astype("f4")


def noise(chance: np.random.Generator) -> Picture:
    """Noise whose power falls with frequency by a random exponent: from white to clouds."""
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(SIDE), np.fft.rfftfreq(SIDE), indexing="ij"))
    spectrum = np.fft.rfft2(chance.standard_normal((SIDE, SIDE))) / np.maximum(frequency, 1 / SIDE) ** chance.uniform(
        0, 2.2
    )
    return spread(np.fft.irfft2(spectrum, (SIDE, SIDE)))


def gradient(chance: np.random.Generator) -> Picture:
    x, y = coordinates(chance)
    form = chance.integers(3)
    ramp = x if form == 0 else np.hypot(x, y) if form == 1 else x * y
    return spread(ramp * chance.choice([-1, 1]) + chance.normal(0, 0.02, x.shape))


def shapes(chance: np.random.Generator) -> Picture:
    """Filled ellipses, boxes and half planes over each other, some with soft edges."""
    picture = np.full((SIDE, SIDE), chance.random(), np.float32)
    for _ in range(chance.integers(1, 14)):
        x, y = coordinates(chance)
        x, y = x + chance.uniform(-0.8, 0.8), y + chance.uniform(-0.8, 0.8)
        w, h = chance.uniform(0.05, 0.9, 2)
        form = chance.integers(3)
        inside = np.hypot(x / w, y / h) if form == 0 else np.maximum(abs(x) / w, abs(y) / h) if form == 1 else 1 + x
        share = 1 / (1 + np.exp(np.clip((inside - 1) * chance.uniform(4, 60), -30, 30)))
        picture += share.astype("f4") * (chance.random() - picture) * chance.uniform(0.3, 1)
    return spread(picture + noise(chance) * chance.uniform(0, 0.3))


def stripes(chance: np.random.Generator) -> Picture:
    """Waves, checkers and rings."""
    x, y = coordinates(chance)
    a, b = chance.uniform(3, 25, 2)
    form = chance.integers(4)
    wave = [
        np.sin(a * x),
        np.sin(a * x) * np.sin(b * y),
        np.sin(a * np.hypot(x, y)),
        np.sin(a * x + 3 * np.sin(b * y / 4)),
    ]
    picture = wave[form]
    return spread((np.sign(picture) if chance.random() < 0.4 else picture) + chance.normal(0, 0.1, x.shape))


def writing(chance: np.random.Generator) -> Picture:
    """Lines of random letters, dark on bright or bright on dark, now and then a box around them."""
    side = 4 * SIDE
    image = Image.new("L", (side, side), 255)
    pen = ImageDraw.Draw(image)
    size = int(chance.integers(12, 70))
    font = ImageFont.load_default(size)
    for top in range(int(chance.integers(-10, 60)), side, int(size * chance.uniform(1.1, 2))):
        letters = "".join(chr(c) for c in chance.integers(33, 122, 40))
        words = " ".join(letters[i : i + int(chance.integers(2, 9))] for i in range(0, 40, 6))
        pen.text((int(chance.integers(-20, 40)), top), words[: int(chance.integers(5, 45))], fill=0, font=font)
    if chance.random() < 0.3:
        pen.rectangle((20, 20, side - 20, int(chance.integers(60, side))), outline=0, width=4)
    picture = np.asarray(image.resize((SIDE, SIDE), Image.Resampling.BOX), np.float32) / 255
    return spread(picture if chance.random() < 0.6 else 1 - picture)


def body_slice(chance: np.random.Generator) -> Picture:
    """A bright outline with round organs of other brightness on a dark ground: like slices of CT and MR."""
    x, y = coordinates(chance)
    x, y = x / chance.uniform(0.5, 1.3), y / chance.uniform(0.5, 1.3)
    radius = np.hypot(x, y * chance.uniform(0.8, 1.3)) + 0.03 * np.sin(chance.integers(2, 6) * np.arctan2(y, x))
    body = 1 / (1 + np.exp(np.clip(40 * (radius - 0.8), -30, 30)))
    tissue = np.full_like(x, chance.uniform(0.2, 0.8))
    tissue += (np.abs(radius - 0.76) < chance.uniform(0.02, 0.1)) * chance.uniform(-0.4, 0.8)
    for _ in range(chance.integers(2, 14)):
        u, v = x - chance.uniform(-0.6, 0.6), y - chance.uniform(-0.6, 0.6)
        r = np.hypot(u / chance.uniform(0.05, 0.4), v / chance.uniform(0.05, 0.4))
        ring = np.abs(r - 0.9) < 0.2 if chance.random() < 0.3 else r < 1
        tissue = np.where(ring, chance.random(), tissue)
    return spread(body * (tissue + noise(chance) * chance.uniform(0, 0.4)) + chance.normal(0, 0.02, x.shape))


def long_bone(chance: np.random.Generator) -> Picture:
    """One to four bright shafts with brighter walls in a soft limb: like films of arms, legs and hands."""
    x, y = coordinates(chance)
    limb = np.exp(-((x / chance.uniform(0.4, 1.2)) ** 4))
    picture = limb * chance.uniform(0.2, 0.5)
    for _ in range(chance.integers(1, 5)):
        u = x - chance.uniform(-0.5, 0.5) + chance.uniform(-0.2, 0.2) * y
        width = chance.uniform(0.06, 0.25) * (1 + 0.6 * np.abs(y - chance.uniform(-1, 1)) ** 3)
        r = np.abs(u) / width
        picture += (r < 1) * chance.uniform(0.2, 0.5) + (np.abs(r - 0.85) < 0.15) * chance.uniform(0.1, 0.4)
    return spread(picture + noise(chance) * chance.uniform(0, 0.2))


MADE: dict[str, Callable[[np.random.Generator], Picture]] = {
    "noise": noise,
    "gradient": gradient,
    "shapes": shapes,
    "stripes": stripes,
    "writing": writing,
    "body_slice": body_slice,
    "long_bone": long_bone,
}


def film_inverted(film: Picture, chance: np.random.Generator) -> Picture:
    return 1 - film


def film_turned(film: Picture, chance: np.random.Generator) -> Picture:
    return np.rot90(film, chance.choice([1, 3]))


def film_upside_down(film: Picture, chance: np.random.Generator) -> Picture:
    return np.flipud(film)


def film_shuffled(film: Picture, chance: np.random.Generator) -> Picture:
    """Cut into tiles that change places."""
    n = int(chance.integers(2, 6))
    edges = np.linspace(0, len(film), n + 1).astype(int)
    step = min(np.diff(edges))
    tiles = [film[a : a + step, b : b + step] for a in edges[:-1] for b in edges[:-1]]
    order = chance.permutation(len(tiles))
    return np.block([[tiles[order[r * n + c]] for c in range(n)] for r in range(n)])


def film_detail(film: Picture, chance: np.random.Generator) -> Picture:
    """A small part, a sixth to a third of the side."""
    side = int(len(film) * chance.uniform(0.17, 0.33))
    top, left = chance.integers(0, len(film) - side, 2)
    part = torch.from_numpy(np.ascontiguousarray(film[top : top + side, left : left + side], dtype=np.float32))
    return interpolate(part[None, None], (SIDE, SIDE), mode="bilinear", align_corners=False)[0, 0].numpy()


OF_FILMS: dict[str, Callable[[Picture, np.random.Generator], Picture]] = {
    "film_inverted": film_inverted,
    "film_turned": film_turned,
    "film_upside_down": film_upside_down,
    "film_shuffled": film_shuffled,
    "film_detail": film_detail,
}


def other_kinds(films: list[Picture], each: int, seed: int = 0) -> dict[str, list[Picture]]:
    """``each`` pictures of every seen kind; ``films`` are square."""
    chance = np.random.default_rng(seed)
    pictures = {name: [make(chance) for _ in range(each)] for name, make in MADE.items()}
    for name, change in OF_FILMS.items():
        picked = [films[i] for i in chance.integers(0, len(films), each)]
        pictures[name] = [np.ascontiguousarray(change(film, chance), dtype=np.float32) for film in picked]
    return pictures


def spread(picture: NDArray[np.floating]) -> Picture:
    """To 0..1."""
    low, high = float(picture.min()), float(picture.max())
    return ((picture - low) / max(high - low, 1e-6)).astype(np.float32)
