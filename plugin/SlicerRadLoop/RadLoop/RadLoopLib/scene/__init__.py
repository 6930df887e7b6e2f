"""The exam as nodes of a Slicer scene: needs Slicer's core (``import slicer``), no Qt and no application.

A cine is a sequence of volumes; its labels are a sequence of segmentations in step with it, always with the segments
RV, MYO and LV. A browser shows one frame of both; beside it stand the table, the volume-time plot and a text node
that keeps the exact figures, the review and what the server must know.

A film is a volume of one slice; its heat map is another on the same pixels, and a text node keeps the rest.
"""

from .cine import add_browser, add_cine, browsers_of, cine_of, is_cine
from .film_volume import add_film, film_of
from .place import slice_shown
from .shown_exam import ShownExam, has_exam, show_only
from .shown_film import ShownFilm, films_in

__all__ = [
    "ShownExam",
    "ShownFilm",
    "add_browser",
    "add_cine",
    "add_film",
    "browsers_of",
    "cine_of",
    "film_of",
    "films_in",
    "has_exam",
    "is_cine",
    "show_only",
    "slice_shown",
]
