"""Which of the images of a study are the short-axis cine: told by geometry, since names seldom tell."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from radloop.dicom.grid import Grid, by_place, grid_of, normal, uneven_slices
from radloop.dicom.plane import Plane
from radloop.images import Remark
from radloop.refusal import Refusal

FEWEST_SLICES = 3
"""Long-axis cines have one or two parallel planes; a ventricle of one or two slices has no volume."""

SAME_DIRECTION = 5e-3
"""How much direction cosines may differ between planes that are parallel."""

_SHORT_AXIS = re.compile(r"\bsax|\bsa\b|short.?ax|kurz\w*.?ach|petit.?axe|eje.?corto", re.IGNORECASE)
Acquisition = tuple[int, str]
"""Series Number and Series Instance UID: there are exams whose series all carry the same UID."""

_VELOCITY = {"P", "PHASE", "PHASE MAP", "VELOCITY", "VELOCITY MAP"}


@dataclass(frozen=True)
class DicomCine:
    """A short-axis cine among DICOM objects, not read yet.

    ``id`` is the Series Instance UID; of several joined series, that of the lowest Series Number.
    ``grid[z][t]`` are its planes. ``remarks`` tell what was left out.
    """

    id: str
    study_uid: str
    series_uids: tuple[str, ...]
    n_frames: int
    n_slices: int
    description: str
    grid: Grid
    remarks: tuple[Remark, ...] = ()


@dataclass(frozen=True)
class Candidate:
    """Parallel planes of one matrix that were imaged at more than one time."""

    planes: tuple[Plane, ...]
    remarks: tuple[Remark, ...] = ()

    @property
    def acquisitions(self) -> set[Acquisition]:
        return set(map(acquisition, self.planes))

    @property
    def series(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(uid for _, uid in sorted(self.acquisitions)))

    @property
    def n_slices(self) -> int:
        return len(by_place(self.planes))

    @property
    def fits(self) -> bool:
        try:
            self.fitted()
        except Refusal:
            return False
        return True

    def fitted(self) -> DicomCine:
        """The planes as a cine; refuses, naming an object, where they do not make one."""
        first = self.planes[0]
        if spoilt := next((p for p in self.planes if p.colour), None):
            raise Refusal("COLOUR", f"{spoilt.name} is not a plain grey picture (MONOCHROME2).")
        grid = grid_of(self.planes)
        names = {p.series_uid: p.description for p in self.planes}
        return DicomCine(
            id=self.series[0],
            study_uid=first.study_uid,
            series_uids=self.series,
            n_frames=len(grid[0]),
            n_slices=len(grid),
            description=names[self.series[0]],
            grid=grid,
            remarks=self.remarks + ((uneven,) if (uneven := uneven_slices(grid)) else ()),
        )


def acquisition(plane: Plane) -> Acquisition:
    return plane.series_number, plane.series_uid


def candidates(planes: Iterable[Plane]) -> list[Candidate]:
    """Every stack of the planes of one study that is large enough and moves, largest first."""
    found: list[Candidate] = []
    for group in _parallel(p for p in planes if not _VELOCITY & set(p.image_type[2:3])):
        found += _joined(group)
    found = [c for c in found if c.n_slices >= FEWEST_SLICES]
    return sorted(found, key=lambda c: (-len(c.planes), c.series))


def choose(found: Sequence[Candidate]) -> Candidate | None:
    """The short-axis cine of a study.

    The stack with most planes. A rival two thirds as large or more is either the same cine taken again
    (the later one counts, if it is whole), or something else: then a description, or the direction of the
    stack has to tell; otherwise both are refused.
    """
    if not found:
        return None
    best = found[0]
    for rival in found[1:]:
        if len(rival.planes) < 2 / 3 * len(found[0].planes):
            break
        if rival.acquisitions & best.acquisitions:
            raise Refusal(
                "TWO_STACKS",
                f"{best.planes[0].name} and {rival.planes[0].name} belong to two stacks of images in one series.",
            )
        best = _preferred(best, rival)
    return best


def _preferred(one: Candidate, other: Candidate) -> Candidate:
    if _is_parallel(one.planes[0], other.planes[0]):
        left, taken = sorted((one, other), key=lambda c: (c.fits, _number(c)))
        text = f"The study holds two short-axis cines: series {_number(taken)} was taken, not {_number(left)}."
        return Candidate(taken.planes, (*taken.remarks, Remark("SEVERAL_CINES", text)))
    for tells in (_is_named, _is_oblique):
        if tells(one) != tells(other):
            return one if tells(one) else other
    raise Refusal(
        "TWO_STACKS",
        f"Series {_number(one)} ({one.planes[0].name}) and series {_number(other)} ({other.planes[0].name}) could "
        "both be the short-axis cine: give the folder of one series.",
    )


def _number(candidate: Candidate) -> int:
    return candidate.planes[0].series_number


def _is_named(candidate: Candidate) -> bool:
    return bool(_SHORT_AXIS.search(candidate.planes[0].description))


def _is_oblique(candidate: Candidate) -> bool:
    """Whether the stack is none of axial, coronal and sagittal, as a short axis is in nearly everyone."""
    return float(np.abs(normal(candidate.planes[0])).max()) < 0.98


def _is_parallel(one: Plane, other: Plane) -> bool:
    return bool(np.allclose(one.orientation or 0, other.orientation or 1, rtol=0, atol=SAME_DIRECTION))


def _parallel(planes: Iterable[Plane]) -> list[list[Plane]]:
    """Planes that could be stacked: of one matrix and pixel size, in one direction, above one another."""
    groups: list[list[Plane]] = []
    for plane in planes:
        if plane.position is None or plane.orientation is None or plane.spacing_mm is None:
            continue
        for group in groups:
            if _stackable(group[0], plane):
                group.append(plane)
                break
        else:
            groups.append([plane])
    return groups


def _stackable(first: Plane, plane: Plane) -> bool:
    if (first.study_uid, first.rows, first.columns) != (plane.study_uid, plane.rows, plane.columns):
        return False
    spacing = np.asarray(first.spacing_mm)
    if not np.allclose(spacing, plane.spacing_mm or 0, rtol=1e-3) or not _is_parallel(first, plane):
        return False
    apart = np.subtract(plane.position, first.position)  # type: ignore[arg-type]
    along_row, along_column = np.asarray(first.orientation).reshape(2, 3) @ apart
    return bool(abs(along_row) < spacing[1] / 2 and abs(along_column) < spacing[0] / 2)


def _joined(group: Sequence[Plane]) -> list[Candidate]:
    """The candidates among parallel planes: series that complete one another are joined.

    Scanners write a cine as one series or as one series a slice. A series at places of its own joins
    the others; one that repeats a few slices is a retake and takes their place; one that repeats the
    whole stack is a candidate of its own, and so is one of other phases beside a stack in one series (a
    flow measurement, perhaps).
    """
    series: dict[Acquisition, list[Plane]] = {}
    for plane in group:
        series.setdefault(acquisition(plane), []).append(plane)
    moving = [s for _, s in sorted(series.items()) if len(s) > len(by_place(s))]
    stacks: list[list[Plane]] = []
    remarks: list[Remark] = []
    for planes in moving:
        for n, stack in enumerate(stacks):
            if _is_stack(stack) and _phases(planes) != _phases(stack):
                continue
            again = _at_places_of(stack, planes)
            if not again:
                stacks[n] = stack + planes
                break
            if len(by_place(planes)) < FEWEST_SLICES:
                stacks[n] = [p for p in stack if p not in again] + planes
                text = f"Series {planes[0].series_number} repeats a slice, and was taken in its place."
                remarks.append(Remark("RETAKEN_SLICE", text))
                break
        else:
            stacks.append(planes)
    return [Candidate(tuple(stack), tuple(remarks)) for stack in stacks]


def _is_stack(planes: Sequence[Plane]) -> bool:
    """Whether one series holds a stack, so that the scanner does not write a series a slice."""
    return len(by_place(p for p in planes if acquisition(p) == acquisition(planes[0]))) >= FEWEST_SLICES


def _phases(planes: Sequence[Plane]) -> int:
    return max(map(len, by_place(planes)))


def _at_places_of(stack: Sequence[Plane], planes: Sequence[Plane]) -> set[Plane]:
    """The planes of ``stack`` that lie where one of ``planes`` does."""
    new = set(planes)
    return {p for place in by_place([*stack, *planes]) if new & set(place) for p in place if p not in new}
