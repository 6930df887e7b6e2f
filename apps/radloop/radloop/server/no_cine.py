"""A study without a short-axis cine that is its own: what each of its series is, or why it is none."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from radloop.answers.panel import NoCine
from radloop.refusal import Refusal

if TYPE_CHECKING:
    from radloop.dicom import DicomCine
    from radloop.dicom.web import Offer

_COUNT = "00201209"
"""The number of a series' objects, in searches."""


def each_series(archive: "Offer", study: str) -> "Iterator[DicomCine | NoCine]":
    """The cine that a series makes by itself, or why it makes none in the archive's words.

    The largest first: it is the one that was meant.
    """
    rows = archive.search("series", [("includefield", _COUNT)], study)
    for row in sorted(rows, key=lambda row: -int(_first(row, _COUNT) or 0)):
        uid, description = (_first(row, tag) for tag in ("0020000E", "0008103E"))
        try:
            yield archive.find_cine(uid)
        except Refusal as refusal:
            if refusal.http_status >= 500:
                raise
            yield NoCine(series=uid, description=description, sentence=refusal.sentence)


def _first(row: dict[str, Any], tag: str) -> str:
    return str((row.get(tag, {}).get("Value") or [""])[0])
