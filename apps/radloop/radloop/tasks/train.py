"""The train task: labels that people submitted in, an unpublished version out."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from radloop.answers.jobs import LabelledCase, TrainParams
from radloop.images import Cine, read_cine, replace_whole
from radloop.learning.fine_tuning import TRAINED, Case, Progress, fine_tune, judge, prepare
from radloop.models import card, load_bundle
from radloop.models.versions import Versions, Weights
from radloop.store import Store
from radloop.store.versions import add_version
from radloop.store.writer import one_writer
from radloop.tasks.grid import grid

DESCRIPTION = "Learns from reviewed labels, from the served version on; makes a version that is not published yet."


def train(
    store: Store,
    model: str,
    cases: list[LabelledCase],
    parents: list[Weights],
    params: TrainParams,
    folder: Path,
    progress: Progress,
) -> dict[str, Any]:
    """Fine-tune the first of ``parents`` that can be used and keep what comes of it, unpublished.

    ``folder`` is the job's own: training that was cut off goes on from what it left there. Returns ``version``,
    ``parent``, ``metrics`` (Dice of both on patients held out; null where nobody was) and ``data``.
    Raises ``Refusal``: NO_LABELS, BEING_TRAINED, NO_VERSION, DIVERGED.
    """
    about = card(model)
    ended = folder / "result.json"
    if ended.is_file():
        result: dict[str, Any] = json.loads(ended.read_bytes())
        return result
    with one_writer(store, model):
        parents = _begun_with(folder / "parent") + parents
        good, _ = Versions(model).first_good(parents)
        parent = next(one for one in parents if one.version == good.version)
        _remember(folder / "parent", parent)
        prepared = prepare(cases, read, folder / "cases", about.split, progress)
        new = fine_tune(about, parent.file, prepared.train, params, folder / "run", progress)
        progress(TRAINED, "judging on patients held out" if prepared.held_out else "nobody was held out to judge by")
        metrics = _metrics(model, parent.file, new, prepared.held_out, progress)
        kept = add_version(
            store,
            model,
            new,
            parent=parent.version,
            data=prepared.said(),
            metrics=metrics,
            configuration=params.model_dump(mode="json"),
        )
    result = {"version": kept.name, "parent": parent.version, "metrics": metrics, "data": prepared.said()}
    with replace_whole(ended) as temporary:
        temporary.write_text(json.dumps(result))
    for part in ("cases", "run"):
        shutil.rmtree(folder / part, ignore_errors=True)
    return result


def _begun_with(file: Path) -> list[Weights]:
    """The version that training began with before it was cut off: another may have been published since."""
    if not file.is_file():
        return []
    version, weights, sha256 = file.read_text().splitlines()
    return [Weights(version, Path(weights), sha256)]


def _remember(file: Path, parent: Weights) -> None:
    with replace_whole(file) as temporary:
        temporary.write_text("\n".join((parent.version, str(parent.file), parent.sha256)))


def _metrics(model: str, before: Path, after: Path, held_out: list[Case], progress: Progress) -> dict[str, Any]:
    trained = load_bundle(model, after)  # or refuse, before anything is kept
    if not held_out:
        return {"mean_dice": None, "parent": None}
    new = judge(trained, held_out, read)
    progress((1 + TRAINED) / 2, f"mean Dice {new['mean_dice']:.4f} on {len(held_out)} pictures held out")
    return new | {"parent": judge(load_bundle(model, before), held_out, read)}


def read(case: LabelledCase) -> Cine:
    cine = read_cine(Path(case.file))
    return cine if case.said is None else replace(cine, **grid(case.said))


class TrainService:
    """What a job's process answers: ``train``, with the arguments of ``train`` as plain data."""

    def __init__(self, data: Path) -> None:
        self.facts: dict[str, Any] = {}
        self.data = data

    def answer(self, what: str, arguments: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
        def told(fraction: float, line: str = "") -> None:
            if line:
                print(line)
            progress(fraction, line)

        with Store(self.data) as store:
            return train(
                store,
                arguments["model"],
                [LabelledCase.model_validate(case) for case in arguments["cases"]],
                [Weights.named(one) for one in arguments["versions"]],
                TrainParams.model_validate(arguments["params"]),
                Path(arguments["folder"]),
                told,
            )


def open(options: dict[str, Any]) -> TrainService:
    """``options["data"]``: the data folder."""
    return TrainService(Path(options["data"]))
