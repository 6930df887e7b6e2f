"""The phantom beats as it says, looks like cine MR in what can be counted, and is the same every time."""

import gzip
import json
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from PIL import Image

from radloop import places
from radloop.heart import LV, MYO, RV, measure
from radloop.synthesis import Phantom, make_phantom, write_samples

SMALL = {"frames": 10, "matrix": (112, 104), "spacing_mm": (2.6, 10.0)}


@pytest.fixture(scope="module")
def phantom() -> Phantom:
    return make_phantom(3, ef=50, edv_ml=140, **SMALL)  # type: ignore[arg-type]


@pytest.mark.parametrize(("seed", "ef"), [(1, 20.0), (2, 35.0), (3, 50.0), (4, 70.0)])
def test_the_ef_asked_for_is_shown_and_told(seed: int, ef: float) -> None:
    made = make_phantom(seed, ef=ef, **SMALL)  # type: ignore[arg-type]
    answer = measure(made.label, made.cine, image="phantom")
    assert made.truth["lv_ef"] == pytest.approx(ef, abs=1.5)
    assert answer.lv_ef == pytest.approx(made.truth["lv_ef"])
    assert answer.lv_edv_ml == pytest.approx(made.truth["lv_edv_ml"])
    assert (answer.ed_frame, answer.es_frame) == (made.truth["ed_frame"], made.truth["es_frame"])
    assert answer.ed_frame == 1
    assert answer.rv_ef is not None
    assert answer.rv_ef > 10
    assert [w.code for w in answer.warnings] == ["STACK_MAY_MISS_BASE_OR_APEX"]


def test_the_volume_asked_for(phantom: Phantom) -> None:
    """But for what lies above the first slice."""
    assert phantom.truth["lv_edv_ml"] == pytest.approx(140, rel=0.12)


def test_the_wall_keeps_its_volume(phantom: Phantom) -> None:
    """Heart muscle is not compressible: it thickens as the cavity narrows."""
    myo = np.count_nonzero(phantom.label == MYO, axis=(0, 1, 2))
    assert myo.max() / myo.min() < 1.12
    middle = phantom.label.shape[2] // 2
    es = int(phantom.truth["es_frame"]) - 1
    planes = (phantom.label[:, :, middle, t] for t in (0, es))
    ed_wall, es_wall = (np.sqrt((p >= MYO).sum() / np.pi) - np.sqrt((p == LV).sum() / np.pi) for p in planes)
    assert es_wall > 1.2 * ed_wall


def test_blood_is_bright_muscle_dark_and_lung_black(phantom: Phantom) -> None:
    voxels = phantom.cine.voxels.astype(float)
    lv, rv, myo = (np.median(voxels[phantom.label == s]) for s in (LV, RV, MYO))
    assert lv > rv > 1.6 * myo
    assert np.percentile(voxels, 20) < 0.3 * myo


def test_time_and_space(phantom: Phantom) -> None:
    cine = phantom.cine
    assert cine.voxels.shape == phantom.label.shape
    assert cine.voxels.dtype == np.uint8
    assert cine.spacing_mm == pytest.approx((2.6, 2.6, 10))
    assert cine.times_ms is not None
    assert 600 < cine.times_ms[-1] < 1100
    assert not (phantom.label[:, :, -1] == LV).any()


def test_a_seed_is_a_heart(phantom: Phantom) -> None:
    again = make_phantom(3, ef=50, edv_ml=140, **SMALL)  # type: ignore[arg-type]
    other = make_phantom(4, ef=50, edv_ml=140, **SMALL)  # type: ignore[arg-type]
    assert np.array_equal(again.cine.voxels, phantom.cine.voxels)
    assert np.array_equal(again.label, phantom.label)
    assert other.cine.voxels.shape != phantom.cine.voxels.shape or (other.cine.voxels != phantom.cine.voxels).any()


def test_the_committed_samples_are_what_the_command_makes(tmp_path: Path) -> None:
    written = write_samples(tmp_path)
    films = {"film_clear.png", "film_clouded.png"}
    assert {p.name for p in written} == {"normal.nii.gz", "failing.nii.gz", "truth.json"} | films
    for path in written:
        if path.name in films:
            drawn, there = (np.asarray(Image.open(p), int) for p in (path, places.sample_data() / path.name))
            assert np.abs(drawn - there).max() <= 1  # processors round exponentials differently
            continue
        made, kept = path.read_bytes(), (places.sample_data() / path.name).read_bytes()
        # Another zlib may pack the same bytes differently.
        assert gzip.decompress(made) == gzip.decompress(kept) if path.suffix == ".gz" else made == kept
    assert sum(p.stat().st_size for p in written) < 3_300_000


def test_samples_are_ordinary_nifti() -> None:
    truth = json.loads((places.sample_data() / "truth.json").read_text())
    assert {name: round(t["lv_ef"]) for name, t in truth.items()} == {"normal.nii.gz": 60, "failing.nii.gz": 25}
    for name in truth:
        image = nib.load(places.sample_data() / name)
        assert image.ndim == 4
        assert image.header.get_xyzt_units() == ("mm", "msec")
        assert 30 <= image.header.get_zooms()[3] <= 60
        assert np.allclose(image.get_qform(), image.get_sform(), atol=1e-4)
