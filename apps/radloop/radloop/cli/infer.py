"""``radloop infer``: files in, labels, measurements and pictures out."""

import csv
import functools
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from radloop.cli.options import AS_JSON, MODEL, VARIANT, output_option
from radloop.cli.progress import progress
from radloop.refusal import Refusal

if TYPE_CHECKING:
    from radloop.answers import Measurements
    from radloop.cli.cases import Case
    from radloop.dicom import Source
    from radloop.images import Cine, LabelMap
    from radloop.models import Bundle, Prediction

OF_DICOM = "seg*.dcm", "sr.dcm"
RESULTS = "label.nii.gz", "measurements.json", "overview.png", "volumes.png", *OF_DICOM
"""What a case's folder gets; those of an earlier run are replaced or taken away."""


@click.command()
@MODEL
@click.argument("images", metavar="IMAGE|FOLDER...", nargs=-1, required=True, type=click.Path(path_type=Path))
@output_option("Folder for the results; made if missing.")
@click.option("--per-phase", is_flag=True, help="From DICOM: one SEG a phase, for readers that cannot follow time.")
@VARIANT
@click.option("--heat-map", is_flag=True, help="Of a classifier: also write what counted, as NIfTI and PNG.")
@AS_JSON
def infer(
    model: str,
    images: tuple[Path, ...],
    output: Path,
    per_phase: bool,
    variant: str | None,
    heat_map: bool,
    as_json: bool,
) -> int:
    """Analyse an image, or every image of a folder.

    MODEL is a bundle, for example cine_heart (see: radloop models). IMAGE is a cine or a volume as NIfTI, NRRD or
    multi-frame DICOM; a FOLDER holds such files, DICOM studies, or both, at any depth.

    Writes label.nii.gz, measurements.json, overview.png and volumes.png into DIR, from DICOM also seg.dcm and sr.dcm;
    of several cases one subfolder each, and measurements.csv.

    Of a classifier (cxr_classifier) any number of radiographs, as DICOM, PNG, JPEG or NIfTI, or folders of them; writes
    predictions.csv into DIR: file, label, abstained, reason, and a column of probability for each class.

    Example: radloop infer cine_heart cine.nii.gz -o results
    """
    from radloop.cli.cases import cases_in, single_case
    from radloop.images import check_folder
    from radloop.models.catalog import card

    about = card(model)
    check_folder(output)
    if about.classifies:
        from radloop.cli.infer_films import infer_films

        return infer_films(about.name, images, output, variant, heat_map, as_json)
    about.settings_of(variant)
    if len(images) > 1:
        raise Refusal("ONE_IMAGE", f"{images[1]}: {model} takes one image or folder at a time")
    [image] = images
    if not image.exists():
        raise Refusal("NO_SUCH_FILE", f"{image}: no such file or folder")
    cases, refused = cases_in(image) if image.is_dir() else ([single_case(image)], [])
    alone = len(cases) == 1 and not refused and (image.is_file() or cases[0].is_dicom)
    if alone:
        return _infer_one(about.name, cases[0], output, per_phase, as_json)
    return _infer_all(about.name, cases, refused, output, per_phase, as_json)


def _infer_one(model: str, case: "Case", output: Path, per_phase: bool, as_json: bool) -> int:
    from radloop.cli.table import measurements_table

    cine, source = case.read()  # before torch is imported: a bad file is refused at once
    with progress("analysing", quiet=as_json) as tick:
        measured = _analyse(_load(model), cine, source, case.name, output, per_phase, tick)
    if as_json:
        click.echo(measured.model_dump_json())
    else:
        click.echo(measurements_table(measured.model_dump()))
        click.echo(f"written to {output}: " + ", ".join(p.name for pattern in RESULTS for p in output.glob(pattern)))
    return 0


def _infer_all(
    model: str, cases: "list[Case]", refused: list[Refusal], output: Path, per_phase: bool, as_json: bool
) -> int:
    """Every case; one that cannot be used is named, and the others go on."""
    bundle: Bundle | None = None
    done: dict[str, dict[str, Any]] = {}
    failed: list[tuple[Path | None, Refusal]] = [(None, reason) for reason in refused]
    with progress("analysing", quiet=as_json) as tick:
        for i, case in enumerate(cases):
            try:
                cine, source = case.read()
                bundle = bundle or _load(model)
                into = output / case.subfolder
                step = functools.partial(_step, tick, i, len(cases))
                measured = _analyse(bundle, cine, source, case.name, into, per_phase, step)
                done[case.subfolder.as_posix()] = measured.model_dump(mode="json")
            except Refusal as refusal:
                failed.append((case.place, refusal))
    for place, reason in failed:
        click.echo(f"{place.parent}: {reason.sentence}" if place else reason.sentence, err=True)
    if done:
        _write_csv(output / "measurements.csv", done)
    if as_json:
        faults = [{"file": place and str(place), "code": r.code, "sentence": r.sentence} for place, r in failed]
        click.echo(json.dumps({"cases": list(done.values()), "folders": list(done), "failed": faults}))
    else:
        click.echo(f"{len(done)} analysed, {len(failed)} failed; results in {output}")
    return 2 if failed else 0


def _step(tick: Callable[[float], None], index: int, of: int, share: float) -> None:
    tick((index + share) / of)


def _load(model: str) -> "Bundle":
    from radloop.tasks.served import served_bundle

    bundle, passed_over = served_bundle(model)
    for reason in passed_over.values():
        click.echo(f"{reason} Version {bundle.version} answers instead.", err=True)
    return bundle


def _analyse(
    bundle: "Bundle",
    cine: "Cine",
    source: "Source | None",
    name: str,
    folder: Path,
    per_phase: bool,
    tick: Callable[[float], None],
) -> "Measurements":
    from radloop.tasks import analyse_cine

    prediction, measured = analyse_cine(bundle, cine, image=name, progress=tick)
    of_earlier_run = (folder / "measurements.json").exists()
    write_results(folder, cine, prediction.label, measured)
    if source is not None:
        _write_dicom(folder, prediction, measured, source, per_phase)
    elif of_earlier_run:  # perhaps of another patient
        for earlier in (path for pattern in OF_DICOM for path in folder.glob(pattern)):
            earlier.unlink()
    return measured


def _write_dicom(
    folder: Path, prediction: "Prediction", measured: "Measurements", source: "Source", per_phase: bool
) -> None:
    """SEG and SR; those of an earlier run that this one does not replace are taken away."""
    from radloop.dicom.seg import write_seg
    from radloop.dicom.sr import write_sr

    name, version = prediction.model, prediction.model_version
    seg = folder / "seg.dcm"
    written = write_seg(seg, prediction.label, source, algorithm=name, version=version, per_phase=per_phase)
    write_sr(folder / "sr.dcm", measured, source, written, algorithm=name, version=version)
    for earlier in set(folder.glob("seg*.dcm")) - set(written):
        earlier.unlink()


def write_results(folder: Path, cine: "Cine", label: "LabelMap", measured: "Measurements") -> None:
    """The four files of a case, each replaced only whole."""
    from radloop.heart.figures import draw_overview, draw_volumes
    from radloop.images import replace_whole, write_label

    write_label(folder / "label.nii.gz", label, cine)
    with replace_whole(folder / "measurements.json") as temporary:
        temporary.write_text(measured.model_dump_json(indent=2) + "\n")
    draw_overview(folder / "overview.png", cine, label, measured)
    draw_volumes(folder / "volumes.png", measured)


def _write_csv(path: Path, rows: dict[str, dict[str, Any]]) -> None:
    """One row a case, by its subfolder: the single figures of measurements.json, without curves."""
    from radloop.answers import Measurements
    from radloop.images import replace_whole

    left_out = ("times_ms", "curves", "diagnosis", "warnings", "spacing_mm")
    columns = ["folder"] + [c for c in Measurements.model_fields if c not in left_out] + ["diagnosis", "warnings"]
    text = io.StringIO()
    table = csv.DictWriter(text, columns, extrasaction="ignore")
    table.writeheader()
    for folder, row in rows.items():
        diagnosis = row["diagnosis"] and row["diagnosis"]["label"]
        warnings = " ".join(w["code"] for w in row["warnings"])
        table.writerow(row | {"folder": folder, "diagnosis": diagnosis, "warnings": warnings})
    with replace_whole(path) as temporary:
        temporary.write_text(text.getvalue())
