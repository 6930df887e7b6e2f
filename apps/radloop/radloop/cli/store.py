"""``radloop store``: look after what is kept."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from radloop.cli.audit import note_at_terminal
from radloop.cli.options import AS_JSON, FOLDER
from radloop.refusal import Refusal

if TYPE_CHECKING:
    from radloop.store import Store
    from radloop.store.imports import Imported

PATH = click.Path(path_type=Path)
DATA: Callable[[Callable[..., Any]], Callable[..., Any]] = click.option(
    "--data", metavar="DIR", type=PATH, help="Data folder (default: the user's)."
)
TO = click.argument("to", metavar="TO", type=PATH)
LAYOUTS = ("monailabel", "acdc")


@click.group()
def store() -> None:
    """Check, back up, restore and exchange the images and labels that the server keeps."""


@store.command()
@click.option("--repair", is_flag=True, help="Put right what a crash can leave; odd files go to the folder set-aside.")
@DATA
@AS_JSON
def check(repair: bool, data: Path | None, as_json: bool) -> int:
    """Compare files, journals and database. Ends with 2 where something is left that a backup has to mend."""
    with _opened(data) as kept:
        findings = kept.check(repair=repair)
    left = [one for one in findings if not one.repaired]
    if as_json:
        click.echo(json.dumps({"findings": [vars(one) for one in findings]}))
    else:
        for one in findings:
            click.echo(f"{one.fault}: {one.what}{' (repaired)' if one.repaired else ''}")
        click.echo(f"{len(findings)} found, {len(left)} left" if findings else "everything is as it should be")
    return 2 if left else 0


@store.command()
@DATA
def rebuild(data: Path | None) -> None:
    """Make the database anew from the files and journals beside it; the old one goes to the folder set-aside."""
    from radloop.store import Store
    from radloop.store.carried_over import carry_over
    from radloop.store.check import set_database_aside

    place = _there(data)
    old = set_database_aside(place)
    with Store(place) as kept:
        carried = carry_over(old, kept.database)
        click.echo(f"the database of {place} was made anew: {_counted(kept)}")
    if carried is None:
        click.echo("tokens and the audit table could not be read from the old one: make new tokens", err=True)


@store.command()
@TO
@DATA
def backup(to: Path, data: Path | None) -> int:
    """Copy everything into the new folder TO, also while the server runs. (The studies folder is not copied.)"""
    from radloop.store.copies import backup as copy

    with _opened(data) as kept:
        bad = copy(kept, to)
        note_at_terminal(kept, "store backed up", "")
        click.echo(f"backed up to {to}: {_counted(kept)}")
    for name in bad:
        click.echo(f"{name}: is missing or damaged in the store, and so in the backup", err=True)
    return 2 if bad else 0


@store.command()
@click.argument("backed_up", metavar="FROM", type=PATH)
@DATA
def restore(backed_up: Path, data: Path | None) -> None:
    """Make a data folder, which must be new or empty, from the backup FROM."""
    from radloop import places
    from radloop.store.copies import restore as copy

    place = places.data(data)
    copy(backed_up, place)
    with _opened(data) as kept:
        note_at_terminal(kept, "store restored", "")
        click.echo(f"restored into {place}: {_counted(kept)}")


@store.command("export")
@TO
@DATA
def export_all(to: Path, data: Path | None) -> None:
    """Write images and labels into the new folder TO, as MONAI Label's own server and plain programs read them."""
    from radloop.store.copies import export

    with _opened(data) as kept:
        images = export(kept, to)
        note_at_terminal(kept, "store exported", "")
    click.echo(f"{images} images exported to {to}")


@store.command("import")
@FOLDER
@click.option("--layout", type=click.Choice(LAYOUTS), help="Default: what the folder looks like.")
@DATA
def import_folder(folder: Path, layout: str | None, data: Path | None) -> int:
    """Take over images and labels of FOLDER: a studies folder of MONAI Label's own server, or one laid out like ACDC.

    Files of FOLDER are only read. Doing it again adds nothing.
    """
    from radloop import places
    from radloop.store import Store
    from radloop.store.imports import import_acdc, import_monailabel

    if not folder.is_dir():
        raise Refusal("NO_FOLDER", f"{folder}: there is no such folder.")
    layout = layout or ("monailabel" if _is_monailabels(folder) else "acdc")
    with Store(places.data(data)) as kept:
        done: Imported = (import_monailabel if layout == "monailabel" else import_acdc)(kept, folder)
        note_at_terminal(kept, "folder imported", "")
    for sentence in done.refused:
        click.echo(sentence, err=True)
    click.echo(f"{done.images} images and {done.labels} labels imported, {done.there_already} were there already")
    return 2 if done.refused else 0


def _is_monailabels(folder: Path) -> bool:
    return (folder / "datastore_v2.json").is_file() or (folder / "labels").is_dir()


def _there(data: Path | None) -> Path:
    """The data folder, where it holds a store: a mistyped name must not make a new one."""
    from radloop import places

    place = places.data(data)
    if not (place / "store.sqlite").is_file() and not (place / "journal").is_dir():
        raise Refusal("NO_STORE", f"{place} holds no store.")
    return place


def _opened(data: Path | None) -> "Store":
    from radloop.store import Store

    return Store(_there(data))


def _counted(kept: "Store") -> str:
    figures = kept.summary()
    return f"{figures['total']} images, {figures['completed']} with a final label"
