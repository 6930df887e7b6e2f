"""The panel's own HTTP, under ``/radloop``: what it says is written in `radloop.answers.panel`."""

import time
from dataclasses import dataclass
from typing import Protocol

from fastapi import APIRouter

from radloop.answers import Measurements, Warning
from radloop.answers.panel import (
    Analysis,
    Cases,
    Contours,
    Draft,
    DraftKept,
    EveryCase,
    Exported,
    OpenedLabel,
    Places,
    Submission,
    SubmittedLabel,
)
from radloop.images.picture import LabelMap
from radloop.refusal import Refusal
from radloop.server.deeds import current
from radloop.server.drafts import Drafts
from radloop.server.leaving import Watched
from radloop.server.planes import pack, unpack
from radloop.server.problems import LATER

Grid = tuple[int, int, int, int]


@dataclass(frozen=True)
class Figures:
    """Contours to be measured, (x, y, z, t), and what a person chose about them (frames from 1)."""

    labels: LabelMap
    from_version: str | None = None
    ed_frame: int | None = None
    es_frame: int | None = None
    edited: bool = False


class Desk(Protocol):
    """What the panel needs of the archive, the store and the workers. Every method may raise ``Refusal``."""

    def cases(self, study: str) -> Cases: ...
    def every_case(self) -> EveryCase: ...
    def grid(self, image: str) -> Grid: ...
    def analyse(self, image: str) -> tuple[LabelMap, Measurements]: ...
    def measure(self, image: str, figures: Figures) -> Measurements: ...
    def labels(self, image: str) -> list[SubmittedLabel]: ...
    def label(self, image: str, label: str) -> tuple[SubmittedLabel, LabelMap]: ...
    def submit(self, image: str, labels: LabelMap, submission: Submission) -> SubmittedLabel: ...
    def export(self, image: str, figures: Figures, measurements: Measurements) -> Exported: ...


def router(desk: Desk, drafts: Drafts) -> APIRouter:
    """The panel's routes. Plain functions: FastAPI runs each in a thread, and analysing takes seconds."""
    routes = APIRouter(prefix="/radloop", tags=["panel"])

    @routes.get("/cases")
    def cases(study: str | None = None) -> Cases | EveryCase:
        if study is None:
            everything = desk.every_case()
            for one in everything.cases:
                if one.state != "submitted" and (draft := drafts.get(one.image)):
                    one.state = "reviewed" if draft.reviewed else "analysed"
            return everything
        found = desk.cases(study)
        for case in found.cases:
            draft = drafts.get(case.image)
            case.draft = draft is not None
            if draft and not case.labels:
                case.state = "reviewed" if draft.reviewed else "analysed"
        return found

    @routes.post("/analyse", responses=LATER)
    def analyse(image: str, watched: Watched) -> Analysis:
        began = time.monotonic()
        labels, measurements = desk.analyse(image)
        current().model_version = measurements.model_version or ""
        return Analysis(planes=pack(labels), measurements=measurements, seconds=time.monotonic() - began)

    @routes.post("/measure", responses=LATER)
    def measure(image: str, contours: Contours, watched: Watched) -> Measurements:
        return _measured(image, contours)[1]

    @routes.get("/labels")
    def labels(image: str) -> list[SubmittedLabel]:
        return desk.labels(image)

    @routes.get("/label", responses=LATER)
    def label(image: str, id: str, watched: Watched) -> OpenedLabel:
        submitted, voxels = desk.label(image, id)
        figures = Figures(voxels, submitted.from_version, edited=True)
        measurements = desk.measure(image, figures)
        measurements.warnings = [_edited(), *measurements.warnings]
        return OpenedLabel(label=submitted, planes=pack(voxels), measurements=measurements)

    @routes.put("/labels")
    def submit(image: str, submission: Submission) -> SubmittedLabel:
        if not submission.author.strip():
            raise Refusal("NO_AUTHOR", "A label needs the name of the person who submits it.")
        grid = desk.grid(image)
        _check(submission.reviewed, grid)
        kept = desk.submit(image, unpack(submission.planes, grid), submission)
        drafts.forget(image)
        return kept

    @routes.get("/draft")
    def draft(image: str) -> Draft | None:
        return drafts.get(image)

    @routes.put("/draft")
    def keep_draft(image: str, draft: Draft) -> DraftKept:
        grid = desk.grid(image)
        unpack(draft.planes, grid)
        _check(draft.reviewed, grid)
        _check(draft.left_out, grid)
        return DraftKept(number=drafts.put(image, draft))

    @routes.delete("/draft", status_code=204)
    def forget_draft(image: str) -> None:
        drafts.forget(image)

    @routes.post("/export", responses=LATER)
    def export(image: str, contours: Contours, watched: Watched) -> Exported:
        figures, measurements = _measured(image, contours)
        current().model_version = figures.from_version or ""
        return desk.export(image, figures, measurements)

    def _measured(image: str, contours: Contours) -> tuple[Figures, Measurements]:
        grid = desk.grid(image)
        for frame in (contours.ed_frame, contours.es_frame):
            _check({frame: "all"} if frame is not None else {}, grid)
        _check(contours.left_out, grid)
        figures = Figures(
            labels=unpack(contours.planes, grid),
            from_version=contours.from_version,
            ed_frame=contours.ed_frame,
            es_frame=contours.es_frame,
            edited=contours.edited,
        )
        measurements = desk.measure(image, figures)
        measurements.warnings = [*chosen_by_person(contours), *measurements.warnings]
        return figures, measurements

    return routes


def chosen_by_person(contours: Contours) -> list[Warning]:
    """What a reader of the figures must know: which of them a person had a hand in."""
    said = []
    phases = [("end diastole", contours.ed_frame), ("end systole", contours.es_frame)]
    if by_hand := [f"{name} (frame {frame})" for name, frame in phases if frame is not None]:
        said.append(Warning(code="PHASES_BY_HAND", text=f"A person chose {' and '.join(by_hand)}."))
    if contours.left_out:
        said.append(Warning(code="SLICES_LEFT_OUT", text=f"A person left out {_in_words(contours.left_out)}."))
    if contours.edited:
        said.append(_edited())
    return said


def _edited() -> Warning:
    return Warning(code="EDITED", text="A person changed the contours.")


def _in_words(places: Places) -> str:
    """Places in words, frames with the same slices taken together.

    >>> _in_words({1: [8], 2: [8], 9: [7, 8]})
    'slice 8 in 2 frames; slices 7, 8 in frame 9'
    """
    by_slices: dict[str, list[int]] = {}
    for frame, slices in places.items():
        one = isinstance(slices, list) and len(slices) == 1
        names = "all slices" if slices == "all" else f"slice{'' if one else 's'} {', '.join(map(str, slices))}"
        by_slices.setdefault(names, []).append(frame)
    return "; ".join(
        f"{names} in frame {frames[0]}" if len(frames) == 1 else f"{names} in {len(frames)} frames"
        for names, frames in by_slices.items()
    )


def _check(places: Places, grid: Grid) -> None:
    """Refuse frames and slices (from 1) that the image (x, y, z, t) does not have."""
    _, _, slices, frames = grid
    for frame, named in places.items():
        if not 1 <= frame <= frames:
            raise Refusal("NO_SUCH_FRAME", f"The image has frames 1 to {frames}, not {frame}.")
        for one in named if named != "all" else []:
            if not 1 <= one <= slices:
                raise Refusal("NO_SUCH_SLICE", f"The image has slices 1 to {slices}, not {one}.")
