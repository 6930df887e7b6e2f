"""``radloop infer``: files in, labels, measurements and pictures out."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from radloop.cli.progress import progress
from radloop.refusal import Refusal


@click.command()
@click.argument("model", metavar="MODEL")
@click.argument("image", metavar="IMAGE|FOLDER", type=click.Path(path_type=Path))
@click.option("-o", "--output", metavar="DIR", type=click.Path(path_type=Path), required=True, help="Folder for the results; made if missing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on standard output and nothing else.")
def infer(model: str, image: Path, output: Path, as_json: bool) -> int:
    """Analyse an image, or every image of a folder.

    MODEL is a bundle, for example cine_heart (see: radloop models). IMAGE is a cine or a volume as NIfTI or
    NRRD. Writes label.nii.gz, measurements.json, overview.png and volumes.png into DIR; for a folder of images
    one subfolder each and measurements.csv.

    Example: radloop infer cine_heart cine.nii.gz -o results
    """
    # Whatever can be refused is refused before torch is imported, which takes seconds.
    from radloop.images import case_name, find_images, read_cine
    from radloop.models.catalog import card

    about = card(model)
    if not image.exists():
        raise Refusal("NO_SUCH_FILE", f"{image}: no such file or folder")
    batch = image.is_dir()
    cases = find_images(image) if batch else [image]
    if not batch:
        read_cine(image)
    analyse = _analyser(about.name)
    done: list[dict[str, Any]] = []
    failed: list[dict[str, str]] = []
    with progress("analysing", quiet=as_json) as tick:
        for i, path in enumerate(cases):
            name = case_name(path)
            folder = output / _subfolder(image, path) if batch else output
            try:
                done.append(analyse(path, name, folder, lambda share, i=i, name=name: tick((i + share) / len(cases), name)))
            except Refusal as refusal:
                if not batch:
                    raise
                failed.append({"file": str(path), "code": refusal.code, "sentence": refusal.sentence})
                click.echo(refusal.sentence, err=True)
    if batch:
        _write_csv(output / "measurements.csv", done)
    if as_json:
        answer = {"cases": done, "failed": failed} if batch else done[0]
        click.echo(json.dumps(answer))
    elif batch:
        click.echo(f"{len(done)} analysed, {len(failed)} failed; results in {output}")
    else:
        from radloop.cli.table import measurements_table

        click.echo(measurements_table(done[0]))
        click.echo(f"written to {output}: label.nii.gz, measurements.json, overview.png, volumes.png")
    return 2 if failed else 0


def _subfolder(root: Path, path: Path) -> Path:
    """Where a case of a batch goes: as it lies in the folder given, named without suffix."""
    from radloop.images import case_name

    return path.relative_to(root).parent / case_name(path)


Analyse = Callable[[Path, str, Path, Callable[[float], None]], dict[str, Any]]


def _analyser(model: str) -> Analyse:
    """A function that analyses one file into a folder; the network is loaded at its first use, once."""
    from radloop.images import read_cine

    loaded: list[Any] = []

    def analyse(path: Path, name: str, folder: Path, tick: Callable[[float], None]) -> dict[str, Any]:
        cine = read_cine(path)
        if not loaded:
            from radloop.models import load_bundle

            loaded.append(load_bundle(model))
        from radloop.tasks.analysis import analyse_cine

        prediction, measurements = analyse_cine(loaded[0], cine, image=name, progress=tick)
        write_results(folder, cine, prediction.label, measurements)
        return measurements.model_dump(mode="json")

    return analyse


def write_results(folder: Path, cine: Any, label: Any, measurements: Any) -> None:
    """The four files of a case, each replaced only whole."""
    from radloop.heart.figures import draw_overview, draw_volumes
    from radloop.images import replace_whole, write_label

    folder.mkdir(parents=True, exist_ok=True)
    write_label(folder / "label.nii.gz", label, cine)
    with replace_whole(folder / "measurements.json") as temporary:
        temporary.write_text(measurements.model_dump_json(indent=2) + "\n")
    draw_overview(folder / "overview.png", cine, label, measurements)
    draw_volumes(folder / "volumes.png", measurements)


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
    path.parent.mkdir(parents=True, exist_ok=True)
    with replace_whole(path) as temporary:
        temporary.write_text(text.getvalue())
