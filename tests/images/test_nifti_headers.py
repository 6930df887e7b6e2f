"""What NIfTI headers say, half say and contradict themselves about."""

from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from numpy.typing import NDArray

from radloop.images import read_cine, write_label

GRID = np.array([[-1.5, 0, 0, 40], [0, -1.5, 0, 30], [0, 0, 8, -20], [0, 0, 0, 1.0]])


def voxels(*shape: int, dtype: str = "int16") -> NDArray[Any]:
    return np.random.default_rng(1).integers(0, 100, shape).astype(dtype)


def save(path: Path, data: NDArray[Any], affine: NDArray[np.float64] | None = GRID, **fields: Any) -> Path:
    """Write a NIfTI-1 file; ``fields`` are set in its header as they are."""
    image = nib.Nifti1Image(data, affine)
    for field, value in fields.items():
        image.header[field] = value
    image.to_filename(path)
    return path


@pytest.mark.parametrize(
    ("step", "unit", "expected_ms"),
    [
        (0.04, 8, 40.0),
        (40, 16, 40.0),
        (40_000, 24, 40.0),
        (0.04, 0, 40.0),  # unit unknown: seconds
        (0.499, 8, 499.0),
        (0.5, 8, None),
        (1.0, 8, None),
        (500, 16, None),
        (40, 0, None),
        (0, 8, None),
        (-0.04, 8, None),
        (np.nan, 8, None),
        (np.inf, 8, None),
        (40, 32, None),  # hertz
    ],
)
def test_frame_times(tmp_path: Path, step: float, unit: int, expected_ms: float | None) -> None:
    sizes = [1, 1.5, 1.5, 8, step, 1, 1, 1]
    path = save(tmp_path / "c.nii.gz", voxels(16, 16, 2, 4), xyzt_units=2 + unit, pixdim=sizes)
    times_ms = read_cine(path).times_ms
    if expected_ms is None:
        assert times_ms is None
    else:
        assert times_ms is not None
        np.testing.assert_allclose(times_ms, np.arange(4) * expected_ms, rtol=1e-5)


def test_one_frame_has_no_times(tmp_path: Path) -> None:
    path = save(tmp_path / "c.nii", voxels(16, 16, 2, 1), xyzt_units=10, pixdim=[1, 1.5, 1.5, 8, 0.04, 1, 1, 1])
    assert read_cine(path).times_ms is None


@pytest.mark.parametrize(("unit", "per_mm"), [(1, 1e-3), (2, 1.0), (3, 1e3), (0, 1.0)])
def test_metres_and_micrometres_are_millimetres_here(tmp_path: Path, unit: int, per_mm: float) -> None:
    scaled = GRID.copy()
    scaled[:3] *= per_mm
    cine = read_cine(save(tmp_path / "c.nii.gz", voxels(16, 16, 2, 4), scaled, xyzt_units=unit))
    np.testing.assert_allclose(cine.affine, GRID, rtol=1e-5)
    assert cine.spacing_known
    assert cine.spacing_mm == pytest.approx((1.5, 1.5, 8))

    write_label(tmp_path / "l.nii.gz", np.zeros((16, 16, 2, 4), np.uint8), cine)
    image, label = nib.load(tmp_path / "c.nii.gz"), nib.load(tmp_path / "l.nii.gz")
    np.testing.assert_allclose(label.affine, image.affine, rtol=1e-6)
    assert label.header.get_zooms()[:3] == pytest.approx(image.header.get_zooms()[:3])


def test_voxel_sizes_are_believed_where_the_affine_was_left_at_one(tmp_path: Path) -> None:
    """The ACDC data as released: voxel sizes in pixdim, sform of +-1 mm."""
    affine = np.diag([-1.0, -1.0, 1.0, 1.0])
    sizes = [1, 1.5625, 1.5625, 10, 1, 1, 1, 1]
    path = save(tmp_path / "c.nii.gz", voxels(16, 16, 2), affine, xyzt_units=0, pixdim=sizes)
    cine = read_cine(path)
    assert cine.spacing_known
    assert cine.spacing_mm == pytest.approx((1.5625, 1.5625, 10))
    np.testing.assert_allclose(cine.affine, np.diag([-1.5625, -1.5625, 10, 1]))
    assert [remark.code for remark in cine.remarks] == ["SPACING_FROM_VOXEL_SIZES"]

    write_label(tmp_path / "l.nii.gz", np.zeros((16, 16, 2, 1), np.uint8), cine)
    label = nib.load(tmp_path / "l.nii.gz")
    np.testing.assert_array_equal(label.affine, nib.load(path).affine)
    assert label.header.get_zooms() == nib.load(path).header.get_zooms()


def test_the_affine_is_believed_where_the_voxel_sizes_were_left_at_one(tmp_path: Path) -> None:
    cine = read_cine(save(tmp_path / "c.nii.gz", voxels(16, 16, 2), pixdim=[1] * 8))
    assert cine.spacing_known
    np.testing.assert_allclose(cine.affine, GRID)


def test_affine_and_voxel_sizes_that_contradict_each_other_are_not_believed(tmp_path: Path) -> None:
    cine = read_cine(save(tmp_path / "c.nii.gz", voxels(16, 16, 2), pixdim=[1, 1.2, 1.2, 8, 0, 0, 0, 0]))
    assert not cine.spacing_known
    assert [remark.code for remark in cine.remarks] == ["SPACING_CONTRADICTORY"]


def test_a_header_in_which_nothing_was_filled_tells_no_spacing(tmp_path: Path) -> None:
    cine = read_cine(save(tmp_path / "c.nii.gz", voxels(16, 16, 2), None, pixdim=[1] * 8))
    assert not cine.spacing_known
    assert cine.still


@pytest.mark.parametrize("per_mm", [1e-3, 1e3])
def test_a_spacing_that_no_heart_has_is_not_believed(tmp_path: Path, per_mm: float) -> None:
    affine = np.diag([1.5 * per_mm, 1.5 * per_mm, 8 * per_mm, 1])
    cine = read_cine(save(tmp_path / "c.nii.gz", voxels(16, 16, 2), affine))
    assert not cine.spacing_known
    assert [remark.code for remark in cine.remarks] == ["SPACING_IMPLAUSIBLE"]


def test_sform_before_qform_before_voxel_sizes(tmp_path: Path) -> None:
    moved = GRID.copy()
    moved[:3, 3] += 100
    image = nib.Nifti1Image(voxels(16, 16, 2), None)
    image.header.set_xyzt_units("mm")
    image.header.set_zooms((1.5, 1.5, 8))
    image.to_filename(tmp_path / "sizes.nii")
    image.set_qform(moved, code=1)
    image.to_filename(tmp_path / "qform.nii")
    image.set_sform(GRID, code=1)
    image.to_filename(tmp_path / "both.nii")
    for name in ("sizes.nii", "qform.nii", "both.nii"):
        np.testing.assert_allclose(read_cine(tmp_path / name).affine, nib.load(tmp_path / name).affine, atol=1e-4)
    np.testing.assert_allclose(read_cine(tmp_path / "qform.nii").affine, moved, atol=1e-4)
    np.testing.assert_allclose(read_cine(tmp_path / "both.nii").affine, GRID, atol=1e-4)
    assert read_cine(tmp_path / "sizes.nii").spacing_mm == pytest.approx((1.5, 1.5, 8))


@pytest.mark.parametrize(
    ("stored", "read"),
    [
        ((16, 17, 2), (16, 17, 2, 1)),
        ((16, 17, 1), (16, 17, 1, 1)),
        ((16, 17, 2, 1), (16, 17, 2, 1)),
        ((16, 17, 1, 5), (16, 17, 1, 5)),
        ((16, 17, 2, 5, 1), (16, 17, 2, 5)),
        ((16, 17, 2, 1, 5), (16, 17, 2, 5)),
    ],
)
def test_singleton_dimensions(tmp_path: Path, stored: tuple[int, ...], read: tuple[int, ...]) -> None:
    data = voxels(*stored)
    cine = read_cine(save(tmp_path / "c.nii.gz", data))
    np.testing.assert_array_equal(cine.voxels, data.reshape(read))
    assert cine.still == (len(stored) == 3)


def test_scaling_is_applied_and_unscaled_integers_stay_integers(tmp_path: Path) -> None:
    data = voxels(16, 16, 2, 3)
    image = nib.Nifti1Image(data, GRID)
    image.header.set_slope_inter(0.5, -3)
    image.to_filename(tmp_path / "s.nii.gz")
    cine = read_cine(tmp_path / "s.nii.gz")
    assert cine.voxels.dtype == np.float32
    np.testing.assert_allclose(
        np.asarray(cine.voxels, np.float64), nib.load(tmp_path / "s.nii.gz").get_fdata(), rtol=1e-6
    )
    assert read_cine(save(tmp_path / "u.nii.gz", data)).voxels.dtype == np.int16


@pytest.mark.parametrize("kind", [nib.Nifti1Image, nib.Nifti2Image])
@pytest.mark.parametrize("endianness", ["<", ">"])
@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
def test_both_byte_orders_and_versions(tmp_path: Path, kind: Any, endianness: str, suffix: str) -> None:
    data = voxels(16, 16, 2, 3)
    header = kind.header_class(endianness=endianness)
    header.set_data_dtype(np.int16)
    kind(data, GRID, header).to_filename(tmp_path / f"c{suffix}")
    cine = read_cine(tmp_path / f"c{suffix}")
    np.testing.assert_array_equal(cine.voxels, data)
    assert cine.voxels.dtype == np.dtype(np.int16)
    assert cine.voxels.dtype.isnative
    np.testing.assert_allclose(cine.affine, GRID)


def test_a_name_may_lie_about_compression(tmp_path: Path) -> None:
    data = voxels(16, 16, 2, 3)
    save(tmp_path / "plain.nii", data).rename(tmp_path / "plain.nii.gz")
    save(tmp_path / "packed.nii.gz", data).rename(tmp_path / "packed.nii")
    for name in ("plain.nii.gz", "packed.nii"):
        np.testing.assert_array_equal(read_cine(tmp_path / name).voxels, data)
