"""NRRD as 3D Slicer, ITK and pynrrd write it, and labels for stock viewers."""

from pathlib import Path
from typing import Any

import nrrd
import numpy as np
import pytest
import SimpleITK as sitk
from numpy.typing import NDArray

from radloop.images import Cine, read_cine, write_label, write_label_nrrd

SHAPE = (18, 20, 3, 4)
VOXELS = np.random.default_rng(3).integers(0, 1000, SHAPE).astype(np.int16)
# A short axis turned 30 degrees about z and tilted, in RAS; LPS turns the first two signs.
RAS = np.array([[1.3, -0.75, 0.8, 10], [0.75, 1.3, 0, -30], [-0.1, 0.1, 8, 25], [0, 0, 0, 1.0]])
LPS = np.diag([-1, -1, 1, 1]) @ RAS
NO_DIRECTION = [np.nan] * 3


def sequence(path: Path, *, list_axis: int, ras: bool, values: str, unit: str, name: str = "time") -> Path:
    """A volume sequence as 3D Slicer writes it: list axis first in older versions, last in newer."""

    def placed(of_space: list[Any], of_list: Any) -> list[Any]:
        return [of_list, *of_space] if list_axis == 0 else [*of_space, of_list]

    affine = RAS if ras else LPS
    header: dict[str, Any] = {
        "space": "right-anterior-superior" if ras else "left-posterior-superior",
        "space directions": np.array(placed(affine[:3, :3].T.tolist(), NO_DIRECTION)),
        "space origin": affine[:3, 3],
        "kinds": placed(["domain"] * 3, "list"),
        "labels": placed(["", "", ""], name),
        "units": placed(["", "", ""], unit),
        "measurement frame": np.eye(3),
        "DataNodeClassName": "vtkMRMLScalarVolumeNode",
        f"axis {list_axis} index type": "numeric",
        f"axis {list_axis} index values": values,
    }
    nrrd.write(str(path), np.moveaxis(VOXELS, -1, list_axis), header)
    return path


@pytest.mark.parametrize("list_axis", [0, 3])
@pytest.mark.parametrize("ras", [True, False])
def test_a_sequence_of_slicers(tmp_path: Path, list_axis: int, ras: bool) -> None:
    path = sequence(tmp_path / "cine.seq.nrrd", list_axis=list_axis, ras=ras, values="0 41.5 83 124.5", unit="ms")
    cine = read_cine(path)
    np.testing.assert_array_equal(cine.voxels, VOXELS)
    np.testing.assert_allclose(cine.affine, RAS)
    assert cine.times_ms is not None
    np.testing.assert_allclose(cine.times_ms, [0, 41.5, 83, 124.5])
    assert cine.spacing_known
    assert not cine.still


@pytest.mark.parametrize(
    ("values", "unit", "expected"),
    [
        ("0 0.04 0.08 0.13", "s", [0, 40, 80, 130]),
        ("10 50 90 130", "ms", [10, 50, 90, 130]),
        ("0 1 2 3", "", None),  # frame numbers
        ("0 25 50 75", "%", None),  # of the cycle
        ("ED a b ES", "ms", None),
        ("0 40 80", "ms", None),
        ("0 40 40 80", "ms", None),
        ("0 1 2 3", "s", None),
    ],
)
def test_times_of_a_sequence(tmp_path: Path, values: str, unit: str, expected: list[float] | None) -> None:
    times_ms = read_cine(sequence(tmp_path / "c.seq.nrrd", list_axis=3, ras=True, values=values, unit=unit)).times_ms
    if expected is None:
        assert times_ms is None
    else:
        assert times_ms is not None
        np.testing.assert_allclose(times_ms, expected)


def test_times_of_a_multi_volume(tmp_path: Path) -> None:
    header = {
        "kinds": ["list"] + ["domain"] * 3,
        "space": "left-posterior-superior",
        "space directions": np.array([NO_DIRECTION, *LPS[:3, :3].T]),
        "space origin": LPS[:3, 3],
        "MultiVolume.FrameLabels": "0,33,66,99",
        "MultiVolume.FrameIdentifyingDICOMTagName": "TriggerTime",
        "MultiVolume.FrameIdentifyingDICOMTagUnits": "ms",
    }
    nrrd.write(str(tmp_path / "c.nrrd"), np.moveaxis(VOXELS, -1, 0), header)
    cine = read_cine(tmp_path / "c.nrrd")
    np.testing.assert_array_equal(cine.voxels, VOXELS)
    assert cine.times_ms is not None
    np.testing.assert_allclose(cine.times_ms, [0, 33, 66, 99])


@pytest.mark.parametrize("compressed", [True, False])
def test_four_dimensions_by_itk(tmp_path: Path, compressed: bool) -> None:
    image = sitk.GetImageFromArray(VOXELS.T, isVector=False)
    image.SetSpacing([1.5, 1.25, 8, 0.04])
    image.SetOrigin([1, 2, 3, 0])
    sitk.WriteImage(image, str(tmp_path / "c.nrrd"), compressed)
    cine = read_cine(tmp_path / "c.nrrd")
    np.testing.assert_array_equal(cine.voxels, VOXELS)
    expected = np.array([[-1.5, 0, 0, -1], [0, -1.25, 0, -2], [0, 0, 8, 3], [0, 0, 0, 1]])
    np.testing.assert_allclose(cine.affine, expected)
    assert cine.times_ms is not None
    np.testing.assert_allclose(cine.times_ms, [0, 40, 80, 120])


def test_spacings_alone_are_a_grid_in_lps_as_for_itk(tmp_path: Path) -> None:
    nrrd.write(str(tmp_path / "c.nrrd"), VOXELS[..., 0], {"spacings": [1.5, 1.25, 8]})
    cine = read_cine(tmp_path / "c.nrrd")
    assert cine.spacing_known
    assert cine.still
    point = np.array(sitk.ReadImage(str(tmp_path / "c.nrrd")).TransformIndexToPhysicalPoint((3, 4, 2)))
    np.testing.assert_allclose((cine.affine @ [3, 4, 2, 1])[:3], point * [-1, -1, 1])


@pytest.mark.parametrize("header", [{}, {"spacings": [np.nan] * 4}])
def test_without_voxel_sizes_the_spacing_is_not_known(tmp_path: Path, header: dict[str, Any]) -> None:
    nrrd.write(str(tmp_path / "c.nrrd"), VOXELS, header)
    cine = read_cine(tmp_path / "c.nrrd")
    np.testing.assert_array_equal(cine.voxels, VOXELS)
    assert not cine.spacing_known
    assert cine.times_ms is None


@pytest.mark.parametrize(("unit", "known", "in_plane"), [("mm", True, 1.5), ("cm", True, 15.0), ("ell", False, 1.5)])
def test_units_of_space(tmp_path: Path, unit: str, known: bool, in_plane: float) -> None:
    header = {"space": "LAS", "space directions": np.diag([1.5, 1.5, 8.0]), "space units": [unit] * 3}
    nrrd.write(str(tmp_path / "c.nrrd"), VOXELS[..., 0], header)
    cine = read_cine(tmp_path / "c.nrrd")
    assert cine.spacing_known == known
    assert cine.spacing_mm[0] == pytest.approx(in_plane)
    assert cine.affine[0, 0] < 0  # L to R


@pytest.mark.parametrize("dtype", ["i1", "u1", "i2", "u2", "i4", "u4", "i8", "f4", "f8"])
@pytest.mark.parametrize("endian", ["little", "big"])
def test_types_and_byte_orders(tmp_path: Path, dtype: str, endian: str) -> None:
    data: NDArray[Any] = (VOXELS % 100).astype(dtype)
    nrrd.write(str(tmp_path / "c.nrrd"), data.astype(data.dtype.newbyteorder("<" if endian == "little" else ">")))
    cine = read_cine(tmp_path / "c.nrrd")
    np.testing.assert_array_equal(cine.voxels, data)
    assert cine.voxels.dtype == np.dtype(dtype)
    assert cine.voxels.dtype.isnative


def test_labels_of_a_sequence_go_out_as_nifti_and_a_frame_as_nrrd(tmp_path: Path) -> None:
    cine = read_cine(sequence(tmp_path / "c.seq.nrrd", list_axis=0, ras=False, values="0 40 80 120", unit="ms"))
    label = (VOXELS % 4).astype(np.uint8)
    write_label(tmp_path / "l.nii.gz", label, cine)
    back = read_cine(tmp_path / "l.nii.gz")
    np.testing.assert_array_equal(back.voxels, label)
    np.testing.assert_allclose(back.affine, RAS, rtol=1e-6)
    assert back.times_ms is not None
    np.testing.assert_allclose(back.times_ms, [0, 40, 80, 120], rtol=1e-6)

    write_label_nrrd(tmp_path / "l.nrrd", label[..., 2], cine)
    data, header = nrrd.read(str(tmp_path / "l.nrrd"))
    np.testing.assert_array_equal(data, label[..., 2])
    assert (header["type"], header["space"], header["encoding"]) == ("uint8", "left-posterior-superior", "gzip")
    np.testing.assert_allclose(header["space directions"], LPS[:3, :3].T)
    np.testing.assert_allclose(header["space origin"], LPS[:3, 3])


def test_what_is_read_is_plain_data(tmp_path: Path) -> None:
    cine = read_cine(sequence(tmp_path / "c.seq.nrrd", list_axis=0, ras=True, values="0 40 80 120", unit="ms"))
    assert isinstance(cine, Cine)
    assert cine.voxels.shape == SHAPE
    assert cine.voxel_ml == pytest.approx(abs(np.linalg.det(RAS[:3, :3])) / 1000)
