"""What training is given: reviewed voxels and nothing else, and the same patients held out for ever."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from radloop.answers.jobs import LabelledCase
from radloop.answers.review import Review
from radloop.images import Cine, read_cine, write_cine, write_label
from radloop.learning.drawn import UNLABELLED, cases_of_folder, reviewed_label, split_patients
from radloop.refusal import Refusal
from radloop.store.names import patient_of

SHAPE = (20, 18, 3, 4)
CINE = Cine(np.zeros(SHAPE, np.uint8), np.diag([1.5, 1.5, 8, 1]))


def case(file: Path, reviewed: dict[str, Any] | None, frame: int | None = None) -> LabelledCase:
    review = Review.model_validate({"reviewed": reviewed})
    return LabelledCase(
        image="x", patient="x", file="", label="l", label_file=str(file), label_frame=frame, review=review
    )


@pytest.fixture
def drawn(tmp_path: Path) -> Path:
    """A label of every frame: voxels of slice z in frame t are (z + t) % 4."""
    z, t = np.arange(SHAPE[2])[:, None], np.arange(SHAPE[3])
    label = np.broadcast_to(((z + t) % 4).astype(np.uint8), SHAPE)
    write_label(tmp_path / "label.nii.gz", label, CINE)
    return tmp_path / "label.nii.gz"


def test_only_reviewed_slices_of_reviewed_frames_are_taken(drawn: Path) -> None:
    label = reviewed_label(case(drawn, {"1": "all", "3": [2]}), CINE)
    assert label is not None
    assert [label[0, 0, z, 0] for z in range(3)] == [0, 1, 2]
    assert [label[0, 0, z, 2] for z in range(3)] == [UNLABELLED, 3, UNLABELLED]
    assert (label[..., [1, 3]] == UNLABELLED).all()


def test_a_label_that_nobody_looked_at_teaches_nothing_and_one_of_a_stock_client_everything(drawn: Path) -> None:
    assert reviewed_label(case(drawn, {}), CINE) is None
    whole = reviewed_label(case(drawn, None), CINE)
    assert whole is not None
    assert not (whole == UNLABELLED).any()


def test_a_label_of_one_frame_belongs_to_its_frame(tmp_path: Path) -> None:
    still = Cine(CINE.voxels[..., :1], CINE.affine, still=True)
    write_label(tmp_path / "one.nii.gz", np.full((*SHAPE[:3], 1), 2, np.uint8), still)
    label = reviewed_label(case(tmp_path / "one.nii.gz", {"3": "all"}, frame=3), CINE)
    assert label is not None
    assert [int(label[0, 0, 0, t]) for t in range(4)] == [UNLABELLED, UNLABELLED, 2, UNLABELLED]
    assert reviewed_label(case(tmp_path / "one.nii.gz", {"3": "all"}), CINE) is None


@settings(deadline=None)
@given(some.sets(some.text(min_size=1, max_size=8), min_size=10, max_size=40), some.text(min_size=1, max_size=8))
def test_who_is_held_out_stays_held_out_when_more_come(patients: set[str], another: str) -> None:
    train, held = split_patients(patients)
    assert train | held == patients
    assert not train & held
    assert train
    assert held
    if len(held) > 1:
        later_train, later_held = split_patients(patients | {another})
        assert held <= later_held
        assert train <= later_train


def test_few_patients_and_the_models_own_split() -> None:
    assert split_patients(["one"]) == ({"one"}, set())
    train, held = split_patients(["one", "two"])
    assert (len(train), len(held)) == (1, 1)
    own = {"train": ["a", "b"], "val": ["c"], "test": ["d"]}
    assert split_patients(["a", "b", "c", "d"], own) == ({"a", "b"}, {"c"})
    assert split_patients(["c", "d"], own)[0] == set()


def test_pictures_of_one_patient_are_held_out_together() -> None:
    assert patient_of("patient001__ed", {}) == patient_of("patient001__es", {}) == "patient001"
    assert patient_of("heart", {"patient": "p7"}) == "p7"
    assert patient_of("heart", {"patient": ""}) == "heart"


def test_a_folder_like_acdcs_gives_a_pair_and_a_cine_of_each_patient(tmp_path: Path) -> None:
    patient, scratch = tmp_path / "acdc" / "patient001", tmp_path / "scratch"
    patient.mkdir(parents=True)
    scratch.mkdir()
    random = np.random.default_rng(0)
    voxels = random.integers(0, 500, SHAPE).astype(np.int16)
    cine = Cine(voxels, CINE.affine, np.arange(4) * 40.0)
    drawn = random.integers(0, 4, SHAPE).astype(np.uint8)
    write_cine(patient / "cine.nii.gz", cine)
    for phase, t in (("ed", 0), ("es", 2)):
        still = Cine(voxels[..., t : t + 1], CINE.affine, still=True)
        write_cine(patient / f"{phase}.nii.gz", still)
        for name in (f"{phase}_gt", f"cine_{phase}_gt"):
            write_label(patient / f"{name}.nii.gz", drawn[..., t : t + 1], still)
    (patient / "info.json").write_text(json.dumps({"ed_frame": 1, "es_frame": 3}))

    pair, whole = cases_of_folder(tmp_path / "acdc", scratch)
    assert pair.patient == whole.patient == "patient001"
    both = read_cine(Path(pair.file))
    np.testing.assert_array_equal(both.voxels, voxels[..., [0, 2]])
    np.testing.assert_array_equal(reviewed_label(pair, both), drawn[..., [0, 2]])
    label = reviewed_label(whole, read_cine(Path(whole.file)))
    assert label is not None
    np.testing.assert_array_equal(label[..., [0, 2]], drawn[..., [0, 2]])
    assert (label[..., [1, 3]] == UNLABELLED).all()

    (patient / "es_gt.nii.gz").write_bytes(b"no label")
    with pytest.raises(Refusal, match="es_gt"):
        cases_of_folder(tmp_path / "acdc", scratch)
