"""A real, short fine-tune of cine_heart on phantoms: reviewed voxels only, an unpublished version, and going on."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest

from radloop.answers.jobs import LabelledCase, TrainParams
from radloop.answers.review import Review
from radloop.images import read_cine, read_label, write_cine, write_label
from radloop.learning.fine_tuning import fine_tune, prepare
from radloop.models import card
from radloop.refusal import Refusal
from radloop.store import Store
from radloop.synthesis import make_phantom
from radloop.tasks.train import read


@pytest.fixture(scope="module")
def store_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of two phantoms with labels: three frames of each reviewed, and nonsense drawn everywhere else."""
    folder = tmp_path_factory.mktemp("hearts")
    with Store(folder / "data") as store:
        for seed in range(2):
            phantom = make_phantom(seed, frames=6, matrix=(72, 64), spacing_mm=(3.0, 14.0))
            name = f"heart{seed}"
            write_cine(folder / f"{name}.nii.gz", phantom.cine)
            label = phantom.label.copy()
            label[..., 3:] = 3
            write_label(folder / f"{name}_label.nii.gz", label, phantom.cine)
            store.add_image(name, folder / f"{name}.nii.gz")
            reviewed = {"reviewed": {"1": "all", "2": "all", "3": "all"}}
            store.add_label(name, folder / f"{name}_label.nii.gz", author="anna", info=reviewed)
    return folder


def test_train_makes_an_unpublished_version_that_answers_once_it_is_published(
    store_folder: Path, radloop: Callable[..., Any], tmp_path: Path
) -> None:
    data = store_folder / "data"
    trained = json.loads(radloop("train", "cine_heart", "--epochs", 1, "--steps", 2, "--data", data, "--json").stdout)
    shipped = card("cine_heart").version
    assert trained["version"] == f"{shipped}+1"
    assert trained["parent"] == shipped
    assert len(trained["data"]["train"]) == len(trained["data"]["held_out"]) == 1
    # Nonsense beyond the reviewed frames would have taken this away.
    assert trained["metrics"]["mean_dice"] > 0.6
    assert 0 <= trained["metrics"]["parent"]["mean_dice"] <= 1
    assert not list(data.glob(".training-*"))

    def history() -> dict[str, Any]:
        found = json.loads(radloop("models", "history", "cine_heart", "--data", data, "--json").stdout)
        return {one["name"]: (one["state"], one["serves"]) for one in found["versions"]}

    assert history() == {shipped: ("published", True), f"{shipped}+1": ("unpublished", False)}
    radloop("models", "publish", "cine_heart", f"{shipped}+1", "--data", data)
    assert history()[f"{shipped}+1"] == ("published", True)

    again = radloop("models", "publish", "cine_heart", f"{shipped}+1", "--data", data, check=False)
    assert (again.returncode, len(again.stderr.splitlines())) == (2, 1)
    radloop("models", "rollback", "cine_heart", "--data", data)
    assert history()[shipped] == ("published", True)
    audit = radloop("audit", "export", "--data", data).stdout.splitlines()
    assert [row.split(",")[3] for row in audit[1:]] == ["version published", "version rolled back"]


def test_what_cannot_be_trained_is_refused_in_one_line(radloop: Callable[..., Any], tmp_path: Path) -> None:
    for arguments in (
        ("train", "cine_heart", "--data", tmp_path),
        ("train", "cine_heart", tmp_path / "nosuch", "--data", tmp_path),
        ("train", "nosuch", "--data", tmp_path),
        ("models", "publish", "cine_heart", "9.9", "--data", tmp_path),
        ("models", "rollback", "cine_heart", "--data", tmp_path),
    ):
        done = radloop(*arguments, check=False)
        assert (done.returncode, len(done.stderr.splitlines())) == (2, 1), done.stderr


def labelled(store_folder: Path, **also: Any) -> LabelledCase:
    said: dict[str, Any] = {"image": "heart0", "patient": "heart0", "label": "l", "review": Review.model_validate({})}
    said |= {"file": str(store_folder / "heart0.nii.gz"), "label_file": str(store_folder / "heart0_label.nii.gz")}
    return LabelledCase(**said | also)


def test_training_is_given_255_where_nobody_looked(store_folder: Path, tmp_path: Path) -> None:
    review = Review.model_validate({"reviewed": {"2": [1, 3]}})
    nothing = Review.model_validate({"reviewed": {}})
    cases = [
        labelled(store_folder, review=review),
        labelled(store_folder, image="empty", review=nothing),
        labelled(store_folder, image="missing", file=str(tmp_path / "nosuch.nii.gz")),
    ]
    prepared = prepare(cases, read, tmp_path, {}, lambda fraction, line="": None)
    [only] = prepared.train
    label = np.asarray(nibabel.load(only.label).dataobj)
    drawn = read_label(store_folder / "heart0_label.nii.gz")
    known = np.zeros(label.shape, bool)
    known[:, :, [0, 2], 1] = True
    assert (label[~known] == 255).all()
    np.testing.assert_array_equal(label[known], drawn[known])
    np.testing.assert_array_equal(
        np.asarray(nibabel.load(only.image).dataobj), read_cine(store_folder / "heart0.nii.gz").voxels
    )
    assert prepared.left_out.keys() == {"empty", "missing"}
    with pytest.raises(Refusal, match="no label with reviewed voxels"):
        prepare(cases[1:], read, tmp_path / "none", {}, lambda fraction, line="": None)


def test_training_that_was_cut_off_goes_on_where_it_was(store_folder: Path, tmp_path: Path) -> None:
    class CutOff(Exception):
        pass

    about, said = card("cine_heart"), []

    def told(fraction: float, line: str = "") -> None:
        said.append((fraction, line))
        if line.startswith("epoch 2 of 2, step 4,") and not resumed:
            raise CutOff

    prepared = prepare([labelled(store_folder)], read, tmp_path / "cases", {}, told)
    params, resumed = TrainParams(max_epochs=2, steps_per_epoch=2, seed=3), False
    with pytest.raises(CutOff):
        fine_tune(about, about.weights, prepared.train, params, tmp_path / "run", told)
    first, resumed = len(said), True
    fine_tune(about, about.weights, prepared.train, params, tmp_path / "run", told)
    steps = [line.partition(", loss")[0] for _, line in said[first:]]
    assert steps[0] == "epoch 2 of 2, step 3"
    assert steps[-1] == "epoch 2 of 2, step 4"
    shares = [fraction for fraction, _ in said[first:]]
    assert shares == sorted(shares)

    # Everything was trained already: what is there is the answer.
    first = len(said)
    assert fine_tune(about, about.weights, prepared.train, params, tmp_path / "run", told).is_file()
    assert len(said) == first
