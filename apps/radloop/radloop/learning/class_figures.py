"""The figures of a classifier's report, as SVG text."""

import io
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from radloop.learning.class_scores import BINS, Floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INK, GREY, LINE = "#1d232b", "#6b7480", "#e6e9ed"
COLOURS = ("#2f6fde", "#d9772b", "#3a9d5d", "#9a56c4", "#c23b4b", "#6b7480", "#b59b1f", "#2aa3a3")
BAND_DRAWS = 200


def split_figure(counts: Mapping[str, Mapping[str, int]], classes: Sequence[str]) -> str:
    """Films of each class in each part: ``counts[part][class]``."""

    def draw(axes: "Axes") -> None:
        parts = list(counts)
        below = np.zeros(len(parts))
        for k, name in enumerate(classes):
            values = np.array([counts[part].get(name, 0) for part in parts])
            axes.barh(parts, values, left=below, color=_colour(k), label=_short(classes)[k], height=0.6)
            below += values
        axes.invert_yaxis()
        axes.set_xlabel("films")
        axes.legend(frameon=False, fontsize=8, loc="lower left", bbox_to_anchor=(0, 1), ncols=min(4, len(classes)))

    return _svg(draw, (5.2, 1.1 + 0.35 * len(counts) + 0.2 * (len(classes) // 4)))


def curves_figure(history: Sequence[Mapping[str, float]]) -> str:
    """Losses and AUC over epochs, as ``history.csv`` has them."""

    def draw(axes: "Axes") -> None:
        epochs = [row["epoch"] for row in history]
        axes.plot(epochs, [row["train_loss"] for row in history], color=COLOURS[0], label="loss, training")
        axes.plot(epochs, [row["val_loss"] for row in history], color=COLOURS[1], label="loss, validation")
        axes.set_xlabel("epoch")
        axes.set_ylabel("loss")
        right = axes.twinx()
        right.plot(epochs, [row["val_auc"] for row in history], color=COLOURS[2], label="AUC, validation")
        right.set_ylabel("AUC")
        right.spines["top"].set_visible(False)
        lines = axes.get_lines() + right.get_lines()
        axes.legend(lines, [str(line.get_label()) for line in lines], frameon=False, fontsize=8, loc="center right")

    return _svg(draw, (5.2, 3.2))


def confusion_figure(confusion: Sequence[Sequence[int]], classes: Sequence[str]) -> str:
    """Counts [true][called]."""
    table = np.array(confusion)

    def draw(axes: "Axes") -> None:
        shares = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
        axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
        for (row, column), count in np.ndenumerate(table):
            ink = "white" if shares[row, column] > 0.5 else INK
            axes.text(column, row, f"{count}\n{100 * shares[row, column]:.0f} %", ha="center", va="center", color=ink)
        axes.set_xticks(range(len(classes)), _short(classes), rotation=20 if len(classes) > 3 else 0)
        axes.set_yticks(range(len(classes)), _short(classes))
        axes.set_xlabel("called")
        axes.set_ylabel("labelled")
        axes.grid(False)

    side = max(3.2, 0.9 * len(classes) + 1.2)
    return _svg(draw, (side + 0.6, side))


def roc_figure(shares: Floats, truth: NDArray[np.int64], classes: Sequence[str]) -> str:
    """ROC of the second of two classes, with the 95 % band of a bootstrap over films; of more, of each."""
    at = np.linspace(0, 1, 101)

    def sensitivity(scores: Floats, positive: NDArray[np.bool_]) -> Floats:
        order = np.argsort(-scores, kind="stable")
        hits, false = np.cumsum(positive[order]), np.cumsum(~positive[order])
        last = np.append(np.flatnonzero(np.diff(scores[order])), len(order) - 1)  # equal scores are one step
        x = np.concatenate([[0.0], false[last] / max(1, int(false[-1]))])
        y = np.concatenate([[0.0], hits[last] / max(1, int(hits[-1]))])
        return np.asarray(np.interp(at, x, y))

    def draw(axes: "Axes") -> None:
        shown = [1] if len(classes) == 2 else range(len(classes))
        random = np.random.default_rng(0)
        for k in shown:
            positive = truth == k
            if not positive.any() or positive.all():
                continue
            axes.plot(at, sensitivity(shares[:, k], positive), color=_colour(k), label=_short(classes)[k])
            if len(shown) == 1:
                draws = [random.integers(0, len(truth), len(truth)) for _ in range(BAND_DRAWS)]
                curves = [sensitivity(shares[d, k], positive[d]) for d in draws if 0 < positive[d].sum() < len(d)]
                low, high = np.percentile(curves, (2.5, 97.5), axis=0)
                axes.fill_between(at, low, high, color=_colour(k), alpha=0.18, linewidth=0)
        axes.plot((0, 1), (0, 1), color=GREY, linewidth=0.8, linestyle=(0, (3, 3)))
        axes.set_xlabel("1 - specificity")
        axes.set_ylabel("sensitivity")
        axes.set_aspect("equal")
        axes.legend(frameon=False, fontsize=8, loc="lower right")

    return _svg(draw, (3.8, 3.8))


def reliability_figure(confidence: Floats, right: NDArray[np.bool_]) -> str:
    """How often something is so against how probable it was called, in bins of equal mass."""

    def draw(axes: "Axes") -> None:
        axes.plot((0, 1), (0, 1), color=GREY, linewidth=0.8, linestyle=(0, (3, 3)))
        bins = [b for b in np.array_split(np.argsort(confidence, kind="stable"), BINS) if len(b)]
        said, was = ([float(values[b].mean()) for b in bins] for values in (confidence, right))
        spread = [1.96 * np.sqrt(max(w * (1 - w), 0.25 / len(b)) / len(b)) for w, b in zip(was, bins, strict=True)]
        axes.errorbar(said, was, yerr=spread, color=COLOURS[0], fmt="o-", markersize=4, linewidth=1.2, elinewidth=0.8)
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1)
        axes.set_xlabel("probability that was said")
        axes.set_ylabel("share that was so")
        axes.set_aspect("equal")

    return _svg(draw, (3.8, 3.8))


def _colour(number: int) -> str:
    return COLOURS[number % len(COLOURS)]


def _short(names: Sequence[str]) -> list[str]:
    return [name if len(name) <= 20 else name[:19] + "…" for name in names]


def _svg(draw: Callable[["Axes"], Any], inches: tuple[float, float]) -> str:
    """One set of axes as an ``<svg>`` element. Names are text and never formulas."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    style = {"text.parse_math": False, "svg.hashsalt": "radloop", "font.size": 9, "axes.edgecolor": GREY}
    style |= {"axes.labelcolor": INK, "xtick.color": INK, "ytick.color": INK, "axes.grid": True, "grid.color": LINE}
    with rc_context(style):
        figure = Figure(figsize=inches, layout="constrained")
        FigureCanvasSVG(figure)
        axes = figure.add_subplot()
        axes.set_axisbelow(True)
        axes.spines[["top", "right"]].set_visible(False)
        draw(axes)
        text = io.StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    svg = text.getvalue()
    return svg[svg.index("<svg") :]
