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

MODEL = "cine_heart"


@click.command()
@output_option("Folder for the results.", default="demo-output")
def demo(output: Path) -> None:
    """Start a server with the sample hearts, analyse them over HTTP, show figures and pictures.

    Everything shown comes from requests made in this run. The samples are made by a phantom whose ejection
    fraction is known; it stands beside the measured one.
    """
    known = json.loads((places.sample_data() / "truth.json").read_text())
    with (
        tempfile.TemporaryDirectory(prefix="radloop-demo-") as scratch,
        own_server(places.sample_data(), Path(scratch)) as url,
    ):
        import requests

        images = requests.get(f"{url}/datastore/", params={"output": "all"}, timeout=30).json()["objects"]
        for image in sorted(images):
            _show(url, image, output / image, Path(scratch), known.get(f"{image}.nii.gz"))
    click.echo(f"\nPictures, labels and figures: {output.resolve()}")
    click.echo("Go on:  make serve   keeps the server running for 3D Slicer, OHIF and MONAI Label's clients")
    click.echo(f"        radloop infer {MODEL} YOUR_CINE.nii.gz -o results   analyses your own data")


def _show(url: str, image: str, folder: Path, scratch: Path, known: dict[str, Any] | None) -> None:
    """Analyse one image of the server and write and print what it answered."""
    import requests
    from monailabel.client import MONAILabelClient

    from radloop.answers import Measurements
    from radloop.cli.infer import write_results
    from radloop.cli.table import measurements_table
    from radloop.images import read_cine, read_label

    picture = requests.get(f"{url}/datastore/image", params={"image": image}, timeout=60)
    picture.raise_for_status()
    local = scratch / f"{image}.nii.gz"
    local.write_bytes(picture.content)
    began = time.monotonic()
    label_file, answer = MONAILabelClient(url, tmpdir=str(scratch)).infer(MODEL, image, {})
    seconds = time.monotonic() - began
    measured = Measurements.model_validate({k: answer[k] for k in Measurements.model_fields if k in answer})
    write_results(folder, read_cine(local), read_label(Path(label_file)), measured)
    click.echo("\n" + measurements_table(measured.model_dump()))
    truth = f"; the phantom's true LV EF is {known['lv_ef']:.1f} %" if known else ""
    click.echo(f"  answered in {seconds:.1f} s{truth}")
