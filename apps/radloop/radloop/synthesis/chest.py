"""What lies around the heart in a short-axis picture: body wall, lungs, diaphragm, liver, great vessels.

Brightness as in balanced steady-state free precession (cine MR): fat and blood bright, muscle and liver
dark grey, lung and air black, and a black line wherever fat meets water.
"""

import numpy as np

from radloop.synthesis.fields import Plane, cover, ellipse_distance, smooth_field

AIR, LUNG, MUSCLE, LIVER, SPLEEN, FAT, BLOOD = 0.0, 0.035, 0.22, 0.27, 0.38, 0.88, 0.72


class Chest:
    """A chest drawn at random, on a grid with axes ``x_mm`` and ``y_mm`` (heart's frame, heart at the origin)."""

    def __init__(self, random: np.random.Generator, x_mm: Plane, y_mm: Plane, pixel_mm: float, heart_mm: float) -> None:
        """``heart_mm``: outer radius of the LV, which rests on the diaphragm."""
        self.pixel_mm = pixel_mm
        self.x, self.y = (
            np.broadcast_to(axis, (len(x_mm), len(y_mm))) + 5 * smooth_field(random, x_mm, y_mm, 75)
            for axis in (x_mm[:, None], y_mm[None, :])
        )
        self.coarse = smooth_field(random, x_mm, y_mm, 22)
        self.fine = smooth_field(random, x_mm, y_mm, 6)
        self.depth = smooth_field(random, x_mm, y_mm, 70)
        self.centre = random.uniform(16, 28), random.uniform(10, 30)
        self.half = random.uniform(108, 122), random.uniform(128, 150)
        self.fat_mm = random.uniform(9, 20)
        self.wall_mm = random.uniform(10, 16)
        self.diaphragm = heart_mm + random.uniform(0, 5), random.uniform(-0.1, 0.15), random.uniform(0.0005, 0.0015)
        self.stomach = random.uniform(45, 70), random.uniform(75, 95), random.uniform(18, 28)
        self.aorta = random.uniform(40, 52), random.uniform(50, 62), random.uniform(9, 12)
        self.lung_vessels = _scatter(random, 45, (-70, 120), (-110, 40), (0.8, 2.2))
        self.liver_vessels = _scatter(random, 14, (-80, 40), (55, 120), (1.5, 4))
        self.ribs = random.uniform(0, 0.5)
        self.bowel = _scatter(random, 12, (-70, 110), (85, 150), (5, 14))
        self.bowel_brightness = random.choice([0.05, 0.15, 0.45, 0.7, 0.85], 12)

    def draw(self, z: float) -> Plane:
        """Brightness (x, y) of everything but the heart at height ``z`` (mm from the base towards the apex)."""
        x, y = self.x, self.y + 0.05 * z * self.depth
        outside = ellipse_distance(x - self.centre[0], y - self.centre[1], *self.half, 2.7)
        picture = np.full_like(x, AIR)
        picture = self._lay(picture, outside, FAT + 0.06 * self.coarse)
        picture = self._lay(picture, outside + self.fat_mm + 3 * self.coarse, MUSCLE + 0.05 * self.fine, ink=0.8)
        inside = outside + self.fat_mm + self.wall_mm
        picture = self._ribs(picture, inside, x, y)
        picture = self._lay(picture, inside, LUNG * (1 + 0.3 * self.fine))
        for vx, vy, r in self.lung_vessels:
            bend = 0.3 * z * np.cos(vx)  # a vessel crosses the slices at a slant
            seen = np.maximum(np.hypot(x - vx - bend, y - vy) - r, inside + 3)
            picture = self._lay(picture, seen, np.full_like(x, 0.5))
        picture = self._abdomen(picture, inside, x, y, z)
        # The fat between the heart and the front of the chest, and the descending aorta behind it.
        front = np.maximum(ellipse_distance(x + 62, y - 18, 26, 34 + 0.1 * z, 2.2), inside + 1)
        picture = self._lay(picture, front, 0.48 + 0.05 * self.fine + 0.05 * self.coarse, ink=0.5)
        ax, ay, r = self.aorta
        picture = self._lay(picture, np.hypot(x - ax, y - ay) - r - 2, np.full_like(x, 0.15))
        return self._lay(picture, np.hypot(x - ax, y - ay) - r, BLOOD + 0.04 * self.fine)

    def _abdomen(self, picture: Plane, inside: Plane, x: Plane, y: Plane, z: float) -> Plane:
        level, tilt, bend = self.diaphragm
        surface = np.maximum(level - 0.15 * z + tilt * x + bend * (x - 10) ** 2 - y, inside + 1)
        picture = self._lay(picture, surface, LIVER + 0.02 * self.fine + 0.02 * self.coarse, ink=0.6)
        for vx, vy, r in self.liver_vessels:
            oblong = np.maximum(ellipse_distance(x - vx, y - vy, 2.5 * r, r), surface + 4)
            picture = self._lay(picture, oblong, np.full_like(x, 0.5))
        for (vx, vy, r), grey in zip(self.bowel, self.bowel_brightness, strict=True):
            loop = np.maximum(ellipse_distance(x - vx, y - vy, 1.4 * r, r), surface + 6)
            picture = self._lay(picture, loop, grey + 0.05 * self.fine, ink=0.7)
        sx, sy, r = self.stomach
        stomach = np.maximum(ellipse_distance(x - sx, y - sy, 1.5 * r, r, 2.3), surface + 4)
        return self._lay(picture, stomach, SPLEEN + 0.05 * self.coarse, ink=0.8)

    def _ribs(self, picture: Plane, inside: Plane, x: Plane, y: Plane) -> Plane:
        angle = np.arctan2(y - self.centre[1], x - self.centre[0])
        around = np.cos(13 * (angle + self.ribs))
        rib = np.maximum(np.abs(inside - 6) - 3.5, 6 * (0.35 - around))
        return self._lay(picture, rib, 0.42 + 0.1 * self.fine, ink=0.9)

    def _lay(self, picture: Plane, distance: Plane, brightness: Plane, ink: float = 0.0) -> Plane:
        return lay(picture, distance, brightness, self.pixel_mm, ink)


def lay(picture: Plane, distance: Plane, brightness: Plane, pixel_mm: float, ink: float = 0.0) -> Plane:
    """Put tissue where ``distance`` is negative; ``ink`` is how black the line at its border is (0 to 1)."""
    part = cover(distance, pixel_mm)
    laid: Plane = picture * (1 - part) + brightness * part
    if ink:
        laid *= 1 - ink * np.exp(-((distance / 1.1) ** 2))
    return laid


def _scatter(
    random: np.random.Generator, n: int, x: tuple[float, float], y: tuple[float, float], r: tuple[float, float]
) -> Plane:
    return np.stack([random.uniform(*span, n) for span in (x, y, r)], axis=1)
