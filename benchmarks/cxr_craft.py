"""Imbalance and training craft, one change at a time from the defaults of ``configs/train.json``.

    PYTHONPATH=bundles/cxr_classifier python benchmarks/cxr_craft.py [--runs FOLDER] [--seconds 90] [--table]

Children (28 pixels, 1,214 normal against 3,484 pneumonia, judged on ``val``) and adults at 64 pixels whose pneumonia
films are thinned to one in ten of the normal (trained on four folds, judged on all films of the first). Three seeds;
a run ends after ``--seconds``; runs that are done stand in ``FOLDER/craft.csv`` and are not run again.
"""

import argparse
import csv
import json
from pathlib import Path
from typing import Any

from cxr_runs import ADULTS, BUNDLE, CHILDREN, add_row, changed, fold_split, log_odds, read_rows, said, settings, train

from cxr_classifier_code.figures import auc
from cxr_classifier_code.films import in_index

SEEDS = (0, 1, 2)
FOCAL = {"_target_": "FocalLoss", "use_softmax": True, "include_background": True, "gamma": 2.0}
CHANGES: dict[str, dict[str, Any]] = {
    "default": {},
    "no balance": {"balance": "none"},
    "weighted loss": {"balance": "none", "loss::weight": "$torch.tensor(@weights)"},
    "focal loss": {"balance": "none", "loss": FOCAL},
    "no augmentation": {"strength": 0.0, "mirror": False},
    "half augmentation": {"strength": 0.5},
    "no mixup": {"mixup": 0.0},
    "no averaged weights": {"decay": 0.0},
    "no warm-up": {"schedule": "cosine"},
    "constant rate": {"schedule": "constant"},
    "a third of the rate": {"learning_rate": 0.0007},
    "three times the rate": {"learning_rate": 0.006},
    "no normalisation": {"norm": "none"},
    "batch norm everywhere": {"norm": "batch_only"},
    "no dropout": {"dropout": 0.0},
    "dropout of a half": {"dropout": 0.5},
    "no smoothed labels": {"label_smoothing": 0.0},
    "a fifth of other collection": {"also_share": 0.2},
}
OPTIONS = ("norm", "dropout")


def thinned_index(folder: Path, seed: int) -> tuple[str, float]:
    """An index in which one pneumonia film in so many is left for training that they are a tenth of the normal ones.

    Returns it and the share of pneumonia among what is trained on.
    """
    split = fold_split(folder, 0)
    parts = json.loads(Path(split).read_text())
    entries = in_index(ADULTS / "index.csv", split)
    trained = [e for e in entries if e.patient in set(parts["train"])]
    normal = [e for e in trained if e.label == "normal"]
    rare = [e for e in trained if e.label == "pneumonia"]
    step = len(rare) * 10 / len(normal)
    kept = [rare[int((i + seed / 3) * step) % len(rare)] for i in range(round(len(normal) / 10))]
    judged = [e for e in entries if e.patient in set(parts["val"])]
    path = folder / "index.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["file", "label", "patient", "view", "part"])
        for part, films in (("train", normal + kept), ("val", judged)):
            writer.writerows([str(Path(str(e.image)).resolve()), e.label, e.patient, e.view, part] for e in films)
    return str(path), len(kept) / (len(kept) + len(normal))


def run(runs: Path, children: bool, change: str, seed: int, seconds: float) -> dict[str, object]:
    folder = runs / f"craft_{'children' if children else 'adults'}_{change.replace(' ', '_')}_{seed}"
    overrides: dict[str, Any] = {"seed": seed, "seconds": seconds, "size": 28 if children else 64, "finer": 1.0}
    overrides |= {"epochs": 10} if children else {"epochs": 60, "batch_size": 32}
    share = 0.74
    if not children:
        overrides["index"], share = thinned_index(folder, seed)
    if "also_share" in CHANGES[change]:
        overrides["also"] = str(ADULTS if children else CHILDREN)
        overrides["split"] = str(BUNDLE / "configs" / "split.json")
    overrides["weights"] = [0.5 / (1 - share), 0.5 / share]
    changes = {key: value for key, value in CHANGES[change].items() if key not in OPTIONS}
    options = {key: value for key, value in CHANGES[change].items() if key in OPTIONS}
    if options:
        size = 28 if children else 64
        overrides["network_options"] = f"$options_for('residual', {size}) | {options!r}"
    parser = settings(folder, overrides | changes, children)
    network, spent = train(parser)
    validation = parser.get_parsed_content("validation")
    positive = validation.labels.numpy() == 1
    score = log_odds(network, validation.pictures)
    harder = log_odds(network, changed(parser.get_parsed_content("films").part("val"), int(overrides["size"])))
    rare = ~positive if children else positive
    return {
        "set": "children" if children else "adults",
        "change": change,
        "seed": seed,
        "auc": auc(score, positive),
        "auc_changed": auc(harder, positive),
        "rare_recall": float((((score > 0) == positive)[rare]).mean()),
        "other_recall": float((((score > 0) == positive)[~rare]).mean()),
        "seconds": spent,
    }


def table(rows: list[dict[str, str]]) -> None:
    for name, rare in (("children", "normal"), ("adults", "pneumonia")):
        print(f"\n| {name} | AUC | AUC, changed films | recall of {rare} (rare) | recall of the other | runs |")
        print("| --- | --- | --- | --- | --- | --- |")
        for change in CHANGES:
            found = [row for row in rows if row["set"] == name and row["change"] == change]
            if found:
                columns = ("auc", "auc_changed", "rare_recall", "other_recall")
                print(f"| {change} | {' | '.join(said([r[c] for r in found]) for c in columns)} | {len(found)} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=Path, default=BUNDLE / "runs")
    parser.add_argument("--seconds", type=float, default=90)
    parser.add_argument("--table", action="store_true")
    options = parser.parse_args()
    results = options.runs / "craft.csv"
    if not options.table:
        for seed in SEEDS:
            for children in (False, True):
                for change in CHANGES:
                    key = ("children" if children else "adults", change, str(seed))
                    if key not in {(r["set"], r["change"], r["seed"]) for r in read_rows(results)}:
                        add_row(results, run(options.runs, children, change, seed, options.seconds))
    table(read_rows(results))


if __name__ == "__main__":
    main()
