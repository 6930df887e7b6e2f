"""``radloop evaluate``: how good a model is on labelled cases."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from radloop.cli.models import load_version
from radloop.cli.options import AS_JSON, FOLDER, MODEL, VARIANT, output_option
from radloop.cli.progress import progress
from radloop.refusal import Refusal


@click.command()
@MODEL
@FOLDER
@click.option(
    "--part",
    type=click.Choice(["train", "val", "test", "all"]),
    help="Which part of the bundle's own split to count (default: every patient it was not trained on).",
)
@click.option("--version", help="A version from: radloop models history MODEL (default: the one shipped).")
@click.option("--data", type=click.Path(path_type=Path), help="Data folder with the versions (default: the user's).")
@VARIANT
@output_option("Folder for a classifier's report.", default="evaluation")
@AS_JSON
def evaluate(
    model: str,
    folder: Path,
    part: str | None,
    version: str | None,
    data: Path | None,
    variant: str | None,
    output: Path,
    as_json: bool,
) -> int:
    """Score a model on a folder of labelled patients.

    For cine_heart FOLDER is laid out like ACDC's development part: patientXXX/{ed,es}.nii.gz with
    {ed,es}_gt.nii.gz, optionally cine.nii.gz with cine_{ed,es}_gt.nii.gz, and info.json. Patients that the model
    was trained on are marked, and counted only if --part names them.

    For a classifier (cxr_classifier) it is a folder with index.csv (file, label, patient), class folders, with or
    without train, val and test, or a MedMNIST .npz; report.html and summary.json are written into DIR.
    """
    from radloop.learning.patients import patients_of
    from radloop.models.catalog import card

    about = card(model)
    if about.classifies:
        from radloop.cli.evaluate_films import evaluate_films

        return evaluate_films(about, folder, part, variant, version, data, output, as_json)
    about.settings_of(variant)
    if not folder.is_dir():
        raise Refusal("NO_SUCH_FOLDER", f"{folder}: no such folder")
    chosen = patients_of(folder, about.split, part)

    from radloop.learning import counted, evaluate_patient, summarise
    from radloop.models import load_bundle
    from radloop.tasks.analysis import diagnosis_model

    bundle = load_bundle(model) if version is None else load_version(model, version, data)
    scores = []
    with progress("evaluating", quiet=as_json) as tick:
        for i, patient in enumerate(chosen):
            scores.append(evaluate_patient(patient, bundle, about.split, diagnosis_model(bundle)))
            tick((i + 1) / len(chosen), patient.name)
    summary = summarise([s for s in scores if counted(s, part)])
    if as_json:
        rows = [asdict(s) | {"counted": counted(s, part), "mean_dice": s.mean_dice} for s in scores]
        click.echo(json.dumps({"model": model, "model_version": bundle.version, "summary": summary, "cases": rows}))
        return 0
    for s in scores:
        click.echo(_row(s, counted(s, part)))
    click.echo(_summary(summary))
    return 0


def _row(s: Any, is_counted: bool) -> str:
    def number(value: float | None, form: str = "+5.1f") -> str:
        return "    -" if value is None else format(value, form)

    cells = [f"{s.patient:<12}", f"{s.part:<6}", "uncut" if s.uncut else "     "]
    cells += [f"{s.dice[p][k]:.3f}" for p in ("ed", "es") for k in ("lv", "myo", "rv")]
    cells += [f"mean {s.mean_dice:.3f}", f"LVEF {number(s.lv_ef_error)}", f"RVEF {number(s.rv_ef_error)}"]
    if s.cine_dice:
        cells.append(f"ED/ES frame off by {s.ed_frame_error}/{s.es_frame_error}")
    if s.group:
        cells.append(f"{s.group} as {s.diagnosis or '-'}")
    return " ".join(cells) + ("" if is_counted else "  (trained on: not counted)")


def _summary(summary: dict[str, Any]) -> str:
    def dice(d: dict[str, Any]) -> str:
        if d["mean_dice"] is None:
            return "-"
        parts = " ".join(f"{p.upper()} {k.upper()} {d['dice'][p][k]:.3f}" for p in ("ed", "es") for k in d["dice"][p])
        return f"{d['mean_dice']:.4f}  ({parts})"

    cine, diagnosis = summary["cine"], summary["diagnosis"]
    lines = [
        "",
        f"patients counted          {summary['patients']}",
        f"mean Dice                 {dice(summary)}",
        f"  uncut, {summary['uncut']['patients']} patients      {dice(summary['uncut'])}",
        f"  inside cines, {cine['patients']}        {dice(cine)}",
        f"ED / ES frame error       {cine['ed_frame_error']} / {cine['es_frame_error']} frames",
        f"LVEF error                {summary['lv_ef_mean_absolute_error']} points (bias {summary['lv_ef_bias']})",
        f"RVEF error                {summary['rv_ef_mean_absolute_error']} points (bias {summary['rv_ef_bias']})",
    ]
    if diagnosis["of"]:
        low, high = diagnosis["interval_95"]
        lines.append(
            f"diagnosis                 {diagnosis['right']} of {diagnosis['of']}, "
            f"{100 * diagnosis['share']:.0f} % (95 %: {100 * low:.0f} to {100 * high:.0f})"
        )
    return "\n".join(lines)
