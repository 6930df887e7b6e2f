"""A set of films as training takes it: read once, made small, dealt into parts, copies found."""

import csv
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from radloop.chest.film_set import PARTS, FilmSet, LabelledFilm, Part
from radloop.chest.likeness import copies, fingerprints
from radloop.chest.split import Split, split
from radloop.images import replace_whole
from radloop.learning.thumbnails import Thumbnails, thumbnail
from radloop.refusal import Refusal

SHORTER_SIDE = 320
"""Pixels that are kept of a larger film's shorter side: no network here is shown more."""

INDEX, THUMBNAILS = "index.csv", "thumbnails.npz"


@dataclass(frozen=True)
class PreparedFilms:
    """``films`` that could be read, with the part each is dealt to (None: left out) and its thumbnail.

    ``index`` lists the small films for the bundle. ``faults``: by name, why a film could not be read.
    """

    index: Path
    films: tuple[LabelledFilm, ...]
    thumbnails: tuple[Thumbnails, ...]
    split: Split
    faults: dict[str, str]

    def part(self, part: Part) -> list[int]:
        return [i for i, of in enumerate(self.split.parts) if of == part]

    @property
    def judged(self) -> Part:
        """The part that a version is judged on: nothing was fitted to the test part, where there is one."""
        return "test" if self.part("test") else "val"

    def counts(self) -> dict[str, Counter[str]]:
        parts = {part: Counter(self.films[i].label for i in self.part(part)) for part in PARTS}
        return {part: count for part, count in parts.items() if count}


def prepare(found: FilmSet, folder: Path, tick: Callable[[float], None]) -> PreparedFilms:
    """Write every film that can be read into ``folder`` as PNG, and ``index.csv``; what is there already stays.

    Raises Refusal("TOO_FEW") where too few are left of a class.
    """
    small = folder / "films"
    small.mkdir(parents=True, exist_ok=True)
    known = _known(folder)
    faults: dict[str, str] = {}
    films, thumbnails, places = [], [], []
    for number, film in enumerate(found.films):
        place = small / f"{number:06d}.png"
        if known is not None:
            if film.name in known[1]:
                faults[film.name] = known[1][film.name]
                continue
            seen = known[0][number]
        else:
            try:
                content = film.read()
            except Refusal as refusal:
                faults[film.name] = refusal.sentence
                continue
            _write(place, content.pixels)
            seen = thumbnail(content.pixels)
        films.append(film)
        thumbnails.append(seen)
        places.append(place)
        tick((number + 1) / len(found.films))
    if not films:
        raise Refusal("NO_FILMS", f"{found.place}: no film can be read. {next(iter(faults.values()), '')}".strip())
    if known is None:
        _remember(folder, [place.stem for place in places], thumbnails, faults)
    alike = copies(fingerprints(thumbnails)) if not found.knows_patients else []
    dealt = split(films, alike)
    rows = [
        (str(place.relative_to(folder)), film.label, film.patient or f"film {n}", part)
        for n, (place, film, part) in enumerate(zip(places, films, dealt.parts, strict=True))
        if part is not None
    ]
    with replace_whole(folder / INDEX) as temporary, temporary.open("w", newline="") as file:
        csv.writer(file).writerows([("file", "label", "patient", "part"), *rows])
    return PreparedFilms(folder / INDEX, tuple(films), tuple(thumbnails), dealt, faults)


def small_films(prepared: PreparedFilms, part: Part) -> list[LabelledFilm]:
    """The films of a part, as they were read for training; names are those of the set."""
    with prepared.index.open(newline="") as lines:
        places = [prepared.index.parent / row["file"] for row in csv.DictReader(lines)]
    kept = [i for i, of in enumerate(prepared.split.parts) if of is not None]
    at = dict(zip(kept, places, strict=True))
    return [replace(prepared.films[i], content=at[i]) for i in prepared.part(part)]


def _write(place: Path, pixels: NDArray[np.float32]) -> None:
    from PIL import Image

    low, high = float(pixels.min()), float(pixels.max())
    if low >= 0 and 1 < high <= 255:  # eight bits already
        low, high = 0.0, 255.0
    picture = Image.fromarray(np.round((pixels.T - low) / (high - low) * 255).astype(np.uint8))
    scale = SHORTER_SIDE / min(picture.size)
    if scale < 1:
        picture = picture.resize((round(picture.width * scale), round(picture.height * scale)), Image.Resampling.BOX)
    picture.save(place)


def _known(folder: Path) -> tuple[dict[int, Thumbnails], dict[str, str]] | None:
    """Thumbnails by number and faults by name, where an earlier run has read the whole set."""
    try:
        with np.load(folder / THUMBNAILS, allow_pickle=False) as kept:
            thumbnails = dict(zip(kept["numbers"].tolist(), kept["thumbnails"], strict=True))
            return thumbnails, json.loads(str(kept["faults"]))
    except FileNotFoundError:
        return None


def _remember(folder: Path, numbers: list[str], thumbnails: list[Thumbnails], faults: dict[str, str]) -> None:
    with replace_whole(folder / THUMBNAILS) as temporary:
        np.savez(temporary, numbers=np.array(numbers, int), thumbnails=np.stack(thumbnails), faults=json.dumps(faults))
