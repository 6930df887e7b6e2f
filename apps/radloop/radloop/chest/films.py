"""A radiograph from any file, with a header that lies about its photometric interpretation found out."""

from dataclasses import replace
from pathlib import Path

from radloop.chest.negative import looks_negative
from radloop.dicom import read_film as read_as_stated
from radloop.images import Radiograph, Remark

NOT_INVERTED = Remark(
    "PHOTOMETRIC_WRONG",
    "The header says MONOCHROME1 (dense is dark), but the pixels are the other way round; the picture was believed.",
)


def read_film(path: Path) -> Radiograph:
    """Read a radiograph (DICOM, PNG, JPEG, NIfTI), bright where it is dense. Raises Refusal."""
    return righted(read_as_stated(path))


def righted(film: Radiograph) -> Radiograph:
    """The film, turned round again where its header had it turned into a negative."""
    if not film.inverted or not looks_negative(film.pixels):
        return film
    pixels = film.pixels.max() + film.pixels.min() - film.pixels
    return replace(film, pixels=pixels, inverted=False, remarks=(*film.remarks, NOT_INVERTED))
