"""``radloop models``: which models there are, their versions, and which version answers."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from radloop.cli.audit import note_at_terminal
from radloop.cli.options import AS_JSON, MODEL

if TYPE_CHECKING:
    from radloop.models import Bundle
    from radloop.store import Store

DATA: Callable[[Callable[..., Any]], Callable[..., Any]] = click.option(
    "--data", metavar="DIR", type=click.Path(path_type=Path), help="Data folder (default: the user's)."
)


@click.group(invoke_without_command=True)
@AS_JSON
@click.pass_context
def models(context: click.Context, as_json: bool) -> None:
    """List the models with version, size, task and the licence of their weights; with a command, their versions."""
    if context.invoked_subcommand is not None:
        return
    from radloop.models.catalog import cards

    rows = [
        {
            "name": c.name,
            "version": c.version,
            "megabytes": round(c.weights.stat().st_size / 1e6, 1) if c.weights.exists() else None,
            "variants": c.variants,
            "task": c.metadata["task"],
            "weights_licence": c.metadata["licence"]["weights"],
            "data_licence": c.metadata["licence"]["data"],
        }
        for c in cards().values()
    ]
    if as_json:
        click.echo(json.dumps({"models": rows}))
        return
    for row in rows:
        size = "weights missing" if row["megabytes"] is None else f"{row['megabytes']} MB"
        click.echo(f"{row['name']} {row['version']}  {size}\n  {row['task']}")
        if row["variants"]:
            click.echo(f"  variants (--variant NAME): {', '.join(row['variants'])}")
        click.echo(f"  weights: {row['weights_licence']}; data: {row['data_licence']}")


@models.command()
@MODEL
@DATA
@AS_JSON
def history(model: str, data: Path | None, as_json: bool) -> None:
    """List the versions of MODEL, oldest first: what each came from, learned from and reached."""
    from radloop.store.versions import history as versions_of
    from radloop.store.versions import publications_of, served

    with _versions(model, data) as store:
        rows, happened = versions_of(store, model), publications_of(store, model)
        serves = served(store, model)
    answering = serves[0].name if serves else None
    published = {one.version for one in happened}
    listed = [
        {
            "name": row.name,
            "state": "published" if row.name in published else "unpublished",
            "serves": row.name == answering,
            "origin": row.origin,
            "parent": row.parent,
            "created": row.created,
            "sha256": row.sha256,
            "data": row.data,
            "metrics": row.metrics,
            "configuration": row.configuration,
        }
        for row in rows
    ]
    if as_json:
        click.echo(json.dumps({"model": model, "serves": answering, "versions": listed}))
        return
    for one in listed:
        click.echo(_line(one))


@models.command()
@MODEL
@click.argument("version", metavar="VERSION")
@DATA
def publish(model: str, version: str, data: Path | None) -> None:
    """Have VERSION of MODEL answer from now on; a server that runs follows without a restart."""
    from radloop.store.versions import publish as make_it_answer

    load_version(model, version, data)  # or refuse
    with _versions(model, data) as store:
        make_it_answer(store, model, version, None)
        note_at_terminal(store, "version published", model, model_version=version)
    click.echo(f"{model} {version} answers from now on")


@models.command()
@MODEL
@DATA
def rollback(model: str, data: Path | None) -> None:
    """Have the version of MODEL answer again that did before the present one was published."""
    from radloop.store.versions import rollback as step_back

    with _versions(model, data) as store:
        row = step_back(store, model, None)
        note_at_terminal(store, "version rolled back", model, model_version=row.name)
    click.echo(f"{model} {row.name} answers from now on")


@contextmanager
def _versions(model: str, data: Path | None) -> "Iterator[Store]":
    """The store with the versions of a model; what is shipped is one of them."""
    from radloop import places
    from radloop.models.catalog import card
    from radloop.store import Store
    from radloop.store.versions import note_shipped

    about = card(model)
    with Store(places.data(data)) as store:
        if about.weights.is_file():
            note_shipped(store, model, about.version, about.weights)
        yield store


def load_version(model: str, version: str, data: Path | None) -> "Bundle":
    """MODEL with the weights of a version. Raises Refusal where there is none, or it is not whole or does not load."""
    from radloop.models.versions import Versions
    from radloop.store.versions import version as find
    from radloop.tasks.served import weights_of

    with _versions(model, data) as store:
        row = find(store, model, version)
    bundle, _ = Versions(model).first_good([weights_of(row)])
    return bundle


def learned_from(model: str, version: str, data: Path | None) -> set[str]:
    """Patients that a version and those it came from were trained on, beyond the bundle's own training part."""
    from radloop.store.versions import version as find

    patients: set[str] = set()
    with _versions(model, data) as store:
        name: str | None = version
        while name is not None:
            row = find(store, model, name)
            patients |= set(row.data.get("patients", ()))
            name = row.parent
    return patients


def _line(one: dict[str, Any]) -> str:
    dice = one["metrics"].get("mean_dice")
    parts = [f"{'*' if one['serves'] else ' '} {one['name']:<16}", f"{one['state']:<12}", one["created"][:16]]
    what = "films" if "classes" in one["data"] else "labels"
    if one["parent"]:
        parts.append(f"from {one['parent']}, {len(one['data']['train'])} {what}")
    if (area := one["metrics"].get("auc")) is not None:
        parts.append(f"AUC {area:.3f} ({', '.join(one['data']['classes'])})")
    if dice is not None:
        parts.append(f"mean Dice {dice:.4f} (before: {one['metrics']['parent']['mean_dice']:.4f})")
    return "  ".join(parts)
