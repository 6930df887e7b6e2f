"""``radloop train`` and ``radloop choose`` of a classifier: a user's own classes."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from radloop.cli.options import AS_JSON, FOLDER, MODEL
from radloop.cli.progress import progress
from radloop.refusal import Refusal

if TYPE_CHECKING:
    from radloop.chest.film_set import FilmSet
    from radloop.learning.own_classes import ClassTraining, Trained
    from radloop.models import BundleCard
    from radloop.store import Store

TRAINING = "training"
"""Below the data folder: what trainings that have not ended left; the same command goes on with it."""


def train_films(
    about: "BundleCard",
    place: Path,
    classes: str | None,
    params: dict[str, Any],
    output: Path,
    data: Path | None,
    as_json: bool,
) -> int:
    """Train on a set of films; keep a version, write its report. 130 where it was stopped: the best so far is kept."""
    from radloop.chest.film_set import read_set
    from radloop.cli.evaluate_films import REPORT

    found = read_set(place, [name.strip() for name in classes.split(",")] if classes else ())

    from radloop.learning.own_classes import ClassTraining, report, train_classes

    asked = ClassTraining(**{name: value for name, value in params.items() if value is not None})
    with _workplace(about, place, found, asked, "train", data) as (store, folder):
        parent = _parent(store, about.name)
        with progress("training", quiet=as_json) as tick:
            trained = train_classes(about, found, asked, folder, tick)
        version = _keep(store, about, place, found, trained, asked, parent)
        report(output / REPORT, trained, about, found, version)
        shutil.rmtree(folder)
    result = {
        "version": version,
        "parent": parent,
        "classes": list(found.classes),
        "part": trained.prepared.judged,
        "summary": trained.summary,
        "linear_auc": trained.linear_auc,
        "stopped": trained.run.stopped,
        "report": str(output / REPORT),
    }
    click.echo(json.dumps(result) if as_json else _said(about.name, result))
    return 130 if trained.run.stopped else 0


@click.command()
@MODEL
@FOLDER
@click.option("--seconds", type=click.FloatRange(1), default=120, show_default=True, help="For each network.")
@click.option("--size", type=click.IntRange(28, 512), default=64, show_default=True, help="Pixels a side.")
@click.option("--network", "networks", multiple=True, metavar="NAME", help="Only these (give it several times).")
@click.option("--classes", metavar="A,B…", help="Names of the classes, in order: an .npz has none.")
@click.option("--data", type=click.Path(path_type=Path), help="Data folder (default: the user's).")
@AS_JSON
def choose(
    model: str,
    folder: Path,
    seconds: float,
    size: int,
    networks: tuple[str, ...],
    classes: str | None,
    data: Path | None,
    as_json: bool,
) -> None:
    """Compare networks on your own films and say which to take.

    Each is trained from nothing, for the same time, on the same films of FOLDER (laid out as for radloop train), and
    judged on its validation part. What was compared is not done again when the same command is given once more.
    """
    from radloop.chest.film_set import read_set
    from radloop.models.catalog import card

    about = card(model)
    if not about.classifies:
        raise Refusal("NO_CHOICE", f"{model}: has one network; only classifiers have several to choose from.")
    found = read_set(folder, [name.strip() for name in classes.split(",")] if classes else ())

    from radloop.learning.network_choice import CANDIDATES, advise, compare
    from radloop.learning.own_classes import ClassTraining

    if unknown := set(networks) - set(CANDIDATES):
        raise Refusal("NO_SUCH_NETWORK", f"{sorted(unknown)[0]}: no such network; there are: {', '.join(CANDIDATES)}.")
    asked = ClassTraining(epochs=1000, seconds=seconds, size=size)
    with (
        _workplace(about, folder, found, asked, "choose", data) as (_, workplace),
        progress("comparing", quiet=as_json) as tick,
    ):
        candidates, truth = compare(about, found, networks or CANDIDATES, asked, workplace, tick)
    taken, worse = advise(candidates, truth)
    rows = [
        {
            "network": one.name,
            "auc": one.auc,
            "differs_from_best": worse[one.name],
            "parameters": one.parameters,
            "image_ms": round(one.image_ms, 2),
            "train_seconds": one.train_seconds,
            "epochs": one.epochs,
        }
        for one in candidates
    ]
    if as_json:
        click.echo(json.dumps({"take": taken, "films": len(truth), "size": size, "networks": rows}))
        return
    click.echo(
        f"{'network':<18}{'AUC':>7}  {'':<15}{'parameters':>12}{'ms an image':>13}{'trained, s':>12}{'epochs':>8}"
    )
    for row in rows:
        verdict = "worse" if row["differs_from_best"] else "no difference"
        area = "-" if row["auc"] is None else f"{row['auc']:.3f}"
        line = f"{row['network']:<18}{area:>7}  {verdict:<15}{row['parameters']:>12,}{row['image_ms']:>13.1f}"
        click.echo(f"{line}{row['train_seconds']:>12.0f}{row['epochs']:>8}")
    click.echo(f"{len(truth)} films of the validation part, {size} pixels a side; 95 % by a paired bootstrap.")
    click.echo(f"take {taken}: radloop train {model} {folder} --network {taken}")


@contextmanager
def _workplace(
    about: "BundleCard", place: Path, found: "FilmSet", asked: "ClassTraining", what: str, data: Path | None
) -> "Iterator[tuple[Store, Path]]":
    """The store, and the folder of this training and no other; one process at a time trains a model."""
    from radloop import places
    from radloop.learning.own_classes import folder_of
    from radloop.store import Store
    from radloop.store.writer import one_writer

    with Store(places.data(data)) as store, one_writer(store, about.name):
        folder = store.data / TRAINING / about.name / folder_of(place, found, asked, what)
        folder.mkdir(parents=True, exist_ok=True)
        yield store, folder


def _parent(store: "Store", model: str) -> str:
    from radloop.tasks.served import candidates

    known = candidates(store, model)
    if not known:
        raise Refusal("NO_WEIGHTS", f"{model}: the model's weights are missing", http_status=503)
    return known[0].version


def _keep(
    store: "Store",
    about: "BundleCard",
    place: Path,
    found: "FilmSet",
    trained: "Trained",
    asked: "ClassTraining",
    parent: str,
) -> str:
    from radloop.store.versions import add_version

    prepared = trained.prepared
    names = {part: [prepared.films[i].name for i in prepared.part(part)] for part in ("train", "val", "test")}
    kept = add_version(
        store,
        about.name,
        trained.run.model,
        parent=parent,
        data={"set": str(place.resolve()), "classes": list(found.classes), **names},
        metrics={"auc": trained.summary["auc"], "part": prepared.judged, **trained.summary},
        configuration={**asdict(asked), "inference": trained.run.settings},
    )
    return kept.name


def _said(model: str, result: dict[str, Any]) -> str:
    from radloop.cli.evaluate_films import figures_of

    linear = result["linear_auc"]
    lines = [
        f"{model} {result['version']}, classes {', '.join(result['classes'])}; not published yet: "
        f"radloop models publish {model} {result['version']}",
        f"on the part {result['part']}:",
        figures_of(result["summary"]),
        f"thumbnails' linear model  {'-' if linear is None else f'{linear:.3f}'} (AUC)",
        f"report: {result['report']}",
    ]
    if result["stopped"]:
        lines.insert(0, "stopped: the best weights so far were kept")
    return "\n".join(lines)
