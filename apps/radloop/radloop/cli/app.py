"""``radloop app``: the folder for MONAI Label's own command."""

from pathlib import Path

import click


@click.command()
@click.option("--data", type=click.Path(path_type=Path), help="Data folder (default: the user's).")
def app(data: Path | None) -> None:
    """Put MONAI Label's main.py into the data folder and print that folder, for --app.

    Example: python -m monailabel.main start_server --app "$(radloop app)" --studies FOLDER --host 127.0.0.1
    """
    from radloop import places
    from radloop.images import check_folder

    folder = places.data(data)
    check_folder(folder)
    click.echo(places.prepare_app(folder))
