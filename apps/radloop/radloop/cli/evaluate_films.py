"""``radloop evaluate`` of a classifier: figures on labelled films, and a report."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from radloop.cli.models import load_version
from radloop.cli.progress import progress
from radloop.refusal import Refusal

if TYPE_CHECKING:
    from radloop.chest.film_set import FilmSet, LabelledFilm
    from radloop.models import Bundle, BundleCard

REPORT = "report.html"


def evaluate_films(
    about: "BundleCard",
    place: Path,
    part: str | None,
    variant: str | None,
    version: str | None,
    data: Path | None,
    output: Path,
    as_json: bool,
) -> int:
    """Judge the films of a part of a set; print figures, write ``report.html`` and ``summary.json`` into ``output``."""
    from radloop.chest.film_set import read_set

    how = about.settings_of(variant)
    if variant is not None and version is not None:
        raise Refusal("BOTH", "--variant and --version name weights twice: give one of them")
    read_set(place)  # a set that cannot be used is refused at once, before torch is imported
    bundle = _load(about, how, version, data)
    found = read_set(place, bundle.classification["classes"])
    split = about.split if variant in (None, about.variants[0]) and version is None else {}
    films, chosen = _chosen(found, part, split)

    from radloop.learning.class_report import Told, write_report
    from radloop.learning.class_scores import judge, summarise

    with progress("judging", quiet=as_json) as tick:
        judged = judge(bundle, films, lambda done: tick(done))
    summary = summarise(judged, bundle.classification)
    told = Told(
        title=f"{about.name} on {found.place.name}",
        model=about.name,
        version=variant or bundle.version,
        place=str(found.place),
        part=chosen,
        counts={chosen: Counter(film.label for film in films)},
        notes=_notes(found),
    )
    write_report(output / REPORT, told, judged, summary, bundle.classification)
    _write_summary(output / "summary.json", told.version, chosen, summary)
    failed = [one for one in judged if one.fault]
    for one in failed:
        click.echo(f"{one.film.name}: {one.fault}", err=True)
    if as_json:
        click.echo(json.dumps({"model": about.name, "model_version": told.version, "part": chosen, "summary": summary}))
    else:
        click.echo(figures_of(summary))
        click.echo(f"report: {output / REPORT}")
    return 2 if failed else 0


def _load(about: "BundleCard", how: dict[str, Any], version: str | None, data: Path | None) -> "Bundle":
    from radloop.models import load_bundle

    return load_bundle(about.name, **how) if version is None else load_version(about.name, version, data)


def _chosen(found: "FilmSet", part: str | None, split: dict[str, list[str]]) -> "tuple[list[LabelledFilm], str]":
    """The films to judge, and what their part is called.

    Of a set with parts its test part, else its validation part; of one without, whoever the model was not trained on.
    """
    films = list(found.films)
    if part == "all":
        return films, "all"
    if found.has_parts:
        wanted = part or ("test" if any(film.part == "test" for film in films) else "val")
        return _some([film for film in films if film.part == wanted], found, wanted), wanted
    part_of = {patient: name for name in ("train", "val", "test") for patient in split.get(name, [])}
    if part is not None:
        return _some([f for f in films if f.patient and part_of.get(f.patient) == part], found, part), part
    unseen = [film for film in films if not film.patient or part_of.get(film.patient) != "train"]
    name = "all" if len(unseen) == len(films) else "not trained on"
    return _some(unseen, found, name), name


def _some(films: "list[LabelledFilm]", found: "FilmSet", part: str) -> "list[LabelledFilm]":
    if not films:
        raise Refusal("NO_FILMS", f"{found.place}: has no film of the part {part!r}.")
    return films


def _notes(found: "FilmSet") -> Sequence[str]:
    if found.knows_patients:
        return ()
    return ("No patient is known in this set: whether one is on both sides of a training cannot be told.",)


def _write_summary(path: Path, version: str, part: str, summary: dict[str, Any]) -> None:
    from radloop.images import replace_whole

    with replace_whole(path) as temporary:
        temporary.write_text(json.dumps({"model_version": version, "part": part, "summary": summary}, indent=1) + "\n")


def figures_of(summary: dict[str, Any]) -> str:
    """The figures as a person reads them in a terminal."""

    def number(value: float | None) -> str:
        return "-" if value is None else f"{value:.3f}"

    low, high = summary["auc_interval_95"] or (None, None)
    accuracy, refused = summary["accuracy"], summary["not_answered"]
    counts = ", ".join(f"{count} {name}" for name, count in summary["classes"].items())
    lines = [
        f"films                     {summary['films']} ({counts})",
        f"AUC                       {number(summary['auc'])} (95 %: {number(low)} to {number(high)})",
        f"accuracy of the label     {number(accuracy['share'])} of {accuracy['of']} answered",
        f"balanced accuracy         {number(summary['balanced_accuracy'])}",
        *(f"  recall, {name:<16}{number(one['share'])}" for name, one in summary["recall"].items()),
        f"calibration error         {number(summary['calibration_error'])}, "
        f"{number(summary['calibration_error_excess'])} above a perfectly calibrated model's",
        f"without answer            {refused['films']}",
    ]
    return "\n".join(lines)
