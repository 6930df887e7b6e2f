"""What the panel *Chest X-ray* in OHIF and the server say to each other, under ``/radloop``.

========================================  =====================================================
``GET  /radloop/films?study=UID``         `Films`: the radiographs of a study and what people said of them
``POST /radloop/classify?image=ID``       `FilmReading`: the model's answer, and where it saw the evidence
========================================  =====================================================

A person's own class is sent as any client sends it: a JSON label to ``PUT /datastore/label``.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from radloop.answers.chest import Classification


class _Word(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, protected_namespaces=())


class SubmittedClass(_Word):
    """A class that a person gave a film."""

    id: str
    label: str
    author: str
    submitted: str = Field(description="ISO 8601, UTC")
    from_version: str | None = Field(description="the model version whose answer the person had seen")


class Film(_Word):
    """A radiograph of the study."""

    image: str = Field(description="the UID of its object")
    series: str
    description: str
    view: str = Field(description="as the header has it, such as PA; empty where it does not say")
    lateral: bool = Field(description="the header says that it is no frontal film")
    state: Literal["new", "analysed", "submitted"]
    labels: list[SubmittedClass] = Field(description="newest first")


class Films(_Word):
    films: list[Film] = Field(description="frontal ones first, otherwise as the study has them")
    classes: list[str] = Field(description="those of the model that answers")
    research_use_only: Literal[True] = True


class Evidence(_Word):
    """A heat map, made small: it covers the whole film evenly."""

    pixels: Annotated[str, Field(description="base64 of the gzip of uint8 [row, column], 0 nothing to 255 most")]
    rows: int
    columns: int


class FilmReading(_Word):
    answer: Classification
    evidence: Evidence | None = Field(description="null where the model says nothing")
