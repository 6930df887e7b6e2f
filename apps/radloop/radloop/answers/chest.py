"""What is said about a chest film: the JSON part of ``/infer`` of a classifier, and what a person says instead."""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from radloop.answers.heart import Warning


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, protected_namespaces=())


class Classification(_Answer):
    """How probable each class is, or why nothing is said. Who shows it shows no class where ``abstained``."""

    image: str
    model: str
    model_version: str
    classes: list[str]
    prediction: dict[str, float] = Field(description="class to probability, sum 1; empty when abstained")
    label: str | None = Field(description="by the operating threshold; null when abstained")
    abstained: bool
    reason: str = Field(description="why nothing is said, one sentence; empty when something is")
    positive: str | None = Field(description="the class that the threshold is for; null with more than two classes")
    threshold: float | None = Field(description="label is the positive class from this probability on")
    prior: float | None = Field(description="share of the positive class that the probabilities are calibrated for")
    heat_map: bool = Field(description="the image part shows what counted; false: it is all zero")
    warnings: list[Warning]
    research_use_only: Literal[True] = True

    @model_validator(mode="after")
    def _nothing_is_said_when_abstained(self) -> Self:
        if self.abstained and (self.prediction or self.label or not self.reason):
            raise ValueError("an abstention has a reason, and neither class nor probabilities")
        return self


class ClassLabel(BaseModel):
    """A label of a film as a person submits it: a JSON file with the name of a class."""

    model_config = ConfigDict(extra="ignore")

    label: str = Field(min_length=1, max_length=128)
