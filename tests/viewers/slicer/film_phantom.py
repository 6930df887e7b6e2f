"""Films with known answers, for a classifier that goes by brightness and refuses what is brighter on the right.

Its heat map is the film itself, from 0 to 1: what lies over a film can be compared with it pixel by pixel.
"""

import struct

import numpy as np
from PIL import Image
from RadLoopLib.exam import Cine, write_cine

ROWS, COLUMNS = 60, 50
UID = "1.2.826.0.1.3680043.8.498.77.3"


def film(brightness, rows=ROWS, columns=COLUMNS):
    """(rows, columns) uint8: waves from top to bottom, brighter to the left, and a mark near the upper left corner."""
    y, x = np.mgrid[:rows, :columns]
    pixels = brightness + 25 * np.sin(y / 5) - 10 * x / columns
    pixels[4:9, 6:16] = 250
    return np.clip(pixels, 0, 255).astype(np.uint8)


def heat_of(pixels):
    """What the classifier's heat map of these pixels is."""
    pixels = pixels.astype(np.float32)
    return (pixels - pixels.min()) / np.ptp(pixels)


def oblique_film():
    """A NIfTI film that lies upright in the patient, with pixels that are not square: (1, 1, row, column)."""
    affine = np.array([[-0.4, 0.01, 0, 90], [0, 0.02, 1, -40], [0.01, -0.6, 0, 120], [0, 0, 0, 1]], np.float32)
    return Cine(film(70)[None, None].astype(np.int16), affine.astype(np.float64), None)


def write_films(folder):
    Image.fromarray(film(70)).save(folder / "dark.png")
    Image.fromarray(film(160)).convert("RGB").save(folder / "bright.png")  # grey that was kept in colour
    aside = np.concatenate([film(20)[:, : COLUMNS // 2], film(200)[:, COLUMNS // 2 :]], axis=1)
    Image.fromarray(aside).save(folder / "aside.png")
    exif = Image.Exif()
    exif[0x0112] = 6  # to be shown turned a quarter clockwise
    Image.fromarray(film(160)).save(folder / "turned.jpg", quality=95, exif=exif)
    colours = np.zeros((ROWS, COLUMNS, 3), np.uint8)
    colours[..., 0], colours[..., 2] = film(70), 255 - film(70)
    Image.fromarray(colours).save(folder / "colours.png")
    (folder / "upright.nii.gz").write_bytes(write_cine(oblique_film()))
    many = Cine(np.random.default_rng(0).integers(0, 99, (4, 3, 40, 40)).astype(np.int16), np.eye(4), None)
    (folder / "cine.nii.gz").write_bytes(write_cine(many))
    for name, photometric in (("film", "MONOCHROME2"), ("negative", "MONOCHROME1")):
        uid = UID if name == "film" else f"{UID}.1"
        (folder / f"{name}.dcm").write_bytes(dicom(film(160), uid, photometric))
    return folder


def dicom(pixels, uid, photometric):
    """A CR object in Explicit VR Little Endian, element by element (PS3.5, 7.1.2): there is no pydicom here."""
    group_two = (
        _element(2, 2, b"UI", b"1.2.840.10008.5.1.4.1.1.1")
        + _element(2, 3, b"UI", uid.encode())
        + _element(2, 0x10, b"UI", b"1.2.840.10008.1.2.1")
    )
    rows, columns = pixels.shape
    dataset = [
        (0x08, 0x16, b"UI", b"1.2.840.10008.5.1.4.1.1.1"),
        (0x08, 0x18, b"UI", uid.encode()),
        (0x08, 0x60, b"CS", b"CR"),
        (0x10, 0x10, b"PN", b"Film"),
        (0x10, 0x20, b"LO", b"7"),
        (0x18, 0x1164, b"DS", b"0.4\\0.3"),  # at the detector: what ITK goes by for CR
        (0x20, 0x0D, b"UI", f"{uid}.7".encode()),
        (0x20, 0x0E, b"UI", f"{uid}.8".encode()),
        (0x20, 0x11, b"IS", b"1"),
        (0x28, 0x02, b"US", struct.pack("<H", 1)),
        (0x28, 0x04, b"CS", photometric.encode()),
        (0x28, 0x10, b"US", struct.pack("<H", rows)),
        (0x28, 0x11, b"US", struct.pack("<H", columns)),
        (0x28, 0x100, b"US", struct.pack("<H", 8)),
        (0x28, 0x101, b"US", struct.pack("<H", 8)),
        (0x28, 0x102, b"US", struct.pack("<H", 7)),
        (0x28, 0x103, b"US", struct.pack("<H", 0)),
        (0x7FE0, 0x10, b"OB", pixels.tobytes()),
    ]
    length = _element(2, 0, b"UL", struct.pack("<I", len(group_two)))
    return bytes(128) + b"DICM" + length + group_two + b"".join(_element(*parts) for parts in dataset)


def _element(group, element, vr, value):
    if len(value) % 2:
        value += b"\0" if vr in (b"UI", b"OB") else b" "
    head = struct.pack("<HH2s", group, element, vr)
    size = struct.pack("<HI", 0, len(value)) if vr == b"OB" else struct.pack("<H", len(value))
    return head + size + value
