"""Radiograph-like drawings: the same for a seed, the right way round, and clouded where they are said to be."""

from pathlib import Path

import numpy as np
import pydicom

from radloop.chest.negative import likeness
from radloop.dicom import read_film
from radloop.dicom.make_film import make_film as write_dicom
from radloop.synthesis import make_film


def test_a_seed_is_a_person() -> None:
    assert np.array_equal(make_film(3).pixels, make_film(3).pixels)
    assert not np.array_equal(make_film(3).pixels, make_film(4).pixels)


def test_it_looks_like_a_chest_the_right_way_round() -> None:
    for seed in range(6):
        film = make_film(seed, opacity=seed % 2 == 0).pixels
        assert film.shape == (384, 384)
        assert likeness(film.astype(np.float32).T) > 0.4


def test_a_clouded_lung_is_brighter_than_the_other() -> None:
    for seed in range(6):
        clear, clouded = (make_film(seed, opacity=cloud).pixels.astype(float) for cloud in (False, True))
        lungs = [np.s_[190:240, 60:150], np.s_[190:240, 240:330]]
        brighter = sorted(float((clouded - clear)[lung].mean()) for lung in lungs)
        assert brighter[1] > brighter[0] + 5


def test_as_dicom_it_is_the_same_picture(tmp_path: Path) -> None:
    film = make_film(1).pixels
    uid = write_dicom(tmp_path / "film.dcm", film, spacing_mm=0.9, seed="x")
    assert uid == write_dicom(tmp_path / "again.dcm", film, spacing_mm=0.9, seed="x")
    read = read_film(tmp_path / "film.dcm")
    assert read.spacing_mm == (0.9, 0.9)
    assert np.corrcoef(read.pixels.T.ravel(), film.ravel())[0, 1] > 0.9999
    assert pydicom.dcmread(tmp_path / "film.dcm").SOPInstanceUID == uid
