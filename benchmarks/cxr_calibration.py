"""Do probabilities mean what they say? Expected calibration error before and after, and the reliability diagram.

    PYTHONPATH=bundles/cxr_classifier python benchmarks/cxr_calibration.py [--runs FOLDER] [--name folds] [--figure PNG]

From the pooled folds that ``cxr_folds.py`` wrote; temperature and bias of each fold are fitted to the others. Ten bins
of equal mass. A perfectly calibrated model of the same scores has an error too, by chance: the mean of 1,000 draws.
"""

import argparse
from pathlib import Path

import numpy as np
from cxr_folds import calibrated
from cxr_runs import BUNDLE, read_rows
from numpy.typing import NDArray

from cxr_classifier_code.figures import calibration_error

BINS = 10


def by_chance(shares: NDArray[np.float64], draws: int = 1000) -> float:
    chance = np.random.default_rng(0)
    return float(np.mean([calibration_error(shares, chance.random(len(shares)) < shares, BINS) for _ in range(draws)]))


def draw(path: Path, curves: dict[str, NDArray[np.float64]], positive: NDArray[np.bool_]) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(4.5, 4.5), dpi=120)
    axes.plot([0, 1], [0, 1], color="0.7", linewidth=1)
    for name, shares in curves.items():
        bins = np.array_split(np.argsort(shares, kind="stable"), BINS)
        axes.plot([shares[b].mean() for b in bins], [positive[b].mean() for b in bins], marker="o", label=name)
    axes.set_xlabel("stated probability of pneumonia")
    axes.set_ylabel("share of films with pneumonia")
    axes.legend(frameon=False)
    axes.set_aspect("equal")
    figure.tight_layout()
    figure.savefig(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=Path, default=BUNDLE / "runs")
    parser.add_argument("--name", default="folds")
    parser.add_argument("--figure", type=Path)
    options = parser.parse_args()
    rows = read_rows(options.runs / f"{options.name}.csv")
    if not rows:
        raise SystemExit(f"{options.runs / options.name}.csv: run benchmarks/cxr_folds.py first")
    positive = np.array([row["label"] == "pneumonia" for row in rows])
    raw = 1 / (1 + np.exp(-np.array([float(row["logit"]) for row in rows])))
    curves = {"as the network says it": raw, "calibrated": calibrated(rows)[0]}
    for name, shares in curves.items():
        error, chance = calibration_error(shares, positive, BINS), by_chance(shares)
        print(f"{name}: error {error:.4f}, by chance {chance:.4f}, above it {error - chance:+.4f}")
    if options.figure:
        draw(options.figure, curves, positive)


if __name__ == "__main__":
    main()
