"""One radiograph as DICOM: CR, DX, Secondary Capture, or whatever else holds one grey picture."""

import warnings
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_color_lut, apply_modality_lut, apply_voi_lut
from pydicom.pixels.utils import pixel_array
from pydicom.uid import JPEGBaseline8Bit

from radloop.dicom.files import UNREADABLE, looks_like_dicom, transfer_syntax
from radloop.dicom.pixels import decodes
from radloop.dicom.plane import number, numbers, readable, text, whole
from radloop.images import Radiograph, Remark, read_radiograph
from radloop.images.radiograph import check_size, checked_pixels, grey
from radloop.refusal import Refusal

# No projection of a chest is ever of these (PS3.3, C.7.3.1.1.1).
OTHER_MODALITIES = {
    "CT": "a CT slice", "MR": "an MR slice", "US": "an ultrasound picture", "PT": "a PET slice", "NM": "a nuclear scan",
    "MG": "a mammogram", "IVUS": "an ultrasound picture", "OCT": "an optical scan", "OP": "a photograph of an eye",
    "ES": "an endoscopic picture", "GM": "a microscopic picture", "SM": "a microscopic picture",
    "XC": "a photograph", "SEG": "a segmentation", "ECG": "an electrocardiogram", "IO": "a picture of teeth",
    "PX": "a picture of teeth",
}  # fmt: skip
LATERAL = {"LL", "RL", "LATERAL", "LAT", "LLD", "RLD"}
"""View positions (PS3.3, C.8.7.1.1.2) that are not frontal."""

_LISTENING = Lock()
"""Warnings go to whoever listened last: of films that are read side by side one would get those of another."""


def read_film(path: Path) -> Radiograph:
    """A radiograph from a DICOM file, or from any other that ``images.read_radiograph`` knows. Raises Refusal."""
    if not path.is_file() or not looks_like_dicom(path):
        return read_radiograph(path)
    try:
        with _LISTENING, warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            dataset = pydicom.dcmread(path, force=True)
    except UNREADABLE as fault:
        raise Refusal("DAMAGED", f"{path.name}: is damaged or cut short.") from fault
    # Of compressed pixels that end too early pydicom only warns, and leaves them out.
    if any("End of file" in str(one.message) for one in said):
        raise Refusal("DAMAGED", f"{path.name}: is damaged or cut short.")
    return film_of(dataset, path.name)


def film_of(dataset: Dataset, name: str) -> Radiograph:
    """The picture of an object as a reader sees it (PS3.4, N.2): rescaled, windowed, and bright where it is dense.

    Raises Refusal: NO_PIXELS, SEVERAL_FRAMES, COLOUR, CANNOT_DECODE, DAMAGED, TOO_SMALL, TOO_LARGE, CONSTANT.
    """
    if not any(keyword in dataset for keyword in ("PixelData", "FloatPixelData", "DoubleFloatPixelData")):
        modality = text(dataset, "Modality")
        what = modality if modality.isalnum() and len(modality) <= 16 else "an object"
        raise Refusal("NO_PIXELS", f"{name}: is {what} without pixels; a radiograph is needed.")
    frames = whole(dataset, "NumberOfFrames", 1)
    if frames > 1:
        raise Refusal("SEVERAL_FRAMES", f"{name}: holds {frames} frames; a radiograph is one picture.")
    check_size(name, whole(dataset, "Columns"), whole(dataset, "Rows"))
    stored = _stored(dataset, name)
    remarks: tuple[Remark, ...] = ()
    inverted = False
    if stored.ndim == 3:
        shown = grey(name, stored)
    else:
        shown, remarks = _windowed(dataset, stored)
        if text(dataset, "PhotometricInterpretation") == "MONOCHROME1":
            inverted = True
            shown = shown.max() + shown.min() - shown
        shown = _without_padding(dataset, stored, shown)
    spacing = _spacing_mm(dataset)
    x, y = spacing or (1.0, 1.0)
    return Radiograph(
        checked_pixels(name, shown.T),
        spacing,
        np.diag([-x, -y, 1.0, 1.0]),
        inverted=inverted,
        no_chest_film=_what_else(dataset),
        remarks=remarks,
    )


def _stored(dataset: Dataset, name: str) -> NDArray[Any]:
    """Stored values (rows, columns), or (rows, columns, 3) of a colour object."""
    try:
        dataset.file_meta.TransferSyntaxUID = syntax = transfer_syntax(dataset)
        if syntax.is_encapsulated and not decodes(syntax):
            raise Refusal("CANNOT_DECODE", f"{name}: is compressed as {syntax.name}, which nothing here decodes.")
        # Pillow takes a third of gdcm's time for the kind of compression that it and browsers know best.
        plugin = "pillow" if syntax == JPEGBaseline8Bit else ""
        stored: NDArray[Any] = pixel_array(dataset, decoding_plugin=plugin)  # YCbCr comes as RGB
        if text(dataset, "PhotometricInterpretation") == "PALETTE COLOR":
            return np.asarray(apply_color_lut(stored, dataset))
    except (*UNREADABLE, RuntimeError) as fault:
        if "does not support" in str(fault):  # as 12 bits in JPEG
            sentence = f"{name}: is compressed as {syntax.name} in a form which nothing here decodes."
            raise Refusal("CANNOT_DECODE", sentence) from fault
        raise Refusal("DAMAGED", f"{name}: is damaged or cut short: its pixels cannot be read.") from fault
    if stored.ndim == 2 and not syntax.is_encapsulated:
        stored = _own_bits(dataset, stored)
    return stored


def _own_bits(dataset: Dataset, stored: NDArray[Any]) -> NDArray[Any]:
    """Without what old objects keep in the bits beside a value, such as overlays (PS3.5, 8.1.1)."""
    allocated, bits = whole(dataset, "BitsAllocated"), whole(dataset, "BitsStored")
    high = whole(dataset, "HighBit", bits - 1)
    if stored.dtype.kind not in "iu" or not 0 < bits < allocated or not bits - 1 <= high < allocated:
        return stored
    # Shifted up and down again, so that a sign comes along.
    return (stored << (allocated - 1 - high)) >> (allocated - bits)


def _windowed(dataset: Dataset, stored: NDArray[Any]) -> tuple[NDArray[Any], tuple[Remark, ...]]:
    """Modality LUT or rescale, then VOI LUT or window; one that cannot be used, or hides everything, is passed over."""
    try:
        rescaled = np.asarray(apply_modality_lut(stored, dataset))
    except UNREADABLE:
        rescaled = stored
    try:
        shown = np.asarray(apply_voi_lut(rescaled, dataset))
        if np.ptp(shown) > 0 or np.ptp(rescaled) == 0:
            return shown.astype(np.float32), ()
    except UNREADABLE:
        pass
    text = "The window in the header cannot be used; the whole range of grey values was taken."
    return rescaled.astype(np.float32), (Remark("WINDOW_IGNORED", text),)


def _without_padding(dataset: Dataset, stored: NDArray[Any], shown: NDArray[Any]) -> NDArray[Any]:
    """Pixels that stand for nothing (PS3.3, C.7.5.1.1.2), as dark as the darkest of the others."""
    value = number(dataset, "PixelPaddingValue")
    if value is None:
        return shown
    other = number(dataset, "PixelPaddingRangeLimit")
    low, high = sorted((value, value if other is None else other))
    nothing = (stored >= low) & (stored <= high)
    if not nothing.any() or nothing.all():
        return shown
    return np.where(nothing, shown[~nothing].min(), shown)


def _spacing_mm(dataset: Dataset) -> tuple[float, float] | None:
    """Between columns, then between rows: calibrated to the patient, else at the detector."""
    for keyword in ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing"):
        found = numbers(dataset, keyword, 2)
        if found and min(found) > 0:
            return found[1], found[0]
    return None


def _what_else(dataset: Dataset) -> str:
    """What the header says that this is, where it is no frontal film."""
    modality = text(dataset, "Modality")
    if modality in OTHER_MODALITIES:
        return f"The header says that this is {OTHER_MODALITIES[modality]}, not a radiograph of the chest."
    view = readable(dataset, "ViewPosition")
    if str(view or "").strip().upper() in LATERAL:
        return "The header says that this is a lateral view; only frontal films are read."
    return ""
