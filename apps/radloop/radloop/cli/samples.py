"""``radloop samples``: the sample cines and films, made anew."""

from pathlib import Path

import click

from radloop.cli.options import output_option


@click.command()
@output_option("Folder for the samples.")
def samples(output: Path) -> None:
    """Make the sample cines from the beating-heart phantom, whose ejection fraction is known exactly, and films."""
    from radloop.images import check_folder
    from radloop.synthesis import write_samples

    check_folder(output)
    for path in write_samples(output):
        click.echo(path)
