"""``radloop train``: a new version of a model from what people drew."""

import json
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from radloop.cli.options import AS_JSON, MODEL, output_option
from radloop.cli.progress import progress
from radloop.refusal import Refusal

if TYPE_CHECKING:
    from radloop.answers.jobs import LabelledCase
    from radloop.store import Store


@click.command()
@MODEL
@click.argument("folder", metavar="[FOLDER]", required=False, type=click.Path(path_type=Path))
@click.option("--epochs", type=click.IntRange(1, 1000), help="Rounds of training (cines: 10, radiographs: 60).")
@click.option("--steps", type=click.IntRange(1, 10_000), default=20, show_default=True, help="Of cines: steps a round.")
@click.option(
    "--seconds",
    type=click.FloatRange(0, min_open=True),
    help="Stop training after so many seconds (radiographs: 300).",
)
@click.option("--seed", type=click.IntRange(0, 2**31), default=0, help="Of what is drawn at random.")
@click.option("--classes", metavar="A,B…", help="Of radiographs: names of the classes, in order: an .npz has none.")
@click.option("--network", metavar="NAME", help="Of radiographs: another network, from nothing; see radloop choose.")
@click.option("--size", type=click.IntRange(28, 512), help="Of radiographs: pixels a side, from nothing.")
@output_option("Folder for a classifier's report.", default="training")
@click.option("--data", type=click.Path(path_type=Path), help="Data folder (default: the user's).")
@AS_JSON
def train(
    model: str,
    folder: Path | None,
    epochs: int | None,
    steps: int,
    seconds: float | None,
    seed: int,
    classes: str | None,
    network: str | None,
    size: int | None,
    output: Path,
    data: Path | None,
    as_json: bool,
) -> int:
    """Train MODEL on, from the served version, and keep what comes of it as a version that is not published.

    Learns from the final labels in the store, or from FOLDER, laid out like ACDC's development part:
    patientXXX/{ed,es}.nii.gz with {ed,es}_gt.nii.gz. Only reviewed voxels count. Patients held out judge the version;
    they stay held out for every later one. See it with: radloop models history MODEL

    A classifier (cxr_classifier) learns your own classes from FOLDER: images with index.csv (file, label, patient),
    class folders, with or without train, val and test, or a MedMNIST .npz. Ctrl-C keeps the best so far; what was
    cut off goes on when the same command is given again. report.html is written into DIR.
    """
    from radloop import places
    from radloop.models.catalog import card

    about = card(model)
    if about.classifies:
        from radloop.cli.train_films import train_films

        if folder is None:
            raise Refusal("NO_FOLDER", f"{model} is trained from a folder: radloop train {model} FOLDER")
        asked = {"epochs": epochs, "seconds": seconds, "seed": seed, "network": network, "size": size}
        return train_films(about, folder, classes, asked, output, data, as_json)
    if folder is not None and not folder.is_dir():
        raise Refusal("NO_SUCH_FOLDER", f"{folder}: no such folder")

    from radloop.answers.jobs import TrainParams
    from radloop.learning.drawn import cases_of_folder
    from radloop.store import Store
    from radloop.tasks.served import candidates
    from radloop.tasks.train import train as task

    params = TrainParams(max_epochs=epochs or 10, steps_per_epoch=steps, seconds=seconds, seed=seed)
    with Store(places.data(data)) as store:
        scratch = Path(tempfile.mkdtemp(dir=store.data, prefix=".training-"))
        try:
            cases = cases_of_folder(folder, scratch) if folder is not None else cases_of_store(store)
            with progress("training", quiet=as_json) as tick:
                result = task(store, model, cases, candidates(store, model), params, scratch, tick)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    click.echo(json.dumps(result) if as_json else _said(model, result))
    return 0


def cases_of_store(store: "Store") -> "list[LabelledCase]":
    """Final labels with reviewed frames whose images are there as files."""
    from radloop.answers.jobs import LabelledCase
    from radloop.learning.drawn import none_to_learn_from

    labelled = [(image, label) for image, label in store.labelled() if image.path.is_file() and not label.names_a_class]
    cases = [
        LabelledCase.of(image.id, image.patient, str(image.path), label.id, str(label.path), label.info)
        for image, label in labelled
    ]
    teaching = [case for case in cases if case.review.reviewed != {}]
    if not teaching:
        raise none_to_learn_from()
    return teaching


def _said(model: str, result: dict[str, Any]) -> str:
    data, metrics = result["data"], result["metrics"]
    lines = [
        f"{model} {result['version']}, from {result['parent']}; not published yet: "
        f"radloop models publish {model} {result['version']}",
        f"  learned from {len(data['train'])} labels of {len(data['patients'])} patients",
    ]
    if metrics["mean_dice"] is None:
        lines.append("  nobody was held out to judge it by: label more patients before it is published")
    else:
        before = metrics["parent"]["mean_dice"]
        lines.append(
            f"  mean Dice on {len(data['held_out_patients'])} patients held out: "
            f"{metrics['mean_dice']:.4f} ({result['parent']}: {before:.4f})"
        )
    lines += [f"  left out {image}: {reason}" for image, reason in data["left_out"].items()]
    return "\n".join(lines)
