"""Radiographs and a classifier in; classes, their probabilities and what counted out."""

import re
from collections.abc import Sequence
from pathlib import Path

from radloop.answers import Classification, Warning
from radloop.answers.service import InferParams
from radloop.images import HeatMap, Radiograph, write_heat_map
from radloop.models import Bundle, Reading

Named = tuple[str, Radiograph]
"""A film with the id that its answer carries."""


def classify_films(
    bundle: Bundle, films: Sequence[Named], *, heat_map: bool = False
) -> list[tuple[Classification, HeatMap | None]]:
    """Answer several films at once."""
    readings = bundle.classify([film for _, film in films], heat_map=heat_map)
    return [
        (_answer(bundle, image, film, reading), None if reading.abstained else reading.heat_map)
        for (image, film), reading in zip(films, readings, strict=True)
    ]


def answer_film(
    bundle: Bundle, film: Radiograph, *, image: str, asked: InferParams, folder: Path | None
) -> tuple[Path | None, Classification]:
    """Answer one film; the heat map, all zero unless it was asked for, is written into ``folder`` where there is one.

    Its name is for people: clients save under it, and it must not look like a temporary file of the server's.
    """
    [(answer, heat_map)] = classify_films(bundle, [(image, film)], heat_map=asked.heat_map)
    if folder is None:
        return None, answer
    name = re.sub(r"[^A-Za-z0-9._-]+", "_", image)
    file = folder / f"{name}.{bundle.about.name}{asked.result_extension or '.nii.gz'}"
    write_heat_map(file, heat_map, film)
    return file, answer


def _answer(bundle: Bundle, image: str, film: Radiograph, reading: Reading) -> Classification:
    about = bundle.classification
    return Classification(
        image=image,
        model=bundle.about.name,
        model_version=bundle.version,
        classes=list(about["classes"]),
        prediction={} if reading.abstained else reading.probabilities,
        label=None if reading.abstained else reading.label,
        abstained=reading.abstained,
        reason=reading.reason,
        positive=about.get("positive"),
        threshold=about.get("threshold"),
        prior=about.get("prior"),
        heat_map=reading.heat_map is not None and not reading.abstained,
        warnings=[Warning(code=remark.code, text=remark.text) for remark in film.remarks],
    )
