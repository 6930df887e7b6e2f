"""Stored objects turned into what DICOMweb sends: headers as JSON, frames as bytes, files whole."""

import io
import threading
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import get_frame
from pydicom.uid import UID, ExplicitVRBigEndian, ExplicitVRLittleEndian

from radloop.dicom.files import UNREADABLE, transfer_syntax
from radloop.dicom.web.offer import Frames, Json
from radloop.refusal import Refusal

_LARGE = 1024
"""Binary values above this (bytes) are left out of headers: palettes stay, pixels and overlays go."""

_BINARY = {"OB", "OD", "OF", "OL", "OV", "OW", "UN"}
_opening = threading.Lock()
"""A viewer asks for many frames of one object at once: the file is read by the first."""

_SYNTAXES = "00083002"  # Available Transfer Syntax UID


@lru_cache(maxsize=2048)
def header_json(path: Path, stamp: tuple[int, int]) -> Json:
    """The header of a file in the JSON model; ``stamp`` tells that a file has changed."""
    header = pydicom.dcmread(path, stop_before_pixels=True, force=True)
    syntax = transfer_syntax(header)
    _lighten(header)
    json = header.to_json_dict(suppress_invalid_tags=True)
    json[_SYNTAXES] = {"vr": "UI", "Value": [str(syntax)]}
    return json


def _lighten(dataset: Dataset) -> None:
    """Take group lengths, damaged values and large binary ones out, at every depth."""
    for tag in list(dataset.keys()):
        try:
            element = dataset[tag]
            if element.VR == "SQ":
                for item in element.value:
                    _lighten(item)
            large = element.VR in _BINARY and element.value is not None and len(element.value) > _LARGE
        except UNREADABLE:
            large = True
        if large or tag.element == 0:
            del dataset[tag]


@dataclass(frozen=True)
class _Pixels:
    syntax: UID
    encapsulated: bool
    count: int
    bits: int
    stored: bytes


@lru_cache(maxsize=4)
def _pixels(path: Path, stamp: tuple[int, int]) -> _Pixels:
    try:
        dataset = pydicom.dcmread(path, force=True)
        stored = dataset.get("PixelData") or b""
        bits = dataset.Rows * dataset.Columns * dataset.SamplesPerPixel * dataset.BitsAllocated if stored else 0
        syntax = transfer_syntax(dataset)
        return _Pixels(syntax, syntax.is_encapsulated, int(dataset.get("NumberOfFrames") or 1), bits, bytes(stored))
    except UNREADABLE as fault:
        raise Refusal("DAMAGED", f"{path.name} is damaged: its frames cannot be read.") from fault


def frames_of(path: Path, stamp: tuple[int, int], numbers: list[int]) -> Frames:
    """Frames (from 1) as they are stored. Refuses where there is no such frame, or no pixels."""
    with _opening:
        pixels = _pixels(path, stamp)
    wrong = [n for n in numbers if not 1 <= n <= pixels.count]
    if wrong or not pixels.stored:
        raise Refusal("NO_FRAME", f"{path.name} has no frame {(wrong or numbers)[0]}.", http_status=404)
    if pixels.encapsulated:
        try:
            found = [get_frame(pixels.stored, n - 1, number_of_frames=pixels.count) for n in numbers]
        except UNREADABLE as fault:
            raise Refusal("DAMAGED", f"{path.name} is damaged: its frames cannot be read.") from fault
        return Frames(str(pixels.syntax), found)
    found = [_native(pixels.stored, (n - 1) * pixels.bits, pixels.bits) for n in numbers]
    # What was deflated, or implicit, is plain little endian by now.
    syntax = pixels.syntax if pixels.syntax == ExplicitVRBigEndian else ExplicitVRLittleEndian
    if len(pixels.stored) * 8 < max(numbers) * pixels.bits:
        raise Refusal("DAMAGED", f"{path.name} is cut short: it ends before the frame.")
    return Frames(str(syntax), found)


def _native(pixels: bytes, start: int, bits: int) -> bytes:
    """``bits`` bits from bit ``start``; frames of one bit a pixel need not begin on a whole byte."""
    first, shift = divmod(start, 8)
    end = (start + bits + 7) // 8
    if not shift and not bits % 8:
        return pixels[first:end]
    number = int.from_bytes(pixels[first:end], "little") >> shift
    return (number & ((1 << bits) - 1)).to_bytes((bits + 7) // 8, "little")


def file_of(path: Path) -> bytes:
    """A whole object as a file with preamble; written anew where the file has none."""
    content = path.read_bytes()
    if content[128:132] == b"DICM":
        return content
    dataset = pydicom.dcmread(io.BytesIO(content), force=True)
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = dataset.SOPClassUID, dataset.SOPInstanceUID
    meta.TransferSyntaxUID = transfer_syntax(dataset)
    dataset.file_meta = meta
    whole = io.BytesIO()
    pydicom.dcmwrite(whole, dataset, enforce_file_format=True)
    return whole.getvalue()
