"""What cxr_classifier answers: readings of pictures of any size and range, and refusals."""

import csv
import os
from pathlib import Path

import numpy as np
import pytest

from cxr_classifier_code.films import read_image
from cxr_classifier_code.inference import ready
from cxr_classifier_code.picture import exposed
from radloop import places

VARIANTS = ("adult", "pneumoniamnist")


@pytest.fixture(scope="module", params=VARIANTS)
def reader(request):
    """``read(images, heat_map=False)`` of one variant."""
    inferer, network = ready(str(places.bundles() / "cxr_classifier"), request.param)
    return lambda images, **options: inferer(images, network, **options)


@pytest.fixture(scope="module")
def films():
    """A dozen real films, (rows, columns) float32, of patients that nothing was trained on."""
    data = os.environ.get("RADLOOP_DATA")
    if not data and os.environ.get("CI") != "true":
        pytest.skip("RADLOOP_DATA is not set: real films are read from there")
    import json

    split = json.loads((places.bundles() / "cxr_classifier" / "configs" / "split.json").read_text())
    folder = Path(data) / "cxr"
    with (folder / "index.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["patient"] in split["test"]]
    return [read_image(folder / row["file"]) for row in rows[::6]][:12]


def noise(seed: int, shape: tuple[int, int] = (60, 90)) -> np.ndarray:
    return np.random.default_rng(seed).random(shape).astype(np.float32)


def test_together_they_are_read_as_one_by_one(reader):
    images = [noise(i, (40 + 7 * i, 50 + 3 * i)) for i in range(5)]
    together = reader(images, heat_map=True)
    for image, one in zip(images, together, strict=True):
        (single,) = reader([image], heat_map=True)
        assert single.probabilities == pytest.approx(one.probabilities, abs=1e-5)
        assert (single.label, single.abstained, single.reason) == (one.label, one.abstained, one.reason)
        assert np.abs(single.heat_map - one.heat_map).max() < 1e-3


def test_probabilities_sum_to_one_and_keep_the_order_of_the_classes(reader):
    for reading in reader([noise(i) for i in range(6)]):
        assert list(reading.probabilities) == ["normal", "pneumonia"]
        assert sum(reading.probabilities.values()) == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize(("scale", "offset"), [(1.0, 0.0), (16.0, 0.0), (0.001, 5.0), (257.0, -1000.0)])
def test_the_range_of_the_pixels_says_nothing(reader, scale, offset):
    image = noise(3)
    plain, other = reader([image, image * np.float32(scale) + np.float32(offset)])
    assert other.probabilities == pytest.approx(plain.probabilities, abs=0.01)


@pytest.mark.parametrize("shape", [(28, 28), (28, 300), (400, 33)])
def test_the_heat_map_lies_on_the_pictures_own_grid(reader, shape):
    (reading,) = reader([noise(1, shape)], heat_map=True)
    assert reading.heat_map.shape == shape
    assert reading.heat_map.dtype == np.float32
    assert 0 <= reading.heat_map.min() <= reading.heat_map.max() <= 1


def test_no_heat_map_where_none_was_asked_for(reader):
    assert reader([noise(1)])[0].heat_map is None


@pytest.mark.parametrize("shape", [(27, 100), (100, 27), (1, 1), (30, 30, 3)])
def test_what_is_too_small_or_no_plane_is_not_taken(reader, shape):
    with pytest.raises(ValueError, match="28 pixels"):
        reader([np.zeros(shape, np.float32)])


def test_a_picture_without_contrast_is_refused_with_that_reason(reader):
    for value in (0.0, 7.0, 1e6):
        (reading,) = reader([np.full((64, 64), value, np.float32)])
        assert reading.abstained
        assert reading.label is None
        assert "no contrast" in reading.reason


def test_real_films_are_read(reader, films):
    readings = reader(films)
    assert sum(reading.abstained for reading in readings) <= 1
    for reading in readings:
        assert reading.abstained or (reading.label in ("normal", "pneumonia") and reading.reason == "")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda film: np.ascontiguousarray(film[::-1, ::-1]), "upside down"),
        (lambda film: film.max() - film, "inverted"),
        (lambda film: np.ascontiguousarray(np.rot90(film)), "turned by a quarter"),
    ],
    ids=["upside down", "negative", "quarter turn"],
)
def test_a_film_the_wrong_way_is_refused_and_the_reason_says_which(reader, films, change, words):
    readings = reader([change(film) for film in films])
    assert sum(reading.abstained for reading in readings) >= len(films) - 1
    assert all(reading.label is None for reading in readings if reading.abstained)
    assert sum(words in reading.reason for reading in readings) >= len(films) * 3 // 4


def in_a_dark_surround(film, bit):
    """In the lower left quarter, with a letter of lead beside it."""
    rows, columns = film.shape
    whole = np.zeros((2 * rows, 2 * columns), np.float32)
    whole[rows:, :columns] = film
    whole[rows // 2 : rows // 2 + bit, columns + 40 : columns + 40 + bit] = film.max()
    return whole


def test_what_was_exposed_is_found_whatever_letters_lie_beside_it():
    film = 50 + 200 * noise(2, (300, 260))
    rows, columns = exposed(in_a_dark_surround(film, bit=6))
    assert (rows.start, rows.stop) == pytest.approx((300, 600), abs=3)
    assert (columns.start, columns.stop) == pytest.approx((0, 260), abs=3)
    assert exposed(film) is None
    assert exposed(np.zeros((100, 100), np.float32)) is None


def test_films_in_a_wide_dark_surround_are_read_within_it(reader, films):
    alone = reader(films)
    readings = reader([in_a_dark_surround(film, bit=8) for film in films], heat_map=True)
    assert sum(reading.abstained for reading in readings) <= 1
    alike = [one.label == other.label for one, other in zip(alone, readings, strict=True)]
    assert sum(alike) >= len(films) - 1
    for film, reading in zip(films, readings, strict=True):
        rows, columns = film.shape
        if not reading.abstained:
            assert not reading.heat_map[:rows].any()
            assert reading.heat_map[rows:, :columns].max() == pytest.approx(1, abs=0.01)
