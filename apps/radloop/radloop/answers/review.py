"""What a person says about a submitted label: who drew it, from which version, and what they looked at."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

_FromOne = Annotated[int, Field(ge=1)]
_FrameName = Annotated[str, Field(pattern=r"^[1-9][0-9]{0,5}$", description="a frame, counting from 1")]


class Review(BaseModel):
    """The part of a label's info that says which of its voxels are truth.

    ``reviewed`` takes a frame (from 1, as text: JSON keys are text) to the slices looked at there (from 1),
    or to "all". Empty: nobody looked. Missing or null: every slice of every frame is taken as reviewed, and
    ``assumed_reviewed`` says that this was assumed (MONAI Label's own clients send nothing).
    """

    model_config = ConfigDict(extra="forbid", protected_namespaces=())

    author: str | None = None
    from_version: str | None = Field(None, description="model version that was corrected; null: drawn anew")
    reviewed: dict[_FrameName, Literal["all"] | list[_FromOne]] | None = None
    assumed_reviewed: bool = False

    @model_validator(mode="after")
    def _missing_is_assumed(self) -> Self:
        if self.reviewed is None:
            self.assumed_reviewed = True
        return self

    def covers(self, frame: int, slice_: int) -> bool:
        """Whether slice ``slice_`` of frame ``frame`` (both from 1) was looked at."""
        if self.reviewed is None:
            return True
        slices = self.reviewed.get(str(frame), [])
        return slices == "all" or slice_ in slices
