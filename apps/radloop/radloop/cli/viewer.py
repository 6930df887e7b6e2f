"""``radloop viewer``: OHIF, prepared for the server."""

from pathlib import Path

import click


@click.group()
def viewer() -> None:
    """Prepare the OHIF viewer that the server offers at /ohif/."""


@viewer.command()
@click.option("--data", metavar="DIR", type=click.Path(path_type=Path), help="Data folder (default: the user's).")
@click.option("--tarball", metavar="FILE", type=click.Path(path_type=Path), help="The package as a file: no internet.")
def install(data: Path | None, tarball: Path | None) -> None:
    """Get the pinned @ohif/app with npm (or from FILE), check it, and put it into the data folder."""
    from radloop import places
    from radloop.server.viewer_install import install as prepare

    click.echo(prepare(places.data(data), tarball=tarball, say=click.echo))
