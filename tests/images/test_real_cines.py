"""The ACDC volumes and cines: spacing as their index says, labels that fit, nothing refused."""

import csv
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from radloop.images import case_name, find_images, read_cine, read_label, write_label


@pytest.fixture(scope="module")
def acdc(real_data: Path) -> Path:
    return real_data / "acdc"


def test_spacing_and_shape_of_every_patient(acdc: Path) -> None:
    with (acdc / "index.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows
    for row in rows[::8]:
        folder = acdc / row["patient"]
        cine = read_cine(folder / "ed.nii.gz")
        expected = [float(row[f"spacing_{axis}"]) for axis in "xyz"]
        assert cine.spacing_mm == pytest.approx(expected, rel=1e-5), row["patient"]
        assert cine.spacing_known
        assert cine.still
        assert not cine.remarks
        label = read_label(folder / "ed_gt.nii.gz")
        assert label.shape == cine.voxels.shape
        ml = np.count_nonzero(label == 3) * cine.voxel_ml
        assert ml == pytest.approx(float(row["lv_edv_ml"]), abs=0.06), row["patient"]


def test_a_whole_cine(acdc: Path, tmp_path: Path) -> None:
    path = next(path for path in find_images(acdc) if case_name(path) == "cine")
    cine = read_cine(path)
    assert cine.n_frames > 10
    assert cine.times_ms is None  # the header's 1 s means nothing
    assert not cine.still
    label = np.zeros(cine.voxels.shape, np.uint8)
    label[5, 6, 1, 3] = 2
    write_label(tmp_path / "label.nii.gz", label, cine)
    image, seen = nib.load(path), nib.load(tmp_path / "label.nii.gz")
    assert seen.shape == image.shape
    np.testing.assert_array_equal(seen.affine, image.affine)
    assert seen.dataobj[5, 6, 1, 3] == 2


def test_labels_are_not_taken_for_cases(acdc: Path) -> None:
    names = {case_name(path) for path in find_images(acdc)}
    assert names == {"ed", "es", "cine"}
