"""``radloop prepare``: what a person wants to look at first, made ready once."""

import shutil
from pathlib import Path

import click

from radloop.refusal import Refusal

SAMPLE = "normal.nii.gz"
STUDY_UID = "study-uid.txt"


@click.command()
@click.option("--data", metavar="DIR", type=click.Path(path_type=Path), help="Data folder (default: the user's).")
def prepare(data: Path | None) -> None:
    """Prepare the OHIF viewer, where Node is there, and a DICOM study of a sample heart. A second run does nothing."""
    from radloop import places

    home = places.data(data)
    _prepare_viewer(home)
    folder = sample_studies(home)
    if not folder.is_dir():
        click.echo("making a DICOM study of a sample heart")
        _make_samples(folder)


def sample_studies(home: Path) -> Path:
    """The folder of sample images and a DICOM study, in the data folder; ``prepare`` makes it."""
    return home / "samples"


def _prepare_viewer(home: Path) -> None:
    from radloop.server.viewer_install import install, prepared

    if prepared(home):
        return
    if shutil.which("npm") is None:
        click.echo("the OHIF viewer is left out: npm (Node) is not there; afterwards: radloop viewer install")
        return
    try:
        install(home, say=click.echo)
    except Refusal as refusal:  # without internet the rest works all the same
        click.echo(f"the OHIF viewer is left out: {refusal.sentence}")


def _make_samples(folder: Path) -> None:
    """Written beside and renamed, so that a folder that is there is whole."""
    import pydicom

    from radloop import places
    from radloop.dicom.make import make_study
    from radloop.images import read_cine

    new = folder.with_name(folder.name + ".new")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    for file in places.sample_data().glob("*.nii.gz"):
        shutil.copy(file, new)
    written = make_study(read_cine(places.sample_data() / SAMPLE), new / "dicom", seed="sample", patient="Sample")
    study = pydicom.dcmread(written[0], stop_before_pixels=True).StudyInstanceUID
    (new / STUDY_UID).write_text(f"{study}\n")
    new.rename(folder)
