"""``radloop prepare``: what a person wants to look at first, made ready once."""

import shutil
from pathlib import Path

import click

from radloop.refusal import Refusal

SAMPLE, FILM = "normal.nii.gz", "film_clouded.png"
STUDY_UID = "study-uid.txt"


@click.command()
@click.option("--data", metavar="DIR", type=click.Path(path_type=Path), help="Data folder (default: the user's).")
def prepare(data: Path | None) -> None:
    """Prepare the OHIF viewer, where Node is there, and DICOM samples. A second run does nothing."""
    from radloop import places

    home = places.data(data)
    _prepare_viewer(home)
    folder = sample_studies(home)
    if not folder.is_dir():
        click.echo("making DICOM studies of a sample heart and a sample film")
        _make_samples(folder)


def sample_studies(home: Path) -> Path:
    """The folder of sample images and DICOM studies, in the data folder; ``prepare`` makes it."""
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
    from radloop.dicom.make_film import make_film
    from radloop.images import read_cine, read_radiograph

    new = folder.with_name(folder.name + ".new")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    for file in places.sample_data().iterdir():
        if file.name.endswith((".nii.gz", ".png")):
            shutil.copy(file, new)
    film = read_radiograph(places.sample_data() / FILM).pixels.T.astype("uint8")
    make_film(new / "dicom-film" / "film.dcm", film, spacing_mm=1.0, seed="sample-film")
    written = make_study(read_cine(places.sample_data() / SAMPLE), new / "dicom", seed="sample", patient="Sample")
    study = pydicom.dcmread(written[0], stop_before_pixels=True).StudyInstanceUID
    (new / STUDY_UID).write_text(f"{study}\n")
    new.rename(folder)
