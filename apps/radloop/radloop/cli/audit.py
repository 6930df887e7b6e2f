"""``radloop audit``: who did what, and whether that is still as it was written."""

import getpass
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from radloop.cli.options import AS_JSON
from radloop.refusal import Refusal

if TYPE_CHECKING:
    from radloop.store import Store

PATH = click.Path(path_type=Path)
DATA = click.option("--data", type=PATH, metavar="DIR", help="Data folder (default: the user's).")


@click.group()
def audit() -> None:
    """Check and export the table of who did what to which image with which model version."""


@audit.command()
@click.option("--holds", metavar="HASH", help="A last hash that was noted down earlier: it has to be among the rows.")
@DATA
@AS_JSON
def verify(holds: str | None, data: Path | None, as_json: bool) -> int:
    """Compare every row with its hash. Ends with 2 where one was changed, taken out or put in later.

    Rows cut off at the end are only missed by who knows what was there: note the last hash elsewhere now and then,
    and hand it in with --holds.
    """
    from radloop.store import Store
    from radloop.store.audit import Audit

    with Store(_there(data)) as store:
        verdict = Audit(store.database).verify(holds=holds)
    if as_json:
        click.echo(json.dumps(vars(verdict)))
    elif verdict.fault:
        click.echo(f"{verdict.fault}; the {verdict.rows} before it are in order", err=True)
    else:
        click.echo(f"{verdict.rows} rows, all as they were written; the last hash is {verdict.last}")
    return 2 if verdict.fault else 0


@audit.command()
@click.option("-o", "--output", type=PATH, metavar="FILE", help="Default: standard output.")
@DATA
def export(output: Path | None, data: Path | None) -> None:
    """Write every row as CSV."""
    from radloop.images import replace_whole
    from radloop.store import Store
    from radloop.store.audit import Audit

    with Store(_there(data)) as store:
        if output is None:
            Audit(store.database).export(sys.stdout)
            return
        with replace_whole(output) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
            rows = Audit(store.database).export(file)
    click.echo(f"{rows} rows written to {output}")


def _there(data: Path | None) -> Path:
    from radloop import places

    place = places.data(data)
    if not (place / "store.sqlite").is_file():
        raise Refusal("NO_STORE", f"{place} holds no store.")
    return place


def note_at_terminal(store: "Store", did: str, id: str, *, model_version: str = "") -> None:
    """Add a row for what somebody did on this machine, beside the server."""
    from radloop.store.audit import Audit

    Audit(store.database).note(f"terminal:{getpass.getuser()}", did, id, model_version=model_version)
