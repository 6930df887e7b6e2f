"""``radloop models``: which bundles there are."""

import json

import click

from radloop.cli.options import AS_JSON


@click.command()
@AS_JSON
def models(as_json: bool) -> None:
    """List the models with version, size, task and the licence of their weights."""
    from radloop.models.catalog import cards

    rows = [
        {
            "name": c.name,
            "version": c.version,
            "megabytes": round(c.weights.stat().st_size / 1e6, 1) if c.weights.exists() else None,
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
        size = f"{row['megabytes']} MB" if row["megabytes"] else "weights missing"
        click.echo(f"{row['name']} {row['version']}  {size}\n  {row['task']}")
        click.echo(f"  weights: {row['weights_licence']}; data: {row['data_licence']}")
