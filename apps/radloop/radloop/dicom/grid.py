"""Planes brought into the order of slices and phases, or refused with the name of the one that does not fit."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from radloop.dicom.plane import Plane
from radloop.images import Remark
from radloop.images.frame_times import believable_times_ms
from radloop.refusal import Refusal

SAME_PLACE_MM = 0.2
"""Planes closer than this along the normal are the same slice at other times."""

UNEVEN, TOO_UNEVEN = 0.02, 0.25
"""How far single distances of slices may be from the usual one, as a share of it: to be told, and to be refused."""

FEWEST_TO_TELL = 5
"""Phases in ascending order that are no chance."""

Grid = tuple[tuple[Plane, ...], ...]
"""Planes by slice (along the normal, from one end) and phase: ``grid[z][t]``."""


def normal(plane: Plane) -> NDArray[np.float64]:
    """The direction in which slices lie above one another: row x column (DICOM PS3.3, C.7.6.2.1.1)."""
    orientation = np.asarray(plane.orientation, float)
    across = np.cross(orientation[:3], orientation[3:])
    return np.asarray(across / np.linalg.norm(across))


def height_mm(plane: Plane, direction: NDArray[np.float64]) -> float:
    return float(np.dot(np.asarray(plane.position), direction))


def by_place(planes: Iterable[Plane]) -> list[list[Plane]]:
    """Parallel planes grouped by their position along the normal, from low to high."""
    planes = list(planes)
    direction = normal(planes[0])
    places: list[list[Plane]] = []
    last = -np.inf
    for plane in sorted(planes, key=lambda p: height_mm(p, direction)):
        here = height_mm(plane, direction)
        if here - last > SAME_PLACE_MM:
            places.append([])
        places[-1].append(plane)
        last = here
    return places


def grid_of(planes: Iterable[Plane]) -> Grid:
    """Sort parallel planes of one matrix into slices and phases.

    Refuses, naming an object, where two planes claim one place and time, where a phase or a slice is
    missing, or where slices are not evenly spaced.
    """
    slices = [in_time(place) for place in by_place(planes)]
    _same_phases(slices)
    _even_distances(slices)
    return tuple(map(tuple, slices))


def in_time(place: Sequence[Plane]) -> list[Plane]:
    """The planes of one slice in the order of the heartbeat.

    By trigger time; where that is absent, the same everywhere or now and then the same, by temporal
    position, then by Instance Number and number of the frame.
    """
    _one_beat(place)
    for key in (_by_trigger, _by_order, _by_number):
        if any(key(p) is None for p in place):
            continue
        ordered = sorted(place, key=key)  # type: ignore[arg-type]
        twins = [(a, b) for a, b in pairwise(ordered) if key(a) == key(b)]
        if not twins:
            return ordered
        if len(set(map(key, place))) > 1 and 2 * len(twins) >= len(place):  # each time occurs twice
            first, second = twins[0]
            raise Refusal(
                "TWO_STACKS",
                f"{first.name} and {second.name} lie at the same place and time: two stacks of images are mixed here.",
            )
    raise Refusal(
        "NO_TIMES",
        f"{place[0].name} and {place[-1].name} lie at the same place, and nothing tells which comes first "
        "(trigger times and instance numbers are equal).",
    )


def _one_beat(place: Sequence[Plane]) -> None:
    """Refuse planes that run through the heartbeat twice, one whole after the other by their Instance Numbers."""
    numbered = sorted(place, key=_by_number)
    half, odd = divmod(len(numbered), 2)
    times = [p.trigger_ms for p in numbered if p.trigger_ms is not None]
    if odd or half < FEWEST_TO_TELL or len(times) < len(numbered):
        return
    first, second = times[:half], times[half:]
    rise = all(a < b for run in (first, second) for a, b in pairwise(run))
    # A cine that is numbered from the middle of the beat has its second half before its first.
    if rise and second[0] < first[half // 2] < second[-1]:
        raise Refusal(
            "TWO_STACKS",
            f"{numbered[0].name} and {numbered[half].name} lie at the same place and each begins a heartbeat of its "
            "own: two stacks of images are mixed here.",
        )


def _by_trigger(plane: Plane) -> float | None:
    return plane.trigger_ms


def _by_order(plane: Plane) -> float | None:
    return plane.order


def _by_number(plane: Plane) -> tuple[int, int]:
    return plane.instance_number, plane.frame or 0


def mean_times_ms(slices: Sequence[Sequence[Plane]]) -> NDArray[np.float64] | None:
    """Times of the phases after the first, averaged over the slices that tell theirs; (t,) or None."""
    told = [[float(p.trigger_ms) for p in one if p.trigger_ms is not None] for one in slices]
    rising = [t for t, one in zip(told, slices, strict=True) if len(t) == len(one) and np.all(np.diff(t) > 0)]
    if not rising:
        return None
    times: NDArray[np.float64] = np.mean([np.asarray(t) - t[0] for t in rising], axis=0).round(3)
    return believable_times_ms(times)


def _same_phases(slices: Sequence[Sequence[Plane]]) -> None:
    counts = Counter(map(len, slices))
    usual = max(counts, key=lambda n: (counts[n], n))
    for z, planes in enumerate(slices, 1):
        if len(planes) == usual:
            continue
        where = f"slice {z} of {len(slices)} has {len(planes)} phases where the others have {usual}"
        if len(planes) < usual:
            raise Refusal("MISSING_PHASE", f"A phase is missing next to {_before_gap(planes).name}: {where}.")
        raise Refusal("UNEQUAL_PHASES", f"{planes[-1].name} does not fit: {where}.")


def _before_gap(planes: Sequence[Plane]) -> Plane:
    """The plane after which one is missing, as far as times or instance numbers show it; else the last."""
    for marks in ([p.trigger_ms for p in planes], [p.instance_number for p in planes]):
        if len(planes) > 2 and None not in marks:
            steps = np.diff(np.asarray(marks, float))
            if np.max(steps) > 1.5 * np.median(steps) > 0:
                return planes[int(np.argmax(steps))]
    return planes[-1]


def distances_mm(slices: Sequence[Sequence[Plane]]) -> NDArray[np.float64]:
    """From each slice to the next along the normal, by their positions."""
    direction = normal(slices[0][0])
    return np.diff([height_mm(one[0], direction) for one in slices])


def uneven_slices(slices: Sequence[Sequence[Plane]]) -> Remark | None:
    """A remark where the distances of slices differ so much that volumes are a little wrong."""
    gaps = distances_mm(slices)
    if gaps.max() - gaps.min() <= UNEVEN * float(np.median(gaps)):
        return None
    text = f"The slices lie {gaps.min():.1f} to {gaps.max():.1f} mm apart; volumes are computed with the mean."
    return Remark("UNEVEN_SLICES", text)


def _even_distances(slices: Sequence[Sequence[Plane]]) -> None:
    gaps = distances_mm(slices)
    usual = float(np.median(gaps))
    wrong = int(np.argmax(np.abs(gaps - usual)))
    if abs(gaps[wrong] - usual) > TOO_UNEVEN * usual:
        raise Refusal(
            "UNEVEN_SLICES",
            f"{slices[wrong][0].name} and {slices[wrong + 1][0].name} lie {gaps[wrong]:.1f} mm apart where other "
            f"slices are {usual:.1f} mm apart: a slice is missing, or two stacks are mixed.",
        )
