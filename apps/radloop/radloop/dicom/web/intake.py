"""Objects that arrive (STOW-RS): examined first, then kept, all or none."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pydicom

from radloop.dicom.files import UNREADABLE
from radloop.dicom.plane import text
from radloop.dicom.web.offer import Stored, is_uid
from radloop.images import replace_whole

CANNOT_UNDERSTAND, NOT_OF_CLASS, DUPLICATE, OTHER_STUDY = 0xC000, 0xA900, 0x0111, 0xC409
"""Reasons of failure (PS3.18, table I.2-1; the last one of our own, in the range for faults)."""


@dataclass(frozen=True)
class Arrival:
    """An object that was sent: its UIDs as far as it has any, and why it cannot be kept."""

    content: bytes
    sop_class: str = ""
    study: str = ""
    series: str = ""
    instance: str = ""
    reason: int = 0
    sentence: str = ""
    known: bool = False


def examine(content: bytes, study: str | None, held: Mapping[str, Path]) -> Arrival:
    """Read an object to its end; ``held`` are the files of the objects that are here already."""
    try:
        if content[128:132] != b"DICM":
            raise ValueError("no preamble")
        dataset = pydicom.dcmread(io.BytesIO(content))
        syntax = dataset.file_meta.TransferSyntaxUID
        missing = bytes(dataset.get("PixelData") or b"") == b"" and "PixelData" in dataset
        if not missing and "PixelData" in dataset and not syntax.is_encapsulated:
            bits = dataset.Rows * dataset.Columns * dataset.SamplesPerPixel * dataset.BitsAllocated
            missing = bits == 0 or len(dataset.PixelData) * 8 < bits * int(dataset.get("NumberOfFrames") or 1)
        for _ in dataset.iterall():  # values are read when they are asked for
            pass
    except UNREADABLE:
        return Arrival(content, reason=CANNOT_UNDERSTAND, sentence="An object is damaged or no DICOM.")
    arrival = Arrival(
        content,
        sop_class=text(dataset, "SOPClassUID"),
        study=text(dataset, "StudyInstanceUID"),
        series=text(dataset, "SeriesInstanceUID"),
        instance=text(dataset, "SOPInstanceUID"),
    )
    uids = (arrival.sop_class, arrival.study, arrival.series, arrival.instance)
    name = arrival.instance[:64] or "without a UID"
    if not all(map(is_uid, uids)):
        return _refused(arrival, NOT_OF_CLASS, f"The object {name} has no valid UIDs.")
    if missing:
        return _refused(arrival, CANNOT_UNDERSTAND, f"The object {name} is cut short: pixels are missing.")
    if study is not None and arrival.study != study:
        return _refused(arrival, OTHER_STUDY, f"The object {name} is not of the study {study}.")
    if arrival.instance in held:
        if held[arrival.instance].read_bytes() != content:
            return _refused(arrival, DUPLICATE, f"There is another object {name} already; it is not overwritten.")
        return replace(arrival, known=True)
    return arrival


def write_all(folder: Path, arrivals: Sequence[Arrival]) -> Stored:
    """Keep every object, or none where one cannot be kept."""
    stored = Stored()
    refused = [a for a in arrivals if a.reason]
    if refused:
        stored.refused.extend((a.sop_class, a.instance, a.reason) for a in refused)
        stored.sentences.extend(a.sentence for a in refused)
        return stored
    for a in arrivals:
        if not a.known:
            with replace_whole(folder / a.study / a.series / f"{a.instance}.dcm") as temporary:
                temporary.write_bytes(a.content)
        url = f"studies/{a.study}/series/{a.series}/instances/{a.instance}"
        stored.kept.append((a.sop_class, a.instance, url))
    return stored


def _refused(arrival: Arrival, reason: int, sentence: str) -> Arrival:
    return replace(arrival, content=b"", reason=reason, sentence=sentence)
