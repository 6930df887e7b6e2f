"""Stored objects turned into what DICOMweb sends: headers as JSON, frames as bytes, files whole."""

import io
from functools import lru_cache
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import get_frame
from pydicom.uid import UID, ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from radloop.dicom.files import UNREADABLE
from radloop.dicom.web.offer import Frames, Json
from radloop.refusal import Refusal

_LARGE = 1024
"""Binary values above this (bytes) are left out of headers: palettes stay, pixels and overlays go."""

_BINARY = {"OB", "OD", "OF", "OL", "OV", "OW", "UN"}
_SYNTAXES = "00083002"  # Available Transfer Syntax UID


@lru_cache(maxsize=2048)
def header_json(path: Path, stamp: tuple[int, int]) -> Json:
    """The header of a file in the JSON model; ``stamp`` tells that a file has changed."""
    header = pydicom.dcmread(path, stop_before_pixels=True, force=True)
    syntax = _syntax(header)
    _lighten(header)
    json = header.to_json_dict(suppress_invalid_tags=True)
    json[_SYNTAXES] = {"vr": "UI", "Value": [str(syntax)]}
    return json


def _lighten(dataset: Dataset) -> None:
    """Take group lengths and large binary values out, at every depth."""
    for tag in list(dataset.keys()):
        if tag.element == 0:
            del dataset[tag]
            continue
        element = dataset[tag]
        if element.VR == "SQ":
            for item in element.value:
                _lighten(item)
        elif element.VR in _BINARY and element.value is not None and len(element.value) > _LARGE:
            del dataset[tag]


@lru_cache(maxsize=8)
def _opened(path: Path, stamp: tuple[int, int]) -> Dataset:
    return pydicom.dcmread(path, force=True)


def frames_of(path: Path, stamp: tuple[int, int], numbers: list[int]) -> Frames:
    """Frames (from 1) as they are stored. Refuses where there is no such frame, or no pixels."""
    dataset = _opened(path, stamp)
    syntax = _syntax(dataset)
    count = int(dataset.get("NumberOfFrames") or 1)
    pixels = dataset.get("PixelData")
    if not isinstance(pixels, bytes) or not all(1 <= n <= count for n in numbers):
        wrong = next((n for n in numbers if not 1 <= n <= count), numbers[0])
        raise Refusal("NO_FRAME", f"{path.name} has no frame {wrong}.", http_status=404)
    try:
        if syntax.is_encapsulated:
            return Frames(str(syntax), [get_frame(pixels, n - 1, number_of_frames=count) for n in numbers])
        bits = dataset.Rows * dataset.Columns * dataset.SamplesPerPixel * dataset.BitsAllocated
        raw = [_native(pixels, (n - 1) * bits, bits) for n in numbers]
    except UNREADABLE as fault:
        raise Refusal("DAMAGED", f"{path.name} is damaged: its frames cannot be read.") from fault
    if any(len(one) < (bits + 7) // 8 for one in raw):
        raise Refusal("DAMAGED", f"{path.name} is cut short: it ends before the frame.")
    # What was deflated, or implicit, is plain little endian by now.
    return Frames(str(syntax if syntax == ExplicitVRBigEndian else ExplicitVRLittleEndian), raw)


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
    meta.TransferSyntaxUID = ExplicitVRLittleEndian if not dataset.original_encoding[0] else ImplicitVRLittleEndian
    dataset.file_meta = meta
    whole = io.BytesIO()
    pydicom.dcmwrite(whole, dataset, enforce_file_format=True)
    return whole.getvalue()


def _syntax(dataset: Dataset) -> UID:
    return UID(str(dataset.file_meta.get("TransferSyntaxUID") or ImplicitVRLittleEndian))
