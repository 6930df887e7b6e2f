"""What is known about one exam beside its pictures, as it is kept in a scene and in a saved scene."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from .labels import label_info
from .review import Review
from .volumes import figures_of


@dataclass
class Exam:
    """One label map of one cine.

    image : id on the server; None while the cine is known to the scene only.
    server : the address that answered.
    measurements : what the server said of the label as received, unchanged.
    label_tag : the submitted label that was opened, or None for the model's own answer.
    ijk_to_ras : (4, 4) of the grid that the server knows; a scene that was saved and read again may have turned the
        slices of the pictures around, never those of the labels.
    counts : voxels of each structure, one dictionary a frame, as they are now.
    sent : what was acknowledged last, to know whether there is anything to lose.
    """

    image: str | None
    server: str
    measurements: dict[str, Any]
    label_tag: str | None
    from_version: str | None
    ijk_to_ras: list[list[float]]
    review: Review
    counts: list[dict[str, int]] = field(default_factory=list)
    sent: dict[str, Any] | None = None

    @property
    def figures(self) -> dict[str, Any]:
        """The figures as they are now: the server's, or counted again when a person has changed voxels."""
        return self.corrected or self.measurements

    @property
    def corrected(self) -> dict[str, Any] | None:
        if not self.review.any_edited:
            return None
        return figures_of(self.counts, self.measurements.get("spacing_mm"))

    @property
    def times_ms(self) -> list[float] | None:
        return self.measurements.get("times_ms")

    def key_frames(self) -> tuple[int | None, int | None]:
        """Index of ED and ES, as they are now."""
        ed, es = (self.figures.get(key) for key in ("ed_frame", "es_frame"))
        return (None if ed is None else ed - 1), (None if es is None else es - 1)

    def submission(self, author: str) -> dict[str, Any]:
        """The words that go with the label file."""
        return {
            "label_info": label_info(),
            "author": author,
            "from_version": self.from_version,
            "reviewed": self.review.as_submitted(),
            "assumed_reviewed": False,
        }

    def state(self) -> dict[str, Any]:
        """What a submission would carry of a person's work; kept in ``sent`` once the server has acknowledged it."""
        return {"reviewed": self.review.as_submitted(), "voxels": list(self.review.now)}

    @property
    def unsent(self) -> bool:
        """A person has marked or changed something that the server has not acknowledged."""
        return self.state() != self.sent

    def to_text(self) -> str:
        return json.dumps({"radloop_exam": 1, **vars(self), "review": self.review.to_json()})

    @classmethod
    def from_text(cls, text: str) -> Exam:
        data = json.loads(text)
        data.pop("radloop_exam")
        return cls(**{**data, "review": Review.from_json(data["review"])})
