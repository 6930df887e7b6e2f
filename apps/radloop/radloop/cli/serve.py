"""``radloop serve``: the server."""

from pathlib import Path

import click

FOLDER = click.Path(path_type=Path)


@click.command()
@click.option(
    "--studies",
    metavar="FOLDER|URL",
    help="Folder of images and DICOM studies, or http(s) address of a DICOMweb server (default: the sample data).",
)
@click.option("--host", help="Address to listen on (default: 127.0.0.1); this version serves this machine only.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on (default: 8000).")
@click.option(
    "--data", "home", metavar="DIR", type=FOLDER, help="Where labels are kept (default: the user's data folder)."
)
def serve(**options: object) -> None:
    """Serve images and models to 3D Slicer, OHIF and MONAI Label's clients.

    Each option can be set as RADLOOP_STUDIES, RADLOOP_HOST and so on as well (--data as RADLOOP_HOME).
    """
    from radloop import places
    from radloop.cli.prepare import STUDY_UID, sample_studies
    from radloop.server import Settings, run
    from radloop.server.viewer_install import prepared

    settings = Settings.given(**options)
    home = places.data(settings.home)
    page = "/ohif/"
    samples = sample_studies(home)
    if settings.studies is None and samples.is_dir():
        settings = settings.model_copy(update={"studies": str(samples)})
        page += f"radloop?StudyInstanceUIDs={(samples / STUDY_UID).read_text().strip()}"
    if prepared(home) and settings.port:
        click.echo(f"OHIF: http://{settings.host}:{settings.port}{page}")
    run(settings)
