"""What is written is read back; and other programs see voxels where we see them."""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from radloop.images import Cine, read_cine, read_label, write_cine, write_label, write_label_nrrd
from radloop.refusal import Refusal

DTYPES = ["uint8", "int8", "int16", "uint16", "int32", "uint32", "int64", "float32", "float64"]


@st.composite
def affines(draw: st.DrawFn) -> NDArray[np.float64]:
    """Any rotation, each axis possibly mirrored (so left-handed half the time), slices widest apart."""
    angles = [draw(st.floats(-np.pi, np.pi)) for _ in range(3)]
    rotation = np.eye(3)
    for (a, b), angle in zip([(0, 1), (1, 2), (0, 1)], angles, strict=True):
        turn = np.eye(3)
        turn[[a, a, b, b], [a, b, a, b]] = [np.cos(angle), -np.sin(angle), np.sin(angle), np.cos(angle)]
        rotation = rotation @ turn
    in_plane = draw(st.floats(0.6, 2.5))
    spacing = [in_plane, in_plane * draw(st.floats(0.8, 1.2)), draw(st.floats(3, 12))]
    mirror = [draw(st.sampled_from([-1, 1])) for _ in range(3)]
    affine = np.eye(4)
    affine[:3, :3] = rotation @ np.diag(np.multiply(spacing, mirror))
    affine[:3, 3] = [draw(st.floats(-300, 300)) for _ in range(3)]
    return affine


@st.composite
def cines(draw: st.DrawFn) -> Cine:
    shape = (draw(st.integers(16, 20)), draw(st.integers(16, 20)), draw(st.integers(1, 4)), draw(st.integers(1, 5)))
    dtype = draw(st.sampled_from(DTYPES))
    voxels = np.random.default_rng(draw(st.integers(0, 99))).integers(0, 100, shape).astype(dtype)
    still = shape[3] == 1 and draw(st.booleans())
    step_ms = draw(st.one_of(st.none(), st.floats(5, 100)))
    times_ms = None if step_ms is None or shape[3] == 1 else np.arange(shape[3], dtype=np.float64) * step_ms
    return Cine(voxels, draw(affines()), times_ms, still=still)


@settings(max_examples=60, deadline=None)
@given(cine=cines())
def test_a_cine_comes_back_as_it_was_written(cine: Cine) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder, "cine.nii.gz")
        write_cine(path, cine)
        back = read_cine(path)
    np.testing.assert_array_equal(back.voxels, cine.voxels)
    assert back.voxels.dtype == cine.voxels.dtype
    np.testing.assert_allclose(back.affine, cine.affine, rtol=1e-5, atol=1e-4)
    assert (back.still, back.spacing_known, back.stated, back.remarks) == (cine.still, True, None, ())
    if cine.times_ms is None:
        assert back.times_ms is None
    else:
        assert back.times_ms is not None
        np.testing.assert_allclose(back.times_ms, cine.times_ms, rtol=1e-5)


@settings(max_examples=40, deadline=None)
@given(cine=cines(), seed=st.integers(0, 99))
def test_a_label_lies_on_the_picture_for_us_for_nibabel_and_for_itk(cine: Cine, seed: int) -> None:
    label = np.random.default_rng(seed).integers(0, 4, cine.voxels.shape).astype(np.uint8)
    with TemporaryDirectory() as folder:
        image_path, label_path, frame_path = (Path(folder, name) for name in ("i.nii.gz", "l.nii.gz", "l.nrrd"))
        write_cine(image_path, cine)
        write_label(label_path, label, cine)
        write_label_nrrd(frame_path, label[..., -1], cine)
        np.testing.assert_array_equal(read_label(label_path), label)
        np.testing.assert_array_equal(read_label(frame_path)[..., 0], label[..., -1])

        seen, image = nib.load(label_path), nib.load(image_path)
        assert seen.shape == image.shape
        assert seen.get_data_dtype() == np.uint8
        np.testing.assert_array_equal(seen.affine, image.affine)
        np.testing.assert_allclose(seen.get_qform(coded=True)[0], seen.get_sform(), atol=0.03)
        assert seen.header.get_zooms() == pytest.approx(image.header.get_zooms())
        frame = sitk.ReadImage(str(frame_path))
    for index in [(0, 0, 0), (3, 1, 0), (15, 12, label.shape[2] - 1)]:
        lps = np.array(frame.TransformIndexToPhysicalPoint(index))
        np.testing.assert_allclose(lps * [-1, -1, 1], (cine.affine @ [*index, 1])[:3], atol=1e-4)
        assert frame[index] == label[(*index, -1)]


@settings(max_examples=25, deadline=None)
@given(cine=cines(), suffix=st.sampled_from([".nii.gz", ".nii", ".nrrd"]))
def test_voxels_lie_where_itk_says(cine: Cine, suffix: str) -> None:
    """A volume written by ITK, oblique and left-handed ones too, read by both."""
    volume = cine.voxels[..., 0]
    image = sitk.GetImageFromArray(volume.T)
    lps = np.diag([-1, -1, 1, 1]) @ cine.affine
    image.SetSpacing(cine.spacing_mm)
    image.SetOrigin(lps[:3, 3].tolist())
    image.SetDirection((lps[:3, :3] / cine.spacing_mm).ravel().tolist())
    with TemporaryDirectory() as folder:
        path = Path(folder, f"volume{suffix}")
        sitk.WriteImage(image, str(path))
        ours, itks = read_cine(path), sitk.ReadImage(str(path))
    assert ours.still
    assert ours.voxels.dtype == volume.dtype
    for index in [(0, 0, 0), (15, 2, 0), (7, 15, volume.shape[2] - 1)]:
        point = np.array(itks.TransformIndexToPhysicalPoint(index)) * [-1, -1, 1]
        np.testing.assert_allclose((ours.affine @ [*index, 1])[:3], point, atol=0.01)
        assert ours.voxels[(*index, 0)] == itks[index]


def test_a_sheared_grid_keeps_its_affine(tmp_path: Path) -> None:
    affine = np.diag([1.5, 1.5, 8, 1.0])
    affine[0, 2] = 3  # each slice 3 mm to the side of the last
    cine = Cine(np.arange(16 * 16 * 3).reshape(16, 16, 3, 1).astype(np.int16), affine)
    write_label(tmp_path / "label.nii.gz", np.zeros((16, 16, 3, 1), np.uint8), cine)
    np.testing.assert_allclose(nib.load(tmp_path / "label.nii.gz").affine, affine)
    write_cine(tmp_path / "cine.nii.gz", cine)
    back = read_cine(tmp_path / "cine.nii.gz")
    np.testing.assert_allclose(back.affine, affine, rtol=1e-6)
    assert back.voxel_ml == pytest.approx(1.5 * 1.5 * 8 / 1000)


def test_labels_in_floating_point_are_labels_and_other_values_are_not(tmp_path: Path) -> None:
    label = np.random.default_rng(0).integers(0, 4, (16, 16, 2, 3))
    good = Cine(label.astype(np.float64), np.diag([1.5, 1.5, 8, 1]))
    write_cine(tmp_path / "l.nii.gz", good)
    np.testing.assert_array_equal(read_label(tmp_path / "l.nii.gz"), label)
    for wrong in (label + 0.5, label - 1, label + 1, label * 100):
        write_cine(tmp_path / "w.nii.gz", replace(good, voxels=wrong.astype(np.float64)))
        with pytest.raises(Refusal, match=r"w\.nii\.gz: .*labels") as refusal:
            read_label(tmp_path / "w.nii.gz")
        assert refusal.value.code == "LABEL_VALUES"


def test_an_empty_label_is_a_label(tmp_path: Path) -> None:
    cine = Cine(np.zeros((16, 16, 2, 3), np.int16), np.diag([1.5, 1.5, 8, 1]))
    write_label(tmp_path / "l.nii.gz", np.zeros((16, 16, 2, 3), np.uint8), cine)
    assert not read_label(tmp_path / "l.nii.gz").any()


def test_labels_of_another_shape_are_our_own_mistake(tmp_path: Path) -> None:
    cine = Cine(np.zeros((16, 16, 2, 3), np.int16), np.eye(4))
    with pytest.raises(ValueError, match="do not fit"):
        write_label(tmp_path / "l.nii.gz", np.zeros((16, 16, 2, 1), np.uint8), cine)
    with pytest.raises(ValueError, match="do not fit"):
        write_label_nrrd(tmp_path / "l.nrrd", np.zeros((16, 16, 3), np.uint8), cine)
    assert not list(tmp_path.iterdir())
