"""``radloop fit-diagnosis``: the five-group model, fitted anew."""

from pathlib import Path

import click

from radloop.cli.options import FOLDER, output_option
from radloop.cli.progress import progress


@click.command("fit-diagnosis")
@FOLDER
@output_option("Where diagnosis.json goes.", metavar="FILE")
def fit_diagnosis(folder: Path, output: Path) -> None:
    """Fit the diagnosis on a folder of labelled patients, laid out like ACDC's development part.

    Uses the patients of the model's own training part only: their reference labels, and the labels that the
    model predicts for them, since predicted labels are what it will see.
    """
    from radloop.heart.fit import fit_from_labels
    from radloop.learning.known import known_hearts
    from radloop.learning.patients import patients_of
    from radloop.models import load_bundle

    bundle = load_bundle("cine_heart")
    patients = patients_of(folder, bundle.about.split, "train")
    hearts = []
    with progress("predicting") as tick:
        for i, patient in enumerate(patients):
            hearts += known_hearts(patient, bundle)
            tick((i + 1) / len(patients), patient.name)
    what = f"drawn labels, and labels predicted by cine_heart {bundle.version}, of its training part"
    fit_from_labels(hearts, what=what).save(output)
    click.echo(f"fitted on {len(patients)} patients, written to {output}")
