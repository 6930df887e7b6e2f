"""``radloop recurrence``: what the recurrent part of the network contributes."""

import json
from pathlib import Path

import click

from radloop.cli.options import AS_JSON, FOLDER
from radloop.cli.progress import progress
from radloop.refusal import Refusal


@click.command()
@FOLDER
@click.option("--part", type=click.Choice(["train", "val", "test", "all"]), default="test", show_default=True)
@AS_JSON
def recurrence(folder: Path, part: str, as_json: bool) -> None:
    """Measure what memory of other frames does for cine_heart.

    Predicts every cine of FOLDER (laid out like ACDC's development part) three times: as it is, with its frames
    shuffled, and with the network's state zeroed before each frame; prints Dice on the two labelled frames and
    flicker (mean absolute second difference of the volume curves over time, in per cent of the stroke volume).
    """
    from radloop.learning.patients import patients_of
    from radloop.learning.recurrence import compare
    from radloop.models import load_bundle

    bundle = load_bundle("cine_heart")
    cines = [p for p in patients_of(folder, bundle.about.split, part) if (p / "cine.nii.gz").exists()]
    with progress("comparing", quiet=as_json) as tick:
        rows = []
        for i, patient in enumerate(cines):
            rows.append(compare(patient, bundle))
            tick((i + 1) / len(cines), patient.name)
    variants = ("as it is", "frames shuffled", "state zeroed")
    if not rows:
        raise Refusal("NO_CINES", f"{folder}: no patient of part '{part}' has a cine.nii.gz")
    means = {v: {k: sum(r[v][k] for r in rows) / len(rows) for k in ("dice", "flicker")} for v in variants}
    if as_json:
        click.echo(json.dumps({"cines": len(rows), "means": means}))
        return
    click.echo(f"{len(rows)} cines of part '{part}'")
    for variant, m in means.items():
        click.echo(f"  {variant:<16} mean Dice {m['dice']:.4f}   flicker {m['flicker']:.1f} % of stroke volume")
