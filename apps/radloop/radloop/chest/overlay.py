"""A heat map laid over its film, as a picture."""

from pathlib import Path

import numpy as np

from radloop.answers import Classification
from radloop.images import HeatMap, Radiograph, replace_whole

NOTICE = "Research use only. Not a medical device."
OPACITY = 0.5
INCHES, DPI = 6.0, 150


def draw_overlay(path: Path, film: Radiograph, heat_map: HeatMap, answer: Classification) -> None:
    """Write a PNG: the film, and over it what counted (the more, the more opaque); above it what is said."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    x, y = film.spacing_mm or (1.0, 1.0)
    tall = film.pixels.shape[1] * y / (film.pixels.shape[0] * x)
    header = 0.6
    figure = Figure(figsize=(INCHES, INCHES * tall + header), dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, INCHES * tall / (INCHES * tall + header)))
    low, high = np.percentile(film.pixels, (0.5, 99.5))
    axes.imshow(film.pixels.T, cmap="gray", vmin=low, vmax=max(high, low + 1e-6), aspect=y / x)
    axes.imshow(heat_map.T, cmap="inferno", vmin=0, vmax=1, alpha=OPACITY * np.clip(heat_map.T, 0, 1), aspect=y / x)
    axes.set_axis_off()
    said = "   ".join(f"{name} {100 * share:.0f} %" for name, share in answer.prediction.items())
    top = 1 - 0.22 / (INCHES * tall + header)
    figure.text(0.02, top, Path(answer.image).name, fontsize=10, fontweight="bold", color="#1d232b", va="center")
    figure.text(0.98, top, said, fontsize=10, color="#1d232b", ha="right", va="center", parse_math=False)
    figure.text(0.02, 1 - 0.45 / (INCHES * tall + header), NOTICE, fontsize=8, color="#6b7480", va="center")
    with replace_whole(path) as temporary:
        figure.savefig(temporary, format="png")
