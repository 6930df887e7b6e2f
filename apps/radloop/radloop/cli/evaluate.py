"""``radloop evaluate``: how good a model is on labelled cases."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from radloop.cli.models import learned_from, load_version
from radloop.cli.options import AS_JSON, FOLDER, MODEL, VARIANT, output_option
from radloop.cli.progress import progress
from radloop.refusal import Refusal

if TYPE_CHECKING:
    from radloop.learning import CaseScore


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
    was trained on are marked, and counted only if --part names them. A patient who cannot be scored is named; the
    others go on.

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
    split = about.split
    if version is not None:
        split = {**split, "train": [*split["train"], *learned_from(model, version, data)]}
    chosen = patients_of(folder, split, part)
    if not chosen:
        raise Refusal("NO_PATIENTS", f"{folder}: none of its patients is in the part {part} of {model}'s split")

    from radloop.learning import counted, evaluate_patient, summarise
    from radloop.models import load_bundle
    from radloop.tasks.analysis import diagnosis_model

    bundle = load_bundle(model) if version is None else load_version(model, version, data)
    scores: list[CaseScore] = []
    failed: list[tuple[Path, Refusal]] = []
    with progress("evaluating", quiet=as_json) as tick:
        for i, patient in enumerate(chosen):
            try:
                scores.append(evaluate_patient(patient, bundle, split, diagnosis_model(bundle)))
            except Refusal as refusal:
                failed.append((patient, refusal))
            tick((i + 1) / len(chosen), patient.name)
    for patient, reason in failed:
        click.echo(f"{patient}: {reason.sentence}", err=True)
    if not scores and not as_json:
        return 2
    summary = summarise([s for s in scores if counted(s, part)])
    if as_json:
        rows = [asdict(s) | {"counted": counted(s, part), "mean_dice": s.mean_dice} for s in scores]
        faults = [{"patient": p.name, "code": r.code, "sentence": r.sentence} for p, r in failed]
        said = {"model": model, "model_version": bundle.version, "summary": summary, "cases": rows, "failed": faults}
        click.echo(json.dumps(said))
    else:
        click.echo(HEADING)
        for s in scores:
            click.echo(_row(s, counted(s, part)))
        click.echo(_summary(summary))
    return 2 if failed else 0


HEADING = f"{'Dice':<25} {'ED LV':<5} {'MYO':<5} {'RV':<5} {'ES LV':<5} {'MYO':<5} {'RV':<5}"


def _number(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)


def _row(s: "CaseScore", is_counted: bool) -> str:
    errors = (("LVEF", s.lv_ef_error), ("RVEF", s.rv_ef_error))
    cells = [f"{s.patient:<12}", f"{s.part:<6}", "uncut" if s.uncut else "     "]
    cells += [f"{s.dice[p][k]:.3f}" for p in ("ed", "es") for k in ("lv", "myo", "rv")]
    cells += [f"mean {s.mean_dice:.3f}", *(f"{side} {_number(e, '+.1f'):>5}" for side, e in errors)]
    frames = (s.ed_frame_error, s.es_frame_error)
    if frames != (None, None):
        cells.append(f"ED/ES frame off by {_number(frames[0], 'd')}/{_number(frames[1], 'd')}")
    if s.group:
        cells.append(f"{s.group} as {s.diagnosis or '-'}")
    return " ".join(cells) + ("" if is_counted else "  (trained on: not counted)")


def _summary(summary: dict[str, Any]) -> str:
    def dice(d: dict[str, Any]) -> str:
        if d["mean_dice"] is None:
            return "-"
        kinds = [(phase, structure) for phase in ("ed", "es") for structure in d["dice"][phase]]
        parts = " ".join(f"{p.upper()} {k.upper()} {_number(d['dice'][p][k], '.3f')}" for p, k in kinds)
        return f"{d['mean_dice']:.4f}  ({parts})"

    def error(side: str) -> str:
        means = [summary[f"{side}_ef_{what}"] for what in ("mean_absolute_error", "bias")]
        return f"{_number(means[0], '.2f')} points (bias {_number(means[1], '+.2f')})"

    cine, diagnosis = summary["cine"], summary["diagnosis"]
    frames = [_number(cine[f"{phase}_frame_error"], ".2f") for phase in ("ed", "es")]
    rows = {
        "patients counted": str(summary["patients"]),
        "mean Dice": dice(summary),
        f"  uncut, {summary['uncut']['patients']}": dice(summary["uncut"]),
        f"  inside cines, {cine['patients']}": dice(cine),
        "ED / ES frame error": f"{' / '.join(frames)} frames",
        "LVEF error": error("lv"),
        "RVEF error": error("rv"),
    }
    if diagnosis["of"]:
        low, high = diagnosis["interval_95"]
        rows["diagnosis"] = (
            f"{diagnosis['right']} of {diagnosis['of']}, "
            f"{100 * diagnosis['share']:.0f} % (95 %: {100 * low:.0f} to {100 * high:.0f})"
        )
    return "\n".join(["", *(f"{name:<25} {value}" for name, value in rows.items())])
