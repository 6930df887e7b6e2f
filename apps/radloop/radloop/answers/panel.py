"""What the panel *Heart* in OHIF and the server say to each other, under ``/radloop``.

========================================  =====================================================
``GET    /radloop/cases?study=UID``       `Cases`: the short-axis cines of a study, and what is no cine
``GET    /radloop/cases``                 `EveryCase`: every image of the datastore and how far it is, and what is none
``POST   /radloop/analyse?image=ID``      `Analysis`: the model's contours and what follows from them
``POST   /radloop/measure?image=ID``      `Contours` → `Measurements`: figures of contours in the panel
``GET    /radloop/labels?image=ID``       ``list[SubmittedLabel]``, newest first
``GET    /radloop/label?image=ID&id=…``   `OpenedLabel`: an earlier label, its planes and figures
``PUT    /radloop/labels?image=ID``       `Submission` → `SubmittedLabel`: acknowledged once it is kept
``GET    /radloop/draft?image=ID``        `Draft`, or null
``PUT    /radloop/draft?image=ID``        `Draft` → `DraftKept`; 409 when another window has saved since
``DELETE /radloop/draft?image=ID``        forgets it
``POST   /radloop/export?image=ID``       `Contours` → `Exported`: SEG and SR put into the archive
========================================  =====================================================

A refusal is answered with a status of the 400s and ``detail``, one sentence for people. Frames and slices count
from 1, slices in the order of the cine. Voxel counts are the only figures that the panel makes by itself; everything
else is the server's.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from radloop.answers.heart import Measurements
from radloop.answers.service import LabelDetail

Planes = Annotated[
    str,
    Field(description="base64 of the gzip of uint8 labels [frame, slice, row, column], as the pictures lie in DICOM"),
]
Places = Annotated[
    dict[int, Literal["all"] | list[int]],
    Field(description="frame → its slices; a frame that is missing has none"),
]
State = Literal["new", "analysed", "reviewed", "submitted"]


class _Word(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, protected_namespaces=())


class Plane(_Word):
    """Where one slice of one frame is found in the archive."""

    series: str
    instance: str
    frame: int = Field(description="from 1, within a multi-frame instance; 1 in any other")


class SubmittedLabel(_Word):
    """A label that a person submitted; only its reviewed places are truth."""

    id: str
    author: str
    submitted: str = Field(description="ISO 8601, UTC")
    from_version: str | None = Field(description="the model version that the label began as")
    reviewed: Places
    assumed_reviewed: bool = Field(description="the client did not say, so that all is taken as reviewed")


class Case(_Word):
    """A short-axis cine of the study."""

    image: str
    description: str
    state: State
    frames: int
    slices: int
    rows: int
    columns: int
    voxel_ml: float | None = Field(description="volume of a voxel; null where the geometry is not known")
    times_ms: list[float] | None
    planes: list[Plane] = Field(description="frame by frame, in each the slices in the cine's order")
    labels: list[SubmittedLabel]
    draft: bool


class CaseState(_Word):
    """An image of the datastore, of any kind, and how far people are with it."""

    image: str
    state: State
    n_frames: int | None = Field(description="null where the file does not tell, or not yet")


class NoCine(_Word):
    """A series of the study that is not a short-axis cine, and why."""

    series: str
    description: str
    sentence: str


class EveryCase(_Word):
    cases: list[CaseState]
    others: list[NoCine] = Field(description="of each study in the archive that holds no image, its largest series")


class Cases(_Word):
    cases: list[Case]
    others: list[NoCine]
    segments: list[LabelDetail]
    research_use_only: Literal[True] = True


class Analysis(_Word):
    planes: Planes
    measurements: Measurements
    seconds: float = Field(description="time that the server took, the model's own included")


class Contours(_Word):
    """Contours as they are in the panel; planes that a person left out are empty in them."""

    planes: Planes
    from_version: str | None = None
    ed_frame: int | None = Field(None, description="set by hand; null: the frame of the largest LV volume")
    es_frame: int | None = Field(None, description="set by hand; null: the frame of the smallest LV volume")
    left_out: Places = {}
    edited: bool = Field(False, description="a person changed contours")


class Submission(_Word):
    planes: Planes
    author: str
    from_version: str | None
    reviewed: Places


class OpenedLabel(_Word):
    label: SubmittedLabel
    planes: Planes
    measurements: Measurements


class Draft(Contours):
    """Work that nobody has submitted. ``planes`` still hold what was left out."""

    label: str | None = Field(None, description="the earlier label that the work began from")
    reviewed: Places = {}
    author: str = ""
    number: int = Field(0, description="counts the savings; a PUT names the number that it follows")


class DraftKept(_Word):
    number: int


class Exported(_Word):
    """Series that were written into the archive."""

    seg_series: str
    sr_series: str
    sentence: str
