"""The HTTP of the panel *Chest X-ray*, under ``/radloop``: what it says is written in `radloop.answers.chest_panel`."""

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from fastapi import APIRouter
from numpy.typing import NDArray

from radloop.answers import Classification
from radloop.answers.chest_panel import Evidence, Film, FilmReading, Films, SubmittedClass
from radloop.refusal import Refusal
from radloop.server.cases import note_analysed, was_analysed
from radloop.server.context import Context, Here
from radloop.server.deeds import current
from radloop.server.leaving import Watched, awaited
from radloop.server.pictures import called
from radloop.server.planes import pack
from radloop.server.problems import LATER
from radloop.store import LabelRow

if TYPE_CHECKING:
    from radloop.dicom.web.offer import Json

MODEL = "cxr_classifier"

FILM_CLASSES = {
    "1.2.840.10008.5.1.4.1.1.1",  # CR
    "1.2.840.10008.5.1.4.1.1.1.1",  # DX, for presentation
    "1.2.840.10008.5.1.4.1.1.1.1.1",  # DX, for processing
    "1.2.840.10008.5.1.4.1.1.7",  # Secondary Capture
}
LONGEST_SIDE = 512
"""Of a heat map on its way to the viewer, which draws it over the film: it knows no finer detail."""

_MODALITY, _SOP_CLASS, _OBJECT, _SERIES = "00080060", "00080016", "00080018", "0020000E"
_SERIES_TEXT, _VIEW, _FRAMES, _ROWS = "0008103E", "00185101", "00280008", "00280010"

router = APIRouter(prefix="/radloop", tags=["panel"])


@router.get("/films")
def films(here: Here, study: str) -> Films:
    """The radiographs of a study, frontal ones first."""
    found = [_film(here, header) for header in _headers(here, study)]
    models = here.catalogue.with_states(here.serving.facts(), here.pool.fault)
    classes = list(models[MODEL].labels) if MODEL in models else []
    return Films(films=sorted(found, key=lambda film: film.lateral), classes=classes)


@router.post("/classify", responses=LATER)
def classify(here: Here, image: str, watched: Watched) -> FilmReading:
    """The model's answer to a film, with the heat map."""
    here.catalogue.model(MODEL)
    picture = here.pictures.picture(image)
    with tempfile.TemporaryDirectory(dir=here.scratch) as folder:
        asked = {"model": MODEL, "file": str(picture.file), "image": picture.id, "said": picture.said}
        asked |= {"params": {"heat_map": True, "result_extension": ".nii"}, "folder": folder}
        job = here.serving.submit("infer", asked, time_limit_s=here.settings.time_limit_s)
        with called(picture):
            result = awaited(job)
        answer = Classification.model_validate(json.loads(result["answer"]))
        evidence = _evidence(Path(result["file"])) if answer.heat_map else None
    current().model_version = answer.model_version
    note_analysed(here, picture.id, answer.model_version)
    return FilmReading(answer=answer, evidence=evidence)


def _headers(here: Context, study: str) -> "list[Json]":
    """Of every object of the study that may be a radiograph: one grey picture is all that the header has to promise."""
    from radloop.dicom.film import OTHER_MODALITIES

    archive = here.pictures.archive
    headers = []
    for series in archive.search("series", [("includefield", _MODALITY)], study):
        if _first(series, _MODALITY) not in OTHER_MODALITIES:
            headers += list(archive.metadata(study, _first(series, _SERIES)))
    return [
        header
        for header in headers
        if _first(header, _SOP_CLASS) in FILM_CLASSES and _first(header, _ROWS) and _first(header, _FRAMES) in ("", "1")
    ]


def _film(here: Context, header: "Json") -> Film:
    from radloop.dicom.film import LATERAL

    image, view = _first(header, _OBJECT), _first(header, _VIEW).strip().upper()
    labels = _labels(here, image)
    state: Literal["new", "analysed", "submitted"] = (
        "submitted" if labels else "analysed" if was_analysed(here, image) else "new"
    )
    return Film(
        image=image,
        series=_first(header, _SERIES),
        description=_first(header, _SERIES_TEXT) or "Radiograph",
        view=view,
        lateral=view in LATERAL,
        state=state,
        labels=labels,
    )


def _labels(here: Context, image: str) -> list[SubmittedClass]:
    try:
        rows = here.store.labels(image)
    except Refusal as refusal:
        if refusal.http_status != 404:
            raise
        return []  # a film that nobody has labelled need not be in the store yet
    return [_told(row) for row in rows if row.tag == "final" and "label" in row.info]


def _told(row: LabelRow) -> SubmittedClass:
    info = row.info
    return SubmittedClass(
        id=row.id,
        label=info["label"],
        author=row.author or info.get("author") or "",
        submitted=row.created,
        from_version=info.get("from_version"),
    )


def _evidence(file: Path) -> Evidence:
    """The heat map in a file, (x, y, 1) of 0 to 1, made small."""
    import nibabel as nib
    from PIL import Image

    whole: NDArray[Any] = np.asarray(nib.load(file).dataobj, np.float32)[..., 0].T
    rows, columns = whole.shape
    shrink = max(1.0, max(rows, columns) / LONGEST_SIDE)
    size = max(1, round(columns / shrink)), max(1, round(rows / shrink))
    small = np.asarray(Image.fromarray(whole).resize(size, Image.Resampling.BOX))
    pixels = np.rint(255 * small.clip(0, 1)).astype(np.uint8)
    return Evidence(pixels=pack(pixels.T[:, :, None, None]), rows=size[1], columns=size[0])


def _first(header: "Json", tag: str) -> str:
    return str((header.get(tag, {}).get("Value") or [""])[0])
