"""The server, as the module needs it: HTTP in a thread of its own, with progress, cancelling and plain sentences.

Standard library only (and the readers of ``exam``): nothing has to be installed into Slicer's Python, and nothing
here may touch a node or a widget, which belong to the main thread.
"""

from .exchange import TAG, Analysis, EarlierLabel, analyse_cine, analyse_image, fetch_cine, open_label, submit
from .faults import Cancelled, Fault, NotReached, Refused, Strange
from .job import Job, Ticket
from .server import MODEL, CaseRow, Server, address

__all__ = [
    "Analysis",
    "Cancelled",
    "CaseRow",
    "EarlierLabel",
    "Fault",
    "Job",
    "MODEL",
    "NotReached",
    "Refused",
    "Server",
    "Strange",
    "TAG",
    "Ticket",
    "address",
    "analyse_cine",
    "analyse_image",
    "fetch_cine",
    "open_label",
    "submit",
]
