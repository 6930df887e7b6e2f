"""Which part of a label map a client is given, and what a request may say."""

from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk

from radloop.answers import Measurements
from radloop.answers.service import InferParams, ModelInfo
from radloop.images import Cine, LabelMap, read_label
from radloop.models import card
from radloop.refusal import Refusal
from radloop.tasks.infer import parse
from radloop.tasks.results import Wanted, check_frame, wanted

SHAPE = (20, 18, 3, 4)
AFFINE = np.array([[0, -1.25, 0, 40], [1.25, 0, 0, -30], [0, 0, 8, 5], [0, 0, 0, 1]], float)


@pytest.fixture
def cine() -> Cine:
    return Cine(np.arange(np.prod(SHAPE), dtype=np.int16).reshape(SHAPE), AFFINE, np.arange(4) * 40.0)


@pytest.fixture
def label() -> LabelMap:
    return np.random.default_rng(0).integers(0, 4, SHAPE, dtype=np.uint8)


def measured(**known: Any) -> Measurements:
    fields: dict[str, Any] = dict.fromkeys(Measurements.model_fields)
    fields |= {"image": "x", "n_frames": 4, "warnings": [], "research_use_only": True} | known
    return Measurements(**fields)


def test_what_is_wanted(cine: Cine) -> None:
    ed = measured(ed_frame=3)
    assert wanted(InferParams(), cine, ed) == Wanted(None, ".nii.gz")
    assert wanted(InferParams(result_extension=".nii"), cine, ed) == Wanted(None, ".nii")
    assert wanted(InferParams(frame=2), cine, ed) == Wanted(2, ".nii.gz")
    assert wanted(InferParams(result_extension=".nrrd"), cine, ed) == Wanted(3, ".nrrd")
    assert wanted(InferParams(result_extension=".nrrd"), cine, measured()) == Wanted(1, ".nrrd")
    assert wanted(InferParams(result_extension=".nrrd", frame=2), cine, ed) == Wanted(2, ".nrrd")


def test_all_frames_lie_on_the_cines_grid(tmp_path: Path, cine: Cine, label: LabelMap) -> None:
    file = Wanted(None, ".nii.gz").write(tmp_path, label, cine, image="a case", model="m")
    assert file.name == "a_case.m.nii.gz"
    written = nib.load(file)
    assert written.shape == SHAPE
    np.testing.assert_allclose(written.affine, AFFINE)
    np.testing.assert_array_equal(np.asarray(written.dataobj), label)


@pytest.mark.parametrize("suffix", [".nii.gz", ".nii", ".nrrd"])
def test_one_frame_is_a_volume_in_the_same_place(tmp_path: Path, cine: Cine, label: LabelMap, suffix: str) -> None:
    file = Wanted(2, suffix).write(tmp_path, label, cine, image="x", model="m")
    assert file.name == f"x.m.frame2{suffix}"
    np.testing.assert_array_equal(read_label(file), label[..., 1:2])
    as_itk = sitk.ReadImage(str(file))
    assert as_itk.GetSize() == SHAPE[:3]
    # The voxel (1, 2, 1), by hand: x = -1.25 * 2 + 40, y = 1.25 * 1 - 30, z = 8 + 5; ITK turns x and y round.
    np.testing.assert_allclose(as_itk.TransformIndexToPhysicalPoint((1, 2, 1)), (-37.5, 28.75, 13.0), atol=1e-4)


def test_a_frame_must_be_there(cine: Cine) -> None:
    check_frame(InferParams(frame=4), cine, "x")
    with pytest.raises(Refusal, match="x has 4 frames; there is no frame 5"):
        check_frame(InferParams(frame=5), cine, "x")


def test_params_of_other_clients_are_passed_over() -> None:
    asked = parse({"result_extension": "", "result_dtype": "uint8", "restore_label_idx": False, "frame": 2})
    assert asked == InferParams(frame=2)


def test_a_wrong_parameter_is_named() -> None:
    with pytest.raises(Refusal, match="params: frame") as raised:
        parse({"frame": "two"})
    assert raised.value.http_status == 400


def test_the_model_is_described_from_its_metadata() -> None:
    info = ModelInfo.from_metadata(card("cine_heart").metadata)
    assert info.labels == {"RV": 1, "MYO": 2, "LV": 3}
    assert {detail.name: detail.value for detail in info.label_details} == info.labels
