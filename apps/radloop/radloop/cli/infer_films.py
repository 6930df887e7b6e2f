"""``radloop infer`` of a classifier: radiographs in, one table out, in batches."""

import csv
import io
import json
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from radloop.cli.progress import progress
from radloop.cli.table import classification_table
from radloop.refusal import Refusal

if TYPE_CHECKING:
    from radloop.answers import Classification
    from radloop.images import HeatMap, Radiograph
    from radloop.models import Bundle

BATCH = 16
READERS = 2
"""Threads that read and decode the next films while the network looks at these."""


@dataclass(frozen=True)
class Film:
    """A file to be classified, and what the table calls it."""

    path: Path
    name: str


@dataclass(frozen=True)
class Outcome:
    """What became of a film: an answer, or why it could not be read."""

    film: Film
    answer: "Classification | None" = None
    refusal: Refusal | None = None


def infer_films(
    model: str, given: Sequence[Path], output: Path, variant: str | None, heat_map: bool, as_json: bool
) -> int:
    """Every film that is given or lies in a folder; one that cannot be used is named, and the others go on."""
    from radloop.models.catalog import card

    card(model).settings_of(variant)  # a variant that is none is refused at once
    films = _films(given)
    alone = len(films) == 1 and given[0].is_file()
    if alone:
        from radloop.chest import read_film

        read_film(films[0].path)  # before torch is imported, and before anything is written
    with progress("classifying", quiet=as_json or alone) as tick:
        outcomes = []
        for outcome in _outcomes(model, variant, films, output if heat_map else None):
            outcomes.append(outcome)
            tick(len(outcomes) / len(films), f"{len(outcomes)} of {len(films)}")
    failed = [one for one in outcomes if one.refusal is not None]
    for one in failed:
        click.echo(f"{one.film.name}: {_without_name(one)}", err=True)
    _write_csv(output / "predictions.csv", outcomes)
    if as_json:
        click.echo(json.dumps(_as_json(outcomes, alone)))
    elif alone:
        answer = outcomes[0].answer
        assert answer is not None  # it was read above
        click.echo(classification_table(answer))
        maps = _map_files(output, films[0]) if answer.heat_map else ()
        click.echo(f"written to {output}: " + ", ".join(["predictions.csv", *(file.name for file in maps)]))
    else:
        click.echo(_summary(outcomes, output))
    return 2 if failed else 0


def _films(given: Sequence[Path]) -> list[Film]:
    """Films of folders are called by their path below the folder, others as they were given."""
    from radloop.chest import find_films

    films = []
    for path in given:
        if path.is_dir():
            inside = path if len(given) > 1 else Path()
            films += [Film(file, _text(inside / file.relative_to(path))) for file in find_films(path)]
        elif path.exists():
            films.append(Film(path, _text(path.name if len(given) == 1 else path)))
        else:
            raise Refusal("NO_SUCH_FILE", f"{path}: no such file or folder")
    return films


def _text(path: Path | str) -> str:
    """As text: of names that are none (in no encoding of this machine) the odd bytes are written as numbers."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _outcomes(model: str, variant: str | None, films: Sequence[Film], maps: Path | None) -> Iterator[Outcome]:
    """In the order of ``films``; heat maps are written into ``maps``."""
    from radloop.tasks.film import classify_films

    bundle: Bundle | None = None
    for batch in batches(films):
        read = [(film, content) for film, content in batch if not isinstance(content, Refusal)]
        if read and bundle is None:
            bundle = _load(model, variant)
        named = [(film.name, content) for film, content in read]
        answers = iter(classify_films(bundle, named, heat_map=maps is not None) if bundle and named else [])
        for film, content in batch:
            if isinstance(content, Refusal):
                yield Outcome(film, refusal=content)
                continue
            answer, heat = next(answers)
            if maps is not None:
                _write_map(maps, film, content, answer, heat)
            yield Outcome(film, answer)


def batches(films: Sequence[Film]) -> Iterator[list[tuple[Film, "Radiograph | Refusal"]]]:
    """Films that were read, the next batch while this one is worked on."""
    from radloop.chest import read_film

    def read(film: Film) -> "Radiograph | Refusal":
        try:
            return read_film(film.path)
        except Refusal as refusal:
            return refusal

    parts = [films[i : i + BATCH] for i in range(0, len(films), BATCH)]
    with ThreadPoolExecutor(READERS) as readers:
        coming: list[list[Future[Any]]] = [[readers.submit(read, film) for film in part] for part in parts[:1]]
        for n, part in enumerate(parts):
            if n + 1 < len(parts):
                coming.append([readers.submit(read, film) for film in parts[n + 1]])
            yield [(film, future.result()) for film, future in zip(part, coming.pop(0), strict=True)]


def _load(model: str, variant: str | None) -> "Bundle":
    from radloop.tasks.served import served_bundle

    bundle, passed_over = served_bundle(model, variant=variant)
    for reason in passed_over.values():
        click.echo(f"{reason} Version {bundle.version} answers instead.", err=True)
    return bundle


def _write_map(
    folder: Path, film: Film, content: "Radiograph", answer: "Classification", heat: "HeatMap | None"
) -> None:
    """``NAME.heatmap.nii.gz`` and ``.png``; of a film that nothing is said about there is none."""
    if heat is None:
        return
    from radloop.chest.overlay import draw_overlay
    from radloop.images import write_heat_map

    file, overlay = _map_files(folder, film)
    write_heat_map(file, heat, content)
    draw_overlay(overlay, content, heat, answer)


def _map_files(folder: Path, film: Film) -> tuple[Path, Path]:
    named = Path(film.name)
    place = folder.joinpath(*(part for part in named.parts if part not in (named.anchor, "..")))
    return place.with_name(f"{place.name}.heatmap.nii.gz"), place.with_name(f"{place.name}.heatmap.png")


def _write_csv(path: Path, outcomes: Sequence[Outcome]) -> None:
    """``file,label,abstained,reason`` and a column of probability for each class."""
    from radloop.images import replace_whole

    classes = next((one.answer.classes for one in outcomes if one.answer), [])
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["file", "label", "abstained", "reason", *classes])
    for one in outcomes:
        if one.answer is None:
            reason = f"error: {_without_name(one)}"
            table.writerow([one.film.name, "", "true", reason, *[""] * len(classes)])
            continue
        shares = [f"{one.answer.prediction[name]:.6f}" if name in one.answer.prediction else "" for name in classes]
        abstained = "true" if one.answer.abstained else "false"
        table.writerow([one.film.name, one.answer.label or "", abstained, one.answer.reason, *shares])
    with replace_whole(path) as temporary:
        temporary.write_text(text.getvalue(), encoding="utf-8")


def _as_json(outcomes: Sequence[Outcome], alone: bool) -> dict[str, Any]:
    if alone and outcomes[0].answer:
        return outcomes[0].answer.model_dump(mode="json")
    done = [one.answer.model_dump(mode="json") for one in outcomes if one.answer]
    failed = [
        {"file": one.film.name, "code": one.refusal.code, "sentence": one.refusal.sentence}
        for one in outcomes
        if one.refusal
    ]
    return {"films": done, "failed": failed}


def _summary(outcomes: Sequence[Outcome], output: Path) -> str:
    answers = [one.answer for one in outcomes if one.answer]
    abstained = sum(answer.abstained for answer in answers)
    failed = len(outcomes) - len(answers)
    counts = {name: sum(answer.label == name for answer in answers) for name in (answers[0].classes if answers else [])}
    said = ", ".join(f"{count} {name}" for name, count in counts.items())
    return (
        f"{len(answers)} classified ({said}{', ' if said else ''}{abstained} without answer), {failed} failed; "
        f"{output / 'predictions.csv'}"
    )


def _without_name(one: Outcome) -> str:
    """The sentence of a refusal names the file by its last part; the line begins with the whole of it."""
    assert one.refusal is not None
    return one.refusal.sentence.removeprefix(f"{one.film.path.name}: ").removeprefix(f"{one.film.path}: ")
