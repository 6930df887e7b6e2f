"""Imbalance and training craft, one change at a time from the defaults of ``configs/train.json``, at small size.

    PYTHONPATH=bundles/cxr_classifier python benchmarks/cxr_craft.py --photographs photographs.pt [--runs FOLDER]

``--table`` only prints what there is. Children: 28 pixels, a network of half the width, 1,214 normal against 3,484
pneumonia, 60 steps of 32 films, judged on ``val``. Adults: 64 pixels, from photographs, pneumonia films thinned to one
in ten of the normal, trained on four folds for 60 steps of 32, judged on all films of the first; what training taught
alone, without the linear reading that no change here touches. Every run has as many steps as any other, so that a busy
machine favours none. Three seeds; runs that are done stand in ``FOLDER/craft.csv`` and are not run again. Rows of one
set only are those whose change the other set's network, or its films, do not have.
"""

import argparse
import csv
import json
from pathlib import Path
from typing import Any

from cxr_runs import (
    ADULTS,
    BUNDLE,
    add_row,
    changed,
    fold_split,
    log_odds,
    mean_spread,
    read_rows,
    said,
    settings,
    train,
)
from monai.bundle.config_parser import ConfigParser
from monai.optimizers import LearningRateFinder

from cxr_classifier_code.figures import auc
from cxr_classifier_code.films import in_index
from cxr_classifier_code.training import Validation
from cxr_classifier_code.weights import start_from

SEEDS = (0, 1, 2)
STEPS = 60
FOCAL = {"_target_": "FocalLoss", "use_softmax": True, "include_background": True, "gamma": 2.0}
FOUND = "rate of the learning-rate finder"
CHANGES: dict[str, dict[str, Any]] = {
    "default": {},
    "no balance": {"balance": "none"},
    "classes balanced, views not": {"balance": "class"},
    "weighted loss": {"balance": "none", "loss::weight": "$torch.tensor(@weights)"},
    "focal loss": {"balance": "none", "loss": FOCAL},
    "no augmentation": {"strength": 0.0, "mirror": False},
    "half the augmentation": {"strength": "$0.5 * @default_strength"},
    "twice the augmentation": {"strength": "$2 * @default_strength"},
    "no mixup": {"mixup": 0.0},
    "no averaged weights": {"decay": 0.0},
    "no warm-up": {"schedule": "cosine"},
    "constant rate": {"schedule": "constant"},
    "a third of the rate": {"learning_rate": "$@default_rate / 3"},
    "three times the rate": {"learning_rate": "$@default_rate * 3"},
    FOUND: {},
    "no normalisation": {"norm": "none"},
    "batch norm everywhere": {"norm": "batch_only"},
    "no dropout": {"dropout": 0.0},
    "dropout of a half": {"dropout": 0.5},
    "no smoothed labels": {"label_smoothing": 0.0},
}
OPTIONS = ("norm", "dropout")
ONLY_CHILDREN = ("no normalisation", "batch norm everywhere")
ONLY_ADULTS = ("classes balanced, views not",)


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


def small(
    folder: Path, children: bool, change: str, seed: int, photographs: str, more: dict[str, Any] | None = None
) -> ConfigParser:
    """The settings of a run, with ``more`` of them."""
    overrides: dict[str, Any] = {"seed": seed, "finer": 1.0, "epochs": 1, "batch_size": 32}
    overrides["default_strength"] = 1.0 if children else 0.5
    if children:
        overrides |= {"size": 28, "default_rate": 0.002}
        network, share = {"channels": [20, 40, 80], "blocks": [1, 2, 2], "halve_first": False}, 0.74
    else:
        overrides |= {"size": 64, "default_rate": 0.0005, "start_from": photographs}
        network = {}
        overrides["index"], share = thinned_index(folder, seed)
    overrides["weights"] = [0.5 / (1 - share), 0.5 / share]
    changes = {key: value for key, value in CHANGES[change].items() if key not in OPTIONS}
    overrides["network_options"] = network | {k: v for k, v in CHANGES[change].items() if k in OPTIONS}
    # The epoch's end looks at a few films only: how the whole part is read is measured once, afterwards.
    overrides["validation::films"] = "$@films.part('val').picked(range(0, len(@films.part('val')), 12))"
    parser = settings(folder, overrides | changes | (more or {}), children)
    parser.get_parsed_content("train::dataset").batches = STEPS  # before the trainer asks for the length of an epoch
    return parser


def found_rate(parser: ConfigParser) -> float:
    """Where the loss falls most steeply while the rate grows from 0.00001 to 0.1 (Smith 2017, arXiv:1506.01186)."""
    parser.get_parsed_content("initialize")
    network, optimizer, loss = (parser.get_parsed_content(name) for name in ("network", "optimizer", "loss"))
    if path := parser.get_parsed_content("start_from"):
        start_from(network, path)
    finder = LearningRateFinder(network, optimizer, loss, device="cpu", verbose=False)
    finder.range_test(parser.get_parsed_content("train::dataloader"), start_lr=1e-5, end_lr=0.1, num_iter=40)
    rate, _ = finder.get_steepest_gradient(skip_start=4, skip_end=1)
    return float(rate)


def run(runs: Path, children: bool, change: str, seed: int, photographs: str) -> dict[str, object]:
    folder = runs / f"craft_{'children' if children else 'adults'}_{change.replace(' ', '_')}_{seed}"
    parser = small(folder, children, change, seed, photographs)
    if change == FOUND:
        rate = found_rate(parser)
        parser = small(folder, children, change, seed, photographs, {"learning_rate": rate})
    network, spent = train(parser, linear=False)
    films, size = parser.get_parsed_content("films").part("val"), int(parser["size"])
    positive = films.labels.numpy() == 1
    score = log_odds(network, Validation(films, size).pictures)
    rare = ~positive if children else positive
    return {
        "set": "children" if children else "adults",
        "change": change,
        "seed": seed,
        "auc": auc(score, positive),
        "auc_changed": auc(log_odds(network, changed(films, size)), positive),
        "rare_recall": float((((score > 0) == positive)[rare]).mean()),
        "other_recall": float((((score > 0) == positive)[~rare]).mean()),
        "rate": float(parser.get_parsed_content("learning_rate")),
        "seconds": spent,
    }


COLUMNS = ("auc", "auc_changed", "rare_recall", "other_recall")


def compared(own: list[str], default: list[str]) -> str:
    """``better``, ``worse``, or nothing where intervals of two standard errors of the mean overlap."""
    (mean, spread), (usual, usual_spread) = mean_spread(own), mean_spread(default)
    apart = abs(mean - usual) > 2 * (spread / len(own) ** 0.5 + usual_spread / len(default) ** 0.5)
    return (" better" if mean > usual else " worse") if apart else ""


def table(rows: list[dict[str, str]]) -> None:
    for name, rare in (("children", "normal"), ("adults", "pneumonia")):
        print(f"\n| {name} | AUC | AUC, changed films | recall of {rare} (rare) | recall of the other | runs |")
        print("| --- | --- | --- | --- | --- | --- |")
        of = {change: [r for r in rows if r["set"] == name and r["change"] == change] for change in CHANGES}
        for change, found in of.items():
            if found:
                cells = []
                for column in COLUMNS:
                    own, default = ([r[column] for r in some] for some in (found, of["default"]))
                    cells.append(said(own) + compared(own, default))
                print(f"| {change} | {' | '.join(cells)} | {len(found)} |")
        if found := of[FOUND]:
            print(f"\nRates found: {', '.join(r['rate'] for r in found)}")


def wanted(change: str, children: bool) -> bool:
    return change not in (ONLY_ADULTS if children else ONLY_CHILDREN)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=Path, default=BUNDLE / "runs")
    parser.add_argument("--photographs", help="what cxr_classifier_code.photographs makes")
    parser.add_argument("--table", action="store_true")
    options = parser.parse_args()
    results = options.runs / "craft.csv"
    if not options.table:
        if not options.photographs:
            parser.error("--photographs is needed: the adult classifier begins with them")
        for seed, children in ((seed, children) for seed in SEEDS for children in (False, True)):
            for change in (change for change in CHANGES if wanted(change, children)):
                key = ("children" if children else "adults", change, str(seed))
                if key not in {(r["set"], r["change"], r["seed"]) for r in read_rows(results)}:
                    add_row(results, run(options.runs, children, change, seed, options.photographs))
    table(read_rows(results))


if __name__ == "__main__":
    main()
