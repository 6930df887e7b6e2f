"""``radloop demo``: the whole way once, on sample data, as a client of a running server."""

import json
import tempfile
import time
from pathlib import Path
from typing import Any

import click

from radloop import places
from radloop.cli.options import output_option
from radloop.cli.own_server import own_server

MODEL, CLASSIFIER = "cine_heart", "cxr_classifier"


@click.command()
@output_option("Folder for the results.", default="demo-output")
def demo(output: Path) -> None:
    """Start a server with the sample hearts and films, analyse them over HTTP, show figures and pictures.

    Everything shown comes from requests made in this run. The samples are made by phantoms: the ejection fraction
    of the hearts is known, and stands beside the measured one; the films are drawings, and nobody's.
    """
    known = json.loads((places.sample_data() / "truth.json").read_text())
    with (
        tempfile.TemporaryDirectory(prefix="radloop-demo-") as scratch,
        own_server(places.sample_data(), Path(scratch)) as url,
    ):
        import requests

        images = requests.get(f"{url}/datastore/", params={"output": "all"}, timeout=30).json()["objects"]
        models = requests.get(f"{url}/info/", timeout=30).json()["models"]
        for image, about in sorted(images.items()):
            is_film = about["image"]["ext"] == ".png"
            if is_film and CLASSIFIER in models:
                _show_film(url, image, output / image, Path(scratch))
            elif not is_film and MODEL in models:
                _show(url, image, output / image, Path(scratch), known.get(f"{image}.nii.gz"))
    click.echo(f"\nPictures, labels and figures: {output.resolve()}")
    click.echo("Go on:  make serve   keeps the server running for 3D Slicer, OHIF and MONAI Label's clients")
    click.echo(f"        radloop infer {MODEL} YOUR_CINE.nii.gz -o results   analyses your own data")


def _show(url: str, image: str, folder: Path, scratch: Path, known: dict[str, Any] | None) -> None:
    """Analyse one cine of the server and write and print what it answered."""
    from monailabel.client import MONAILabelClient

    from radloop.answers import Measurements
    from radloop.cli.infer import write_results
    from radloop.cli.table import measurements_table
    from radloop.images import read_cine, read_label

    local = _fetched(url, image, scratch / f"{image}.nii.gz")
    began = time.monotonic()
    label_file, answer = MONAILabelClient(url, tmpdir=str(scratch)).infer(MODEL, image, {})
    seconds = time.monotonic() - began
    measured = Measurements.model_validate({k: answer[k] for k in Measurements.model_fields if k in answer})
    write_results(folder, read_cine(local), read_label(Path(label_file)), measured)
    click.echo("\n" + measurements_table(measured.model_dump()))
    truth = f"; the phantom's true LV EF is {known['lv_ef']:.1f} %" if known else ""
    click.echo(f"  answered in {seconds:.1f} s{truth}")


def _show_film(url: str, image: str, folder: Path, scratch: Path) -> None:
    """Classify one film of the server and write and print what it answered."""
    import nibabel as nib
    import numpy as np
    from monailabel.client import MONAILabelClient

    from radloop.answers import Classification
    from radloop.chest.overlay import draw_overlay
    from radloop.cli.table import classification_table
    from radloop.images import read_radiograph, write_heat_map

    film = read_radiograph(_fetched(url, image, scratch / f"{image}.png"))
    began = time.monotonic()
    file, said = MONAILabelClient(url, tmpdir=str(scratch)).infer(CLASSIFIER, image, {"heat_map": True})
    seconds = time.monotonic() - began
    answer = Classification.model_validate({name: said[name] for name in Classification.model_fields if name in said})
    heat_map = np.asarray(nib.load(file).dataobj, np.float32)[..., 0]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "answer.json").write_text(answer.model_dump_json(indent=2) + "\n")
    write_heat_map(folder / "heatmap.nii.gz", heat_map, film)
    draw_overlay(folder / "heatmap.png", film, heat_map, answer)
    click.echo("\n" + classification_table(answer))
    click.echo(f"  answered in {seconds:.2f} s; a drawing, and no film of a person")


def _fetched(url: str, image: str, file: Path) -> Path:
    import requests

    picture = requests.get(f"{url}/datastore/image", params={"image": image}, timeout=60)
    picture.raise_for_status()
    file.write_bytes(picture.content)
    return file
