"""Draw the icon: a short axis of the heart within a loop. ``python draw_icon.py`` writes RadLoop.png, twice."""

from math import cos, radians, sin
from pathlib import Path

from PIL import Image, ImageDraw

SIZE, FINE = 128, 8  # drawn larger, then made smooth
RV, MYO, LV, LOOP = (66, 135, 245), (245, 197, 66), (230, 70, 70), (90, 98, 110)


def draw() -> Image.Image:
    """128 × 128, transparent outside."""
    image = Image.new("RGBA", (SIZE * FINE, SIZE * FINE))
    pen = ImageDraw.Draw(image)

    def disc(x: float, y: float, radius: float, colour: tuple[int, int, int]) -> None:
        pen.ellipse([FINE * (v + d * radius) for d in (-1, 1) for v in (x, y)], fill=(*colour, 255))

    ring = [FINE * v for v in (6, 6, 122, 122)]
    pen.arc(ring, start=-50, end=250, fill=(*LOOP, 255), width=7 * FINE)
    at, middle, radius = radians(-50), 64, 54.5
    tip = [(middle + r * cos(a), middle + r * sin(a)) for r, a in ((radius - 12, at), (radius + 12, at))]
    tip.append((middle + radius * cos(at - 0.36), middle + radius * sin(at - 0.36)))
    pen.polygon([(FINE * x, FINE * y) for x, y in tip], fill=(*LOOP, 255))
    disc(45, 60, 22, RV)
    disc(74, 68, 31, MYO)
    disc(74, 68, 19, LV)
    return image.resize((SIZE, SIZE), Image.Resampling.LANCZOS)


if __name__ == "__main__":
    here = Path(__file__).parent
    for file in (here / "RadLoop.png", here / "RadLoop/Resources/Icons/RadLoop.png"):
        draw().save(file, optimize=True)
