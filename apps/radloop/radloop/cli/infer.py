"""``radloop infer``: files in, labels, measurements and pictures out."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from radloop.cli.options import AS_JSON, MODEL, output_option
from radloop.cli.progress import progress
from radloop.refusal import Refusal

if TYPE_CHECKING:
    from radloop.answers import Measurements
    from radloop.images import Cine, LabelMap
    from radloop.models import Bundle


@click.command()
@MODEL
@click.argument("image", metavar="IMAGE|FOLDER", type=click.Path(path_type=Path))
@output_option("Folder for the results; made if missing.")
@AS_JSON
def infer(model: str, image: Path, output: Path, as_json: bool) -> int:
    """Analyse an image, or every image of a folder.

    MODEL is a bundle, for example cine_heart (see: radloop models). IMAGE is a cine or a volume as NIfTI or
    NRRD. Writes label.nii.gz, measurements.json, overview.png and volumes.png into DIR; for a folder of images
    one subfolder each and measurements.csv.

    Example: radloop infer cine_heart cine.nii.gz -o results
    """
    from radloop.models.catalog import card

    about = card(model)
    if not image.exists():
        raise Refusal("NO_SUCH_FILE", f"{image}: no such file or folder")
    if image.is_dir():
        return _infer_folder(about.name, image, output, as_json)

    from radloop.cli.table import measurements_table
    from radloop.images import case_name, read_cine

    cine = read_cine(image)  # before torch is imported: a bad file is refused at once
    with progress("analysing", quiet=as_json) as tick:
        measured = _analyse(_load(about.name), cine, case_name(image), output, tick)
    if as_json:
        click.echo(measured.model_dump_json())
    else:
        click.echo(measurements_table(measured.model_dump()))
        click.echo(f"written to {output}: label.nii.gz, measurements.json, overview.png, volumes.png")
    return 0


def _infer_folder(model: str, folder: Path, output: Path, as_json: bool) -> int:
    """Every image of a folder; one that cannot be used is named, and the others go on."""
    from radloop.images import case_name, find_images, read_cine

    cases = find_images(folder)
    bundle: Bundle | None = None
    done: list[dict[str, Any]] = []
    failed: list[dict[str, str]] = []
    with progress("analysing", quiet=as_json) as tick:
        for i, path in enumerate(cases):
            name = case_name(path)
            try:
                cine = read_cine(path)
                bundle = bundle or _load(model)
                into = output / path.relative_to(folder).parent / name
                measured = _analyse(bundle, cine, name, into, lambda share, i=i: tick((i + share) / len(cases)))  # type: ignore[misc]
                done.append(measured.model_dump(mode="json"))
            except Refusal as refusal:
                failed.append({"file": str(path), "code": refusal.code, "sentence": refusal.sentence})
                click.echo(f"{path.parent}: {refusal.sentence}", err=True)
    if done:
        _write_csv(output / "measurements.csv", done)
    if as_json:
        click.echo(json.dumps({"cases": done, "failed": failed}))
    else:
        click.echo(f"{len(done)} analysed, {len(failed)} failed; results in {output}")
    return 2 if failed else 0


def _load(model: str) -> "Bundle":
    from radloop.models import load_bundle

    return load_bundle(model)


def _analyse(bundle: "Bundle", cine: "Cine", name: str, folder: Path, tick: Callable[[float], None]) -> "Measurements":
    from radloop.tasks import analyse_cine

    prediction, measured = analyse_cine(bundle, cine, image=name, progress=tick)
    write_results(folder, cine, prediction.label, measured)
    return measured


def write_results(folder: Path, cine: "Cine", label: "LabelMap", measured: "Measurements") -> None:
    """The four files of a case, each replaced only whole."""
    from radloop.heart.figures import draw_overview, draw_volumes
    from radloop.images import replace_whole, write_label

    folder.mkdir(parents=True, exist_ok=True)
    write_label(folder / "label.nii.gz", label, cine)
    with replace_whole(folder / "measurements.json") as temporary:
        temporary.write_text(measured.model_dump_json(indent=2) + "\n")
    draw_overview(folder / "overview.png", cine, label, measured)
    draw_volumes(folder / "volumes.png", measured)


def _write_csv(path: Path, rows: list[dict[str, Any]]) -> None:
    """One row a case: the single figures of measurements.json, without curves."""
    from radloop.answers import Measurements
    from radloop.images import replace_whole

    left_out = ("times_ms", "curves", "diagnosis", "warnings", "spacing_mm")
    columns = [c for c in Measurements.model_fields if c not in left_out] + ["diagnosis", "warnings"]
    text = io.StringIO()
    table = csv.DictWriter(text, columns, extrasaction="ignore")
    table.writeheader()
    for row in rows:
        diagnosis = row["diagnosis"] and row["diagnosis"]["label"]
        table.writerow(row | {"diagnosis": diagnosis, "warnings": " ".join(w["code"] for w in row["warnings"])})
    with replace_whole(path) as temporary:
        temporary.write_text(text.getvalue())
