"""Every adult film judged by a network that never saw its patient: five folds, as ``configs/train.json`` trains.

    PYTHONPATH=bundles/cxr_classifier python benchmarks/cxr_folds.py [--runs FOLDER] [--name folds] [KEY=VALUE …]

Writes ``FOLDER/NAME.csv`` (file, fold, patient, label, view, logit) once all folds are done; each is resumable.
``KEY=VALUE`` (JSON values) are other settings of ``train.json``. Prints AUC pooled and by view, and balanced
accuracy with calibration and threshold fitted to the other folds. What is fitted there has not seen the film's label.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from cxr_runs import BUNDLE, add_row, fold_split, log_odds, read_rows, settings, train
from numpy.typing import NDArray

from cxr_classifier_code.calibration import calibrate, probabilities
from cxr_classifier_code.figures import auc, sensitivity_specificity


def run_fold(runs: Path, name: str, fold: int, overrides: dict[str, Any]) -> None:
    folder = runs / f"{name}_{fold}"
    parser = settings(folder, {"split": fold_split(folder, fold), "seed": fold} | overrides)
    network, _ = train(parser)
    torch.save({"model": network.state_dict()}, folder / "mean.pt")
    validation = parser.get_parsed_content("validation")
    entries = parser.get_parsed_content("films").part("val").entries
    for entry, score in zip(entries, log_odds(network, validation.pictures), strict=True):
        add_row(
            runs / f"{name}_{fold}.csv.new",
            {
                "file": entry.name,
                "fold": fold,
                "patient": entry.patient,
                "label": entry.label,
                "view": entry.view,
                "logit": round(float(score), 5),
            },
        )
    (runs / f"{name}_{fold}.csv.new").replace(runs / f"{name}_{fold}.csv")


def calibrated(rows: list[dict[str, str]]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Each film's probability of pneumonia, and what it is called: calibration and threshold from the other folds."""
    fold = np.array([int(row["fold"]) for row in rows])
    logits = torch.tensor([[0.0, float(row["logit"])] for row in rows])
    labels = torch.tensor([int(row["label"] == "pneumonia") for row in rows])
    shares, called = np.zeros(len(rows)), np.zeros(len(rows), bool)
    for k in set(fold.tolist()):
        others, own = torch.from_numpy(fold != k), fold == k
        about = calibrate(logits[others], labels[others], ["normal", "pneumonia"])
        shares[own] = probabilities(logits[~others].numpy(), about)[:, 1]
        called[own] = shares[own] >= about["threshold"]
    return shares, called


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=Path, default=BUNDLE / "runs")
    parser.add_argument("--name", default="folds")
    parser.add_argument("settings", nargs="*")
    options = parser.parse_args()
    overrides = {key: json.loads(value) for key, value in (text.split("=", 1) for text in options.settings)}
    for fold in range(5):
        (options.runs / f"{options.name}_{fold}.csv.new").unlink(missing_ok=True)
        if not (options.runs / f"{options.name}_{fold}.csv").exists():
            run_fold(options.runs, options.name, fold, overrides)
    rows = [row for fold in range(5) for row in read_rows(options.runs / f"{options.name}_{fold}.csv")]
    whole = options.runs / f"{options.name}.csv"
    whole.unlink(missing_ok=True)
    for row in rows:
        add_row(whole, dict(row))
    positive = np.array([row["label"] == "pneumonia" for row in rows])
    shares, called = calibrated(rows)
    sensitivity, specificity = sensitivity_specificity(positive, called)
    print(
        f"{len(rows)} films, AUC {auc(shares, positive):.4f}, balanced accuracy {(sensitivity + specificity) / 2:.4f}"
    )
    print(f"sensitivity {sensitivity:.4f}, specificity {specificity:.4f}")
    for view in ("AP", "PA"):
        own = np.array([row["view"] == view for row in rows])
        print(f"{view}: {own.sum()} films, AUC {auc(shares[own], positive[own]):.4f}")


if __name__ == "__main__":
    main()
