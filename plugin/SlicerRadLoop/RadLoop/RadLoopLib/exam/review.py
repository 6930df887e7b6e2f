"""Which slices of which frames a person has looked at.

A corrected label is mostly prediction that nobody looked at, so a submitted label says what was reviewed. Nothing is
reviewed until a person acts: by a mark, or by changing a voxel of a slice.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from typing import Any

from .cine import Array

Fingerprints = list[list[int]]


def fingerprints(frame: Array) -> list[int]:
    """A checksum a slice of one frame ``(k, j, i)``, by which a change is known without keeping the voxels."""
    return [zlib.crc32(plane.tobytes()) for plane in frame]


class Review:
    """Reviewed slices by frame: those that were marked, and those whose voxels differ from what was received."""

    def __init__(self, received: Fingerprints) -> None:
        self.received = received
        self.now = list(received)
        self.n_frames = len(received)
        self.n_slices = len(received[0]) if received else 0
        self._marked: list[set[int]] = [set() for _ in received]

    def mark(self, frame_indices: Iterable[int], slice_index: int | None = None) -> None:
        """Mark whole frames, or one slice of each."""
        for t in frame_indices:
            self._marked[t].update(range(self.n_slices) if slice_index is None else [slice_index])

    def unmark(self, frame_index: int) -> None:
        """Take back the marks of a frame; slices that were changed stay reviewed."""
        self._marked[frame_index].clear()

    def note(self, frame_index: int, now: list[int]) -> None:
        """What a frame's voxels are now, as fingerprints: slices that differ from what was received are edited."""
        self.now[frame_index] = now

    def edited(self, frame_index: int) -> set[int]:
        pairs = zip(self.received[frame_index], self.now[frame_index], strict=True)
        return {k for k, (received, now) in enumerate(pairs) if received != now}

    def reviewed(self, frame_index: int) -> set[int]:
        return self._marked[frame_index] | self.edited(frame_index)

    @property
    def any_edited(self) -> bool:
        return self.now != self.received

    @property
    def any_reviewed(self) -> bool:
        return any(self.reviewed(t) for t in range(self.n_frames))

    def as_submitted(self) -> dict[str, Any]:
        """``{"1": "all", "12": [3, 4]}``: frame to slices, both from 1; empty when nobody looked."""
        return {
            str(t + 1): "all" if len(slices) == self.n_slices else [k + 1 for k in sorted(slices)]
            for t in range(self.n_frames)
            if (slices := self.reviewed(t))
        }

    def mark_as_submitted(self, reviewed: dict[str, Any]) -> None:
        """The marks of a label that was submitted earlier. Frames or slices that the exam has not are left out."""
        for frame, slices in reviewed.items():
            t = int(frame) - 1
            if not 0 <= t < self.n_frames:
                continue
            wanted = range(self.n_slices) if slices == "all" else [int(k) - 1 for k in slices]
            self._marked[t].update(k for k in wanted if 0 <= k < self.n_slices)

    def to_json(self) -> dict[str, Any]:
        return {"received": self.received, "now": self.now, "marked": [sorted(s) for s in self._marked]}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Review:
        review = cls(data["received"])
        review.now = data["now"]
        review._marked = [set(s) for s in data["marked"]]
        return review
