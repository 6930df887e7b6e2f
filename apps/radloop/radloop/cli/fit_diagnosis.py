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
    import json

    from radloop.heart.fit import fit_from_labels
    from radloop.learning.pairs import label_pairs
    from radloop.learning.patients import find_patients, part_of
    from radloop.models import load_bundle

    bundle = load_bundle("cine_heart")
    split = json.loads((bundle.about.folder / "configs" / "split.json").read_text())
    patients = [p for p in find_patients(folder) if part_of(p.name, split) == "train"]
    cases = []
    with progress("predicting") as tick:
        for i, patient in enumerate(patients):
            cases += label_pairs(patient, bundle)
            tick((i + 1) / len(patients), patient.name)
    fit_from_labels(cases).save(output)
    click.echo(f"fitted on {len(patients)} patients, written to {output}")
