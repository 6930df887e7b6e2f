"""Pictures of a folder or an index through the inferer, into a table; and figures where labels are known."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from cxr_classifier_code.figures import auc, calibration_error, mean_auc, sensitivity_specificity
from cxr_classifier_code.films import Entry, listed, read_image
from cxr_classifier_code.inference import RadiographInferer, Reading
from cxr_classifier_code.network import Classifier
from cxr_classifier_code.table import write_table

SUFFIXES = (".png", ".jpg", ".jpeg", ".npy")


def predict(dataset_dir: str, inferer: RadiographInferer, network: Classifier, output_dir: str) -> None:
    """Reads every picture of a folder and writes ``predictions.csv`` into ``output_dir``."""
    folder = Path(dataset_dir)
    found = sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES)
    if not found:
        raise FileNotFoundError(f"{folder}: no picture ({', '.join(SUFFIXES)})")
    readings: list[Reading] = []
    for first in range(0, len(found), 32):
        readings += inferer([read_image(p) for p in found[first : first + 32]], network)
    names = [p.relative_to(folder).as_posix() for p in found]
    write_predictions(Path(output_dir) / "predictions.csv", names, readings, inferer.classes)


def write_predictions(path: Path, names: Sequence[str], readings: Sequence[Reading], classes: Sequence[str]) -> None:
    rows: list[list[Any]] = [["file", "label", "abstained", "reason", *classes]]
    for name, reading in zip(names, readings, strict=True):
        shares = [""] * len(classes) if reading.abstained else [f"{reading.probabilities[c]:.4f}" for c in classes]
        rows.append([name, reading.label or "", str(reading.abstained).lower(), reading.reason, *shares])
    write_table(path, rows)


def evaluate(
    dataset_dir: str, part: str, split: str, inferer: RadiographInferer, network: Classifier, output_dir: str
) -> dict[str, Any]:
    """Reads the films of a part, prints figures as one line of JSON and writes ``predictions.csv``.

    AUC is that of all films; ``auc_not_abstained`` leaves out the refused. ``accuracy`` counts a refused film as the
    label that it would have had.
    """
    entries = [e for e in listed(dataset_dir, inferer.classes, split) if e.part == part]
    if not entries:
        raise ValueError(f"{dataset_dir}: no film in the part {part}")
    readings = inferer([entry.pixels() for entry in entries], network)
    write_predictions(Path(output_dir) / "predictions.csv", [e.name for e in entries], readings, inferer.classes)
    found = figures(entries, readings, inferer)
    print(json.dumps(found), flush=True)
    return found


def figures(entries: Sequence[Entry], readings: Sequence[Reading], inferer: RadiographInferer) -> dict[str, Any]:
    classes = inferer.classes
    truth = np.array([classes.index(entry.label) for entry in entries])
    shares = np.array([[reading.probabilities[c] for c in classes] for reading in readings])
    called = np.array([classes.index(inferer.label(row)) for row in shares])
    kept = np.array([not reading.abstained for reading in readings])
    recall = [float((called[truth == k] == k).mean()) for k in range(len(classes)) if (truth == k).any()]
    found: dict[str, Any] = {
        "films": len(entries),
        "auc": mean_auc(shares, truth),
        "auc_not_abstained": mean_auc(shares[kept], truth[kept]),
        "accuracy": float((called == truth).mean()),
        "balanced_accuracy": float(np.mean(recall)),
        "abstained": float(1 - kept.mean()),
    }
    if len(classes) == 2:
        positive = truth == 1
        found["sensitivity"], found["specificity"] = sensitivity_specificity(positive, called == 1)
        found["calibration_error"] = calibration_error(shares[:, 1], positive)
        views = sorted({entry.view for entry in entries if entry.view})
        for view in views:
            rows = np.array([entry.view == view for entry in entries])
            found[f"auc_{view}"] = auc(shares[rows, 1], positive[rows])
    return {name: round(value, 4) if isinstance(value, float) else value for name, value in found.items()}
