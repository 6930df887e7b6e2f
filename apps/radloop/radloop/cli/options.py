"""Options and arguments that several commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

FOLDER = click.argument("folder", metavar="FOLDER", type=click.Path(path_type=Path))
MODEL = click.argument("model", metavar="MODEL")
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")

VARIANT = click.option("--variant", metavar="NAME", help="Which set of weights, of a model that has several.")


def output_option(
    help_text: str, default: str | None = None, metavar: str = "DIR"
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """``-o``: where results go, a folder unless ``metavar`` is FILE; required where there is no default."""
    if_left_out: dict[str, Any] = {"required": True} if default is None else {"default": default, "show_default": True}
    is_file = metavar == "FILE"
    return click.option(
        "-o",
        "--output",
        metavar=metavar,
        type=click.Path(path_type=Path, file_okay=is_file, dir_okay=not is_file, writable=True),
        help=help_text,
        **if_left_out,
    )
