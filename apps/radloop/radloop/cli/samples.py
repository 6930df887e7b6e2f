"""``radloop samples``: the sample cines, made anew."""

from pathlib import Path

import click


@click.command()
@click.option(
    "-o", "--output", metavar="DIR", type=click.Path(path_type=Path), required=True, help="Folder for the samples."
)
def samples(output: Path) -> None:
    """Make the sample cines from the beating-heart phantom, whose ejection fraction is known exactly."""
    from radloop.synthesis import write_samples

    for path in write_samples(output):
        click.echo(path)
