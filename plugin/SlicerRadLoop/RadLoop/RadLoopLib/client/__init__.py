"""The server, as the module needs it: HTTP in a thread of its own, with progress, cancelling and plain sentences.

Standard library only (and the readers of ``exam`` and ``film``): nothing has to be installed into Slicer's Python, and
nothing here may touch a node or a widget, which belong to the main thread.
"""

from .exchange import TAG, Analysis, EarlierLabel, analyse_cine, analyse_image, fetch_cine, open_label, submit
from .faults import Cancelled, Fault, NotReached, Refused, Strange
from .films import OpenedFilm, Reading, classify_film, classify_image, open_film, submit_class
from .job import Job, Ticket
from .server import CHEST, HEART, CaseRow, Server, address

__all__ = [
    "Analysis",
    "CHEST",
    "Cancelled",
    "CaseRow",
    "EarlierLabel",
    "Fault",
    "HEART",
    "Job",
    "NotReached",
    "OpenedFilm",
    "Reading",
    "Refused",
    "Server",
    "Strange",
    "TAG",
    "Ticket",
    "address",
    "analyse_cine",
    "analyse_image",
    "classify_film",
    "classify_image",
    "fetch_cine",
    "open_film",
    "open_label",
    "submit",
    "submit_class",
]
