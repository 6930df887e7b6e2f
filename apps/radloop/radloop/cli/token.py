"""``radloop token``: who may use the server."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from radloop.cli.audit import note_at_terminal
from radloop.cli.options import AS_JSON

if TYPE_CHECKING:
    from radloop.store import Store

DATA = click.option("--data", type=click.Path(path_type=Path), metavar="DIR", help="Data folder (default: the user's).")
DAYS = 90.0


@click.group()
def token() -> None:
    """Make, list and revoke the tokens that a server asks for."""


@token.command()
@click.argument("name", metavar="NAME")
@click.option("--role", type=click.Choice(["reader", "annotator", "admin"]), required=True, help="What it may do.")
@click.option("--days", type=float, default=DAYS, show_default=True, help="How long it is to live.")
@DATA
@AS_JSON
def create(name: str, role: str, days: float, data: Path | None, as_json: bool) -> None:
    """Make a token for the person or program NAME and print it, this once.

    A reader looks and analyses; an annotator also adds images and submits labels; an admin also removes, trains,
    publishes models and reads the log.
    """
    from radloop.store.tokens import Tokens

    with _opened(data) as store:
        made, secret = Tokens(store.database).create(name, role, days=days)  # type: ignore[arg-type]
        note_at_terminal(store, "token made", made.id)
    if as_json:
        click.echo(json.dumps(asdict(made) | {"token": secret}))
        return
    click.echo(secret)
    click.echo(f"token {made.id} of {name}, {role}, until {made.expires[:10]}; it cannot be shown again", err=True)


@token.command("list")
@DATA
@AS_JSON
def listed(data: Path | None, as_json: bool) -> None:
    """Every token that was ever made, without what would open a door."""
    from radloop.store.tokens import Tokens

    with _opened(data) as store:
        found = Tokens(store.database).all()
    if as_json:
        click.echo(json.dumps({"tokens": [asdict(one) | {"usable": one.usable} for one in found]}))
        return
    for one in found:
        state = f"until {one.expires[:10]}" if one.usable else "revoked" if one.revoked else "expired"
        click.echo(f"{one.id}  {one.role:<10} {state:<17} {one.name}")
    if not found:
        click.echo("no token was made yet")


@token.command()
@click.argument("which", metavar="ID|NAME")
@DATA
def revoke(which: str, data: Path | None) -> None:
    """End a token, or all of one name, for good. A running server refuses it two seconds later at the latest."""
    from radloop.store.tokens import Tokens

    with _opened(data) as store:
        for one in Tokens(store.database).revoke(which):
            note_at_terminal(store, "token revoked", one.id)
            click.echo(f"token {one.id} of {one.name} is revoked")


def _opened(data: Path | None) -> "Store":
    from radloop import places
    from radloop.store import Store

    return Store(places.data(data))
