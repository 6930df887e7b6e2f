"""What else tells the classes apart? Shortcuts beside the network, by view, and across the two collections.

    PYTHONPATH=bundles/cxr_classifier python benchmarks/cxr_shortcuts.py [--runs FOLDER] [--name folds]

From the pooled folds that ``cxr_folds.py`` wrote: the network's AUC beside that of the view alone, of eight grey-level
statistics, of a linear model on 32 x 32 thumbnails, of the thumbnails' border alone, and the network's own with the
lungs' middle or all but the border made even. The linear models are fitted to the other folds. Differences to the
thumbnails by a paired bootstrap over patients (1,000 draws). Then the shipped variants on each other's films.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from cxr_runs import ADULTS, BUNDLE, CHILDREN, log_odds, read_rows
from numpy.typing import NDArray

from cxr_classifier_code.figures import auc
from cxr_classifier_code.films import listed, read_image
from cxr_classifier_code.inference import ready
from cxr_classifier_code.picture import prepared, resized, standardised

Values = NDArray[np.float64]


def linear(values: Values, positive: NDArray[np.bool_], fold: NDArray[np.int64], ridge: float) -> Values:
    """Log odds of a logistic regression with a ridge, each fold by a model of the others."""
    scores = np.zeros(len(values))
    for k in np.unique(fold):
        seen = fold != k
        middle, spread = values[seen].mean(axis=0), values[seen].std(axis=0) + 1e-9
        x = torch.from_numpy((values - middle) / spread)
        y = torch.from_numpy(positive.astype(np.float64))
        weight = torch.zeros(values.shape[1] + 1, dtype=torch.double, requires_grad=True)
        search = torch.optim.LBFGS([weight], max_iter=200, line_search_fn="strong_wolfe")
        trained = torch.from_numpy(seen)

        def closure(search=search, weight=weight, x=x[trained], y=y[trained]):  # type: ignore[no-untyped-def]
            search.zero_grad()
            loss = torch.nn.functional.binary_cross_entropy_with_logits(x @ weight[1:] + weight[0], y)
            loss = loss + ridge * weight[1:].square().sum()
            loss.backward()
            return loss.detach()

        search.step(closure)
        scores[fold == k] = (x @ weight[1:] + weight[0]).detach().numpy()[fold == k]
    return scores


def grey_levels(image: NDArray[np.float32]) -> Values:
    """Mean, spread, skewness, kurtosis, and four percentiles."""
    z = (image - image.mean()) / (image.std() + 1e-9)
    return np.array([image.mean(), image.std(), (z**3).mean(), (z**4).mean(), *np.percentile(image, (5, 25, 75, 95))])


def covered(pictures: torch.Tensor, middle: bool) -> torch.Tensor:
    """The lungs' middle (30 to 70 % across and down), or all but the outer 12 %, made even."""
    size = pictures.shape[-1]
    low, high = (0.3, 0.7) if middle else (0.12, 0.88)
    cut = slice(round(low * size), round(high * size))
    changed = pictures.clone()
    changed[:, :, cut, cut] = pictures.mean(dim=(2, 3), keepdim=True)
    return standardised(changed)


def difference(
    a: Values, b: Values, positive: NDArray[np.bool_], patients: NDArray[np.str_], draws: int = 1000
) -> tuple[float, float, float]:
    """AUC of ``a`` above that of ``b`` with its 95 % interval; patients are drawn with all their films."""
    chance = np.random.default_rng(0)
    names, which = np.unique(patients, return_inverse=True)
    films = [np.flatnonzero(which == i) for i in range(len(names))]
    found = []
    for _ in range(draws):
        rows = np.concatenate([films[i] for i in chance.integers(0, len(names), len(names))])
        found.append(auc(a[rows], positive[rows]) - auc(b[rows], positive[rows]))
    low, high = np.percentile(found, (2.5, 97.5))
    return auc(a, positive) - auc(b, positive), float(low), float(high)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=Path, default=BUNDLE / "runs")
    parser.add_argument("--name", default="folds")
    options = parser.parse_args()
    rows = read_rows(options.runs / f"{options.name}.csv")
    if rows:
        within(options.runs, options.name, rows)
    across()


def within(runs: Path, name: str, rows: list[dict[str, str]]) -> None:
    images = [read_image(ADULTS / row["file"]) for row in rows]
    positive = np.array([row["label"] == "pneumonia" for row in rows])
    view = np.array([row["view"] for row in rows])
    patients = np.array([row["patient"] for row in rows])
    fold = np.array([int(row["fold"]) for row in rows])
    small = np.stack([resized(image, 32).numpy() for image in images]).astype(np.float64)
    border = np.ones((32, 32), bool)
    border[4:28, 4:28] = False
    scores = {
        "network": np.array([float(row["logit"]) for row in rows]),
        "view alone": linear((view == "PA").astype(float)[:, None], positive, fold, 1e-4),
        "eight grey-level statistics": linear(np.stack([grey_levels(i) for i in images]), positive, fold, 1e-3),
        "thumbnails 32 x 32, linear": linear(small.reshape(len(small), -1), positive, fold, 0.1),
        "their border alone, linear": linear(small[:, border], positive, fold, 0.1),
    }
    inferer, network = ready(str(BUNDLE), "adult")  # whose weights give way to those of the folds
    size = inferer.size
    pictures = prepared(images, size)
    for words, middle in (("network, lungs' middle covered", True), ("network, border only", False)):
        found = np.zeros(len(rows))
        for k in range(5):
            weights = torch.load(runs / f"{name}_{k}" / "mean.pt", weights_only=True)
            network.load_state_dict(weights["model"])
            found[fold == k] = log_odds(network.eval(), covered(pictures[torch.from_numpy(fold == k)], middle))
        scores[words] = found
    print("| AUC, pooled folds | all | AP | PA |\n| --- | --- | --- | --- |")
    for words, score in scores.items():
        cells = [auc(score[own], positive[own]) for own in (view != "", view == "AP", view == "PA")]
        print(f"| {words} | {' | '.join(f'{c:.3f}' for c in cells)} |")
    for words, own in (("all", view != ""), ("AP", view == "AP"), ("PA", view == "PA")):
        thumbnails = scores["thumbnails 32 x 32, linear"][own]
        gain, low, high = difference(scores["network"][own], thumbnails, positive[own], patients[own])
        print(f"network above thumbnails, {words}: {gain:+.3f} ({low:+.3f} to {high:+.3f})")


def across() -> None:
    """Each shipped variant on films of the other's kind, of which it saw none with its label."""
    split = str(BUNDLE / "configs" / "split.json")
    for variant, source in (("adult", CHILDREN), ("pneumoniamnist", ADULTS)):
        inferer, network = ready(str(BUNDLE), variant)
        entries = listed(str(source), inferer.classes, split)
        positive = np.array([e.label == "pneumonia" for e in entries])
        score = log_odds(network, prepared([e.pixels() for e in entries], inferer.size))
        print(f"{variant} on {len(entries)} films of the other collection: AUC {auc(score, positive):.3f}")


if __name__ == "__main__":
    main()
