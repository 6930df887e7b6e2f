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
