"""Pictures of what was measured: contours over ED and ES, and the volumes through the cycle."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from radloop import places
from radloop.answers import Measurements
from radloop.heart.volumes import LV, MYO, RV
from radloop.images import Cine, LabelMap, replace_whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NOTICE = "Research use only. Not a medical device."
SLICES = 6
MARGIN_MM = 20.0
LEAST_WIDTH = 5.0
"""Inches: a picture of one slice still has room for its heading and the notice below."""
INK, GREY = "#1d232b", "#6b7480"

Plane = NDArray[np.float64]
Window = tuple[slice, slice]


def draw_overview(path: Path, cine: Cine, label: LabelMap, measurements: Measurements) -> None:
    """Writes a PNG: slices from base to apex, at ED and ES, with the contours of RV, myocardium and LV.

    A cine of one frame, or without a heart, is shown at its first frame.
    """
    ed, es = (None if n is None else n - 1 for n in (measurements.ed_frame, measurements.es_frame))
    rows = [("", 0)] if ed is None or es is None else [("ED", ed), ("ES", es)]
    first = rows[0][1]
    slices = _base_to_apex(label[..., first])
    window = _around(label, cine.spacing_mm)
    sx, sy, _ = cine.spacing_mm
    tall = (window[1].stop - window[1].start) * sy / ((window[0].stop - window[0].start) * sx)
    shown = cine.voxels[(*window, slices)][..., [f for _, f in rows]].astype(np.float64)
    low, high = np.percentile(shown, (1, 99.5))

    panel, header, footer = 2.1, 0.88, 0.3
    size = (max(LEAST_WIDTH, panel * len(slices) + 0.45), panel * tall * len(rows) + header + footer)
    with _figure(path, size) as figure:
        left, bottom = 0.4 / size[0], footer / size[1]
        width, height = panel / size[0], panel * tall / size[1]
        for r, (name, frame) in enumerate(rows):
            for c, z in enumerate(slices):
                y = bottom + (len(rows) - 1 - r) * height
                axes = figure.add_axes((left + c * width, y, 0.985 * width, 0.985 * height))
                plane = cine.voxels[(*window, z, frame)]
                axes.imshow(plane.T, cmap="gray", vmin=low, vmax=max(high, low + 1e-6), aspect=sy / sx)
                _contours(axes, label[(*window, z, frame)])
                axes.set_axis_off()
                if r == 0:
                    top = y + height + 0.05 / size[1]
                    figure.text(left + (c + 0.5) * width, top, f"slice {z + 1}", color=GREY, fontsize=8, ha="center")
            y = (bottom * size[1] + (len(rows) - 0.5 - r) * panel * tall) / size[1]
            text = f"{name}  frame {frame + 1}" if name else f"frame {frame + 1}"
            figure.text(0.2 / size[0], y, text, rotation=90, va="center", ha="center", fontsize=10, color=INK)
        _header(figure, size, measurements)


def draw_volumes(path: Path, measurements: Measurements) -> None:
    """Writes a PNG: volume of LV and RV through the cycle, ED and ES marked, the figures beside it.

    Without volumes (unknown spacing, no heart) the plot says so.
    """
    with _figure(path, (9.0, 4.6)) as figure:
        axes = figure.add_axes((0.085, 0.165, 0.6, 0.67))
        curves = measurements.curves
        frames = np.arange(1, measurements.n_frames + 1)
        at = frames if measurements.times_ms is None else np.array(measurements.times_ms)
        axes.set_xlabel("frame" if measurements.times_ms is None else "time (ms)", color=INK)
        axes.set_ylabel("volume (mL)", color=INK)
        if curves is None:
            axes.text(0.5, 0.5, "no volumes", ha="center", va="center", color=GREY, transform=axes.transAxes)
        else:
            for name, volumes in (("LV", curves.lv_ml), ("RV", curves.rv_ml)):
                colour = _colours()[name]
                axes.plot(at, volumes, "-o", color=colour, linewidth=2, markersize=3.5, clip_on=False)
                axes.text(at[-1], volumes[-1], f"  {name}", color=colour, va="center", fontweight="bold")
            axes.set_ylim(0, 1.12 * max(1.0, *curves.lv_ml, *curves.rv_ml))
            above = axes.get_xaxis_transform()
            for name, number in (("ED", measurements.ed_frame), ("ES", measurements.es_frame)):
                if number is not None:
                    x = at[number - 1]
                    axes.axvline(x, color=GREY, linewidth=1, linestyle=(0, (3, 3)), zorder=0)
                    axes.text(x, 1.01, f"{name} {number}", color=GREY, ha="center", fontsize=9, transform=above)
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="y", color="#e6e9ed", linewidth=0.8)
        axes.set_axisbelow(True)
        axes.tick_params(colors=INK)
        for i, (text, value) in enumerate(_table(measurements)):
            y = 0.8 - 0.0525 * i
            figure.text(0.77, y, text, fontsize=9.5, color=GREY)
            figure.text(0.985, y, value, fontsize=9.5, color=INK, ha="right", fontweight="bold")
        _title(figure, (9.0, 4.6), measurements.image)


def _table(m: Measurements) -> list[tuple[str, str]]:
    def number(value: float | None, unit: str) -> str:
        return "unknown" if value is None else f"{value:.0f} {unit}"

    kinds = (("EDV", "edv_ml", "mL"), ("ESV", "esv_ml", "mL"), ("SV", "sv_ml", "mL"), ("EF", "ef", "%"))
    rows = [
        (f"{side} {name}", number(getattr(m, f"{side.lower()}_{field}"), unit))
        for side in ("LV", "RV")
        for name, field, unit in kinds
    ]
    rows.append(("LV mass", number(m.lv_mass_g, "g")))
    if m.diagnosis:
        share = m.diagnosis.probabilities[m.diagnosis.label]
        rows.append(("like group", f"{m.diagnosis.label} ({100 * share:.0f} %)"))
    return rows


def _header(figure: "Figure", size: tuple[float, float], m: Measurements) -> None:
    parts = ["no heart found" if m.ed_frame is None and m.n_frames > 1 else ""]
    if m.ed_frame is not None:
        parts = [f"ED frame {m.ed_frame}, ES frame {m.es_frame}"]
    parts += [f"{side} EF {ef:.0f} %" for side, ef in (("LV", m.lv_ef), ("RV", m.rv_ef)) if ef is not None]
    _title(figure, size, m.image, "   ".join(part for part in parts if part))
    x = 1 - 0.1 / size[0]
    for name in ("LV", "MYO", "RV"):
        figure.text(x, 1 - 0.27 / size[1], name, color=_colours()[name], ha="right", fontsize=10, fontweight="bold")
        x -= (0.18 + 0.11 * len(name)) / size[0]


def _title(figure: "Figure", size: tuple[float, float], image: str, line: str = "") -> None:
    left = 0.4 / size[0]
    figure.text(left, 1 - 0.27 / size[1], image, fontsize=12, fontweight="bold", color=INK)
    figure.text(left, 1 - 0.52 / size[1], line, fontsize=10, color=INK)
    figure.text(left, 0.1 / size[1], NOTICE, fontsize=8, color=GREY)


def _contours(axes: "Axes", label: LabelMap) -> None:
    """Borders of RV, of the heart's outer wall and of the cavity in one plane (x, y)."""
    for names, inside in (("RV", label == RV), ("MYO", (label == MYO) | (label == LV)), ("LV", label == LV)):
        if inside.any() and not inside.all():
            axes.contour(inside.T.astype(float), levels=[0.5], colors=[_colours()[names]], linewidths=1.4)


def _base_to_apex(label: LabelMap) -> list[int]:
    """At most ``SLICES`` slices, evenly over the heart in (x, y, z) labels; the base is where the LV is wider."""
    lv = np.count_nonzero(label == LV, axis=(0, 1))
    occupied = np.flatnonzero(lv)
    if not occupied.size:
        occupied = np.arange(label.shape[2])
    elif lv[occupied[0]] < lv[occupied[-1]]:
        occupied = occupied[::-1]
    chosen = np.unique(np.linspace(0, len(occupied) - 1, SLICES).round().astype(int))
    return [int(z) for z in occupied[chosen]]


def _around(label: LabelMap, spacing_mm: tuple[float, float, float]) -> Window:
    """The heart and some millimetres around it, in every slice and frame; everything where there is none."""
    seen = (label != 0).any(axis=(2, 3))
    if not seen.any():
        return slice(0, seen.shape[0]), slice(0, seen.shape[1])
    spans = []
    for axis in (0, 1):
        at = np.flatnonzero(seen.any(axis=1 - axis))
        margin = round(MARGIN_MM / spacing_mm[axis])
        spans.append(slice(max(0, int(at[0]) - margin), min(seen.shape[axis], int(at[-1]) + 1 + margin)))
    return spans[0], spans[1]


@cache
def _colours() -> dict[str, str]:
    """Colours of the structures by name, as the bundle's metadata has them for every viewer."""
    metadata = json.loads((places.bundles() / "cine_heart" / "configs" / "metadata.json").read_text())
    return {entry["name"]: "#{:02x}{:02x}{:02x}".format(*entry["colour"]) for entry in metadata["labels"]}


@contextmanager
def _figure(path: Path, size: tuple[float, float]) -> Iterator["Figure"]:
    """A figure of ``size`` inches, written to ``path`` as PNG in one piece."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, dpi=150, facecolor="white")
    FigureCanvasAgg(figure)
    yield figure
    with replace_whole(path) as temporary:
        figure.savefig(temporary, format="png")
