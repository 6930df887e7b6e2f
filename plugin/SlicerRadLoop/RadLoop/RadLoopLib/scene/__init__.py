"""The exam as nodes of a Slicer scene: needs Slicer's core (``import slicer``), no Qt and no application.

A cine is a sequence of volumes; its labels are a sequence of segmentations in step with it, always with the segments
RV, MYO and LV. A browser shows one frame of both; beside it stand the table, the volume-time plot and a text node
that keeps the exact figures, the review and what the server must know.
"""

from .cine import add_browser, add_cine, browsers_of, cine_of, is_cine
from .place import slice_shown
from .shown_exam import ShownExam, has_exam, show_only

__all__ = [
    "ShownExam",
    "add_browser",
    "add_cine",
    "browsers_of",
    "cine_of",
    "has_exam",
    "is_cine",
    "show_only",
    "slice_shown",
]
