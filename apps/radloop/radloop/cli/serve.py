"""``radloop serve``: the server."""

from pathlib import Path

import click

_path = click.Path(path_type=Path)


@click.command()
@click.option("--studies", metavar="FOLDER", type=_path, help="Folder of images (default: the sample data).")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; of this machine only.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535))
@click.option("--data", metavar="DIR", type=_path, help="Where labels are kept (default: the user's data folder).")
def serve(studies: Path | None, host: str, port: int, data: Path | None) -> None:
    """Serve images and models to 3D Slicer, OHIF and MONAI Label's clients."""
    from radloop.server import run

    run(studies=studies, host=host, port=port, data=data)
