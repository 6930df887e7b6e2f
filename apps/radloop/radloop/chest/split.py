"""Which films are trained on and which are held out: no patient, and no copy of a film, is on both sides."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from radloop.chest.film_set import LabelledFilm, Part
from radloop.refusal import Refusal

HELD_OUT: tuple[tuple[Part, float], ...] = (("test", 0.15), ("val", 0.15))
"""Shares of the films of each class, where a set has no parts of its own; the rest is trained on."""


@dataclass(frozen=True)
class Split:
    """``parts``: of each film, in order; None: it is left out, for the reason that ``left_out`` has under its place.

    ``copies``: pairs of places of films that show the same picture.
    """

    parts: tuple[Part | None, ...]
    left_out: dict[int, str]
    copies: tuple[tuple[int, int], ...]


def split(films: Sequence[LabelledFilm], copies: Sequence[tuple[int, int]]) -> Split:
    """Keep the parts that a set has, making a validation part where it has none; or make all three.

    Films of one patient, and copies of one film, go together. Where the set's own parts tear them apart, the films on
    the side of training are left out. Raises Refusal("TOO_FEW") where a class has too few films or patients.
    """
    groups = _groups(films, copies)
    parts: list[Part | None] = [film.part for film in films]
    left_out: dict[int, str] = {}
    if not any(parts):
        parts = list(_dealt(films, groups, list(range(len(films))), HELD_OUT))
    else:
        for group in groups:
            there = {parts[i] for i in group}
            last: Part = "test" if "test" in there else "val"
            for i in group if len(there) > 1 else []:
                if parts[i] != last:
                    left_out[i] = f"the same patient or picture is in {last}"
                    parts[i] = None
        if "val" not in parts:
            trained = [i for i, part in enumerate(parts) if part == "train"]
            for i, part in zip(trained, _dealt(films, groups, trained, (("val", 0.15),)), strict=True):
                parts[i] = part
    _check(films, parts)
    return Split(tuple(parts), left_out, tuple(copies))


def _check(films: Sequence[LabelledFilm], parts: Sequence[Part | None]) -> None:
    for name in sorted({film.label for film in films}):
        for part in ("train", "val"):
            if not any(film.label == name and of == part for film, of in zip(films, parts, strict=True)):
                where = "to train on" if part == "train" else "to validate with"
                raise Refusal("TOO_FEW", f"{name}: no film of this class is left {where}; more patients are needed.")


def _groups(films: Sequence[LabelledFilm], copies: Sequence[tuple[int, int]]) -> list[list[int]]:
    """Places of films that belong together, by patient or as copies."""
    root = list(range(len(films)))

    def find(i: int) -> int:
        while root[i] != i:
            root[i] = root[root[i]]
            i = root[i]
        return i

    first: dict[str, int] = {}
    for i, film in enumerate(films):
        if film.patient is not None:
            root[find(i)] = find(first.setdefault(film.patient, i))
    for one, other in copies:
        root[find(other)] = find(one)
    groups: dict[int, list[int]] = {}
    for i in range(len(films)):
        groups.setdefault(find(i), []).append(i)
    return list(groups.values())


def _dealt(
    films: Sequence[LabelledFilm],
    groups: Sequence[Sequence[int]],
    places: Sequence[int],
    shares: Sequence[tuple[Part, float]],
) -> list[Part]:
    """A part for each of ``places``, group by group in an order that names alone decide, each class by its share."""
    chosen: dict[int, Part] = dict.fromkeys(places, "train")
    of_place = set(places)
    # Groups of the rarest class first, so that it is not used up by the shares of others.
    count = Counter(films[i].label for i in places)
    ours = [[i for i in group if i in of_place] for group in groups]
    ours = sorted((group for group in ours if group), key=lambda group: _rank(films[min(group)]))
    taken: Counter[tuple[str, Part]] = Counter()
    for label in sorted(count, key=lambda name: (count[name], name)):
        for part, share in shares:
            wanted = max(1, round(share * count[label]))
            for group in ours:
                if taken[label, part] >= wanted:
                    break
                labels = Counter(films[i].label for i in group)
                if labels[label] == 0 or any(chosen[i] != "train" for i in group):
                    continue
                if sum(films[i].label == label and chosen[i] == "train" for i in places) <= labels[label]:
                    continue  # what is left is trained on
                for i in group:
                    chosen[i] = part
                    taken[films[i].label, part] += 1
    return [chosen[i] for i in places]


def _rank(film: LabelledFilm) -> str:
    return hashlib.sha256((film.patient or film.name).encode()).hexdigest()
