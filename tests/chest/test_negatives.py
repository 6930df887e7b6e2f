"""A header that lies about MONOCHROME1 is found out, and one that does not is believed."""

from pathlib import Path

import numpy as np
import pytest

from radloop.chest import read_film, righted
from radloop.chest.negative import likeness, looks_negative
from radloop.images import Radiograph


def drawn(rows: int = 200, columns: int = 180) -> np.ndarray:
    """(x, y): a bright trunk with two dark lungs before a dark ground."""
    x = np.linspace(0, 1, columns)[None, :].repeat(rows, axis=0)
    y = np.linspace(0, 1, rows)[:, None].repeat(columns, axis=1)
    trunk = (np.abs(x - 0.5) < 0.42) & (y > 0.12)
    lungs = (((x - 0.3) / 0.13) ** 2 + ((y - 0.45) / 0.28) ** 2 < 1) | (
        ((x - 0.7) / 0.13) ** 2 + ((y - 0.45) / 0.28) ** 2 < 1
    )
    return (180.0 * trunk - 130.0 * lungs).astype(np.float32).T


def test_a_drawn_chest_is_told_from_its_negative():
    assert not looks_negative(drawn())
    assert looks_negative(-drawn())
    assert likeness(-drawn()) == pytest.approx(-likeness(drawn()))


def test_only_a_film_that_was_turned_round_is_turned_back():
    lied = Radiograph(250 - drawn(), None, np.eye(4), inverted=True)
    right = righted(lied)
    np.testing.assert_allclose(right.pixels - right.pixels.min(), drawn() - drawn().min(), atol=1e-4)
    assert [remark.code for remark in right.remarks] == ["PHOTOMETRIC_WRONG"]
    honest = Radiograph(drawn(), None, np.eye(4), inverted=True)
    assert righted(honest) is honest
    negative = Radiograph(250 - drawn(), None, np.eye(4))  # nothing in its header was a lie that could be mended
    assert righted(negative) is negative


@pytest.mark.parametrize("shape", [(28, 28), (28, 900), (4000, 30)])
def test_any_shape_has_a_likeness(shape):
    assert -1 <= likeness(np.random.default_rng(0).normal(size=shape).astype(np.float32)) <= 1


def test_the_film_whose_header_lies_reads_as_the_honest_one(real_data: Path):
    folder = real_data / "dicom" / "cxr"
    lied, honest = (read_film(folder / name) for name in ("siim_1_wrong_monochrome1.dcm", "siim_1.dcm"))
    np.testing.assert_array_equal(lied.pixels, honest.pixels)
    assert (len(lied.remarks), len(honest.remarks)) == (1, 0)


def test_no_real_film_is_taken_for_a_negative_and_nearly_all_negatives_are(real_data: Path):
    arrays = np.load(real_data / "pneumoniamnist" / "pneumoniamnist_trainval.npz")
    children = [image.astype(np.float32).T for image in arrays["val_images"]]
    adults = [read_film(file).pixels for file in sorted((real_data / "cxr" / "images").glob("*.jpg"))[::12]]
    for films in (children, adults):
        assert not any(looks_negative(film) for film in films)
        assert np.mean([looks_negative(255 - film) for film in films]) > 0.97
