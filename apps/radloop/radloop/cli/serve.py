"""``radloop serve``: the server."""

from pathlib import Path

import click

_path = click.Path(path_type=Path)


@click.command()
@click.option("--studies", metavar="FOLDER", type=_path, help="Folder of images (default: the sample data).")
@click.option("--host", help="Address to listen on, of this machine only.  [default: 127.0.0.1]")
@click.option("--port", type=click.IntRange(0, 65535), help="Port; 0 takes any free one.  [default: 8000]")
@click.option("--data", metavar="DIR", type=_path, help="Where labels are kept (default: the user's data folder).")
def serve(studies: Path | None, host: str | None, port: int | None, data: Path | None) -> None:
    """Serve images and models to 3D Slicer, OHIF and MONAI Label's clients.

    Every setting can also come from an environment variable: RADLOOP_STUDIES, RADLOOP_HOST, RADLOOP_PORT,
    RADLOOP_HOME (the data folder), RADLOOP_WORKERS and so on; an option wins.
    """
    from radloop.server import Settings, run

    given = {"studies": studies, "host": host, "port": port, "data": data}
    run(Settings(**{name: value for name, value in given.items() if value is not None}))  # type: ignore[arg-type]
