"""Which network? Seven of them trained alike, three seeds each, on children's and adults' films.

    PYTHONPATH=bundles/cxr_classifier python benchmarks/cxr_networks.py [--runs FOLDER] [--seconds 120] [--table]
        [--photographs photographs.pt]

With the file that ``cxr_classifier_code.photographs`` makes, efficientnet_lite0 is also trained from there.

Children: 28 pixels (the classic baseline and the networks that halve five times enlarge them to 64), judged on ``val``.
Adults: 64 pixels, trained on four of five folds, judged on the first. A run ends after ``--seconds``. Runs that are
done stand in ``FOLDER/networks.csv`` and are not run again. ``--table`` only prints what there is.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import torch
from cxr_runs import BUNDLE, add_row, changed, fold_split, log_odds, mean_spread, read_rows, said, settings, train

from cxr_classifier_code.figures import auc
from cxr_classifier_code.network import NETWORKS, Classifier

SEEDS = (0, 1, 2)
BEGUN = "efficientnet_lite0, from photographs"


def milliseconds(network: Classifier, size: int) -> float:
    """Of one picture, the median of 20."""
    picture, taken = torch.zeros(1, 1, size, size), []
    with torch.inference_mode():
        for _ in range(23):
            began = time.perf_counter()
            network(picture)
            taken.append(time.perf_counter() - began)
    return float(np.median(taken[3:]) * 1000)


def run(runs: Path, children: bool, name: str, seed: int, seconds: float, photographs: str) -> dict[str, object]:
    folder = runs / f"network_{'children' if children else 'adults'}_{name.replace(', ', '_').replace(' ', '_')}_{seed}"
    size = 64 if name == "classic" or not children else 28
    overrides = {
        "start_from": photographs if name == BEGUN else "",
        "network_name": name.split(",")[0],
        "size": size,
        "finer": 1.0,
        "seed": seed,
        "seconds": seconds,
    }
    overrides |= {"epochs": 40, "batch_size": 32} if not children else {"epochs": 12}
    if not children:
        overrides["split"] = fold_split(folder, 0)
    parser = settings(folder, overrides, children)
    network, spent = train(parser)
    validation = parser.get_parsed_content("validation")
    positive = validation.labels.numpy() == 1
    score = log_odds(network, validation.pictures)
    harder = log_odds(network, changed(parser.get_parsed_content("films").part("val"), size))
    return {
        "set": "children" if children else "adults",
        "network": name,
        "seed": seed,
        "auc": auc(score, positive),
        "accuracy": float(((score > 0) == positive).mean()),
        "auc_changed": auc(harder, positive),
        "parameters": sum(p.numel() for p in parser.get_parsed_content("network").learned()),
        "ms": milliseconds(network, size),
        "seconds": spent,
    }


def table(rows: list[dict[str, str]]) -> None:
    for name in ("children", "adults"):
        print(
            f"\n| {name}: network | AUC | accuracy | AUC, changed films | parameters, M | ms a picture | training, s |"
        )
        print("| --- | --- | --- | --- | --- | --- | --- |")
        own = {n: [r for r in rows if r["set"] == name and r["network"] == n] for n in (*NETWORKS, BEGUN)}
        done = {n: found for n, found in own.items() if found}
        for network, found in done.items():
            column = {key: [row[key] for row in found] for key in found[0]}
            size, ms, seconds = (mean_spread(column[key])[0] for key in ("parameters", "ms", "seconds"))
            cells = [said(column["auc"]), said(column["accuracy"]), said(column["auc_changed"])]
            print(f"| {network} | {' | '.join(cells)} | {size / 1e6:.2f} | {ms:.1f} | {seconds:.0f} |")
        if done:
            compare(done)


def compare(done: dict[str, list[dict[str, str]]]) -> None:
    """Says which networks differ from the best: intervals of two standard errors of the mean that do not overlap."""
    intervals = {}
    for network, found in done.items():
        mean, spread = mean_spread([row["auc_changed"] for row in found])
        error = 2 * spread / len(found) ** 0.5
        intervals[network] = (mean - error, mean + error)
    best = max(intervals, key=lambda n: sum(intervals[n]))
    alike = [n for n, (_, high) in intervals.items() if n != best and not high < intervals[best][0]]
    print(f"\nBest on changed films: {best}. No difference from: {', '.join(alike) or 'none'}.")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=Path, default=BUNDLE / "runs")
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--photographs", default="")
    options = parser.parse_args()
    results = options.runs / "networks.csv"
    if not options.table:
        for seed in SEEDS:
            for children in (False, True):
                for name in (*NETWORKS, BEGUN) if options.photographs else NETWORKS:
                    key = ("children" if children else "adults", name, str(seed))
                    if key not in {(r["set"], r["network"], r["seed"]) for r in read_rows(results)}:
                        add_row(results, run(options.runs, children, name, seed, options.seconds, options.photographs))
    table(read_rows(results))


if __name__ == "__main__":
    main()
