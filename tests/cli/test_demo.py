"""The whole way once, as ``make demo`` goes it."""

import json

import pytest
from PIL import Image

from radloop import places


def test_the_demo_analyses_both_samples_through_a_server_of_its_own(radloop, tmp_path):
    done = radloop("demo", "-o", tmp_path / "out")
    truth = json.loads((places.sample_data() / "truth.json").read_text())
    assert len(truth) == 2
    for name, known in truth.items():
        folder = tmp_path / "out" / name.removesuffix(".nii.gz")
        measured = json.loads((folder / "measurements.json").read_text())
        assert f"{measured['lv_ef']:.1f} %" in done.stdout
        assert f"true LV EF is {known['lv_ef']:.1f} %" in done.stdout
        assert measured["lv_ef"] == pytest.approx(known["lv_ef"], abs=5)
        for picture in ("overview.png", "volumes.png"):
            Image.open(folder / picture).verify()
    assert "make serve" in done.stdout


def test_the_demo_classifies_the_sample_films(tiny, tmp_path):
    done = tiny.run("demo", "-o", tmp_path / "out")
    for name in ("film_clear", "film_clouded"):
        folder = tmp_path / "out" / name
        answer = json.loads((folder / "answer.json").read_text())
        assert (answer["image"], answer["abstained"]) == (name, False)
        assert f"{100 * answer['prediction'][answer['label']]:.1f} %" in done.stdout
        Image.open(folder / "heatmap.png").verify()
        assert (folder / "heatmap.nii.gz").is_file()
    assert "no film of a person" in done.stdout
