"""``radloop dicom``: cines as DICOM."""

from pathlib import Path

import click

from radloop.cli.options import output_option

FORMS = ["one-series", "series-per-slice", "enhanced"]


@click.group()
def dicom() -> None:
    """Make DICOM studies for samples and tests."""


@dicom.command()
@click.argument("cine", metavar="CINE", type=click.Path(path_type=Path))
@output_option("Folder for the study.")
@click.option("--form", type=click.Choice(FORMS), default="one-series", show_default=True, help="How it is stored.")
@click.option("--seed", help="The same seed gives the same UIDs.")
def make(cine: Path, output: Path, form: str, seed: str | None) -> None:
    """Write a cine (NIfTI or NRRD) as an MR study, with a scout and a long-axis cine beside it."""
    from radloop.dicom.make import make_study
    from radloop.images import read_cine

    written = make_study(read_cine(cine), output, form=form, seed=seed)  # type: ignore[arg-type]
    click.echo(f"{len(written)} files in {output}")
