"""The bundle by itself: a copy of its folder and MONAI's own commands, without radloop."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nibabel
import numpy as np
import pytest
import torch
from monai.bundle import verify_metadata

from cine_heart_code.files import LoadCined, SaveLabeld, cines
from radloop import places
from radloop.images import read_cine
from radloop.models import load_bundle

SCHEMA = places.bundles() / "schema" / "meta_schema_20240725.json"


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """A copy of the bundle's folder, far from the checkout."""
    folder = tmp_path_factory.mktemp("alone") / "cine_heart"
    shutil.copytree(
        places.bundles() / "cine_heart", folder, ignore=shutil.ignore_patterns("runs", "eval", "__pycache__")
    )
    return folder


def monai(bundle: Path, *arguments: str, launcher: tuple[str, ...] = ()) -> str:
    """``python -m monai.bundle`` in the bundle's folder, which sees nothing of radloop; returns what it printed."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"} | {"PYTHONPATH": str(bundle)}
    command = [sys.executable, "-W", "ignore", "-m", *launcher, "monai.bundle", *arguments]
    done = subprocess.run(command, cwd=bundle, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout + done.stderr


def test_metadata_follow_the_schema():
    verify_metadata(meta_file=str(places.bundles() / "cine_heart/configs/metadata.json"), filepath=str(SCHEMA))


def test_metadata_without_a_required_field_do_not(tmp_path):
    broken = load_metadata()
    del broken["network_data_format"]
    (tmp_path / "broken.json").write_text(json.dumps(broken))
    with pytest.raises(ValueError, match="network_data_format"):
        verify_metadata(meta_file=str(tmp_path / "broken.json"), filepath=str(SCHEMA))


def test_network_takes_and_gives_what_the_metadata_say(alone):
    monai(
        alone,
        *("verify_net_in_out", "--net_id", "network_def", "--meta_file", "configs/metadata.json"),
        *("--config_file", "configs/inference.json", "--n", "3"),
    )


def test_version_and_changelog_move_together():
    metadata = load_metadata()
    assert list(metadata["changelog"])[-1] == metadata["version"]


def test_weights_are_small_and_load_without_running_code():
    import torch

    path = places.bundles() / "cine_heart" / "models" / "model.pt"
    assert path.stat().st_size <= 8_000_000
    assert torch.load(path, weights_only=True)["model"]


def test_alone_it_draws_the_same_voxels_as_within_radloop(alone, tmp_path):
    short = tmp_path / "in" / "short.nii.gz"
    short.parent.mkdir()
    source = nibabel.load(places.sample_data() / "failing.nii.gz")
    nibabel.save(source.slicer[:, :, 2:6, :5], short)
    monai(
        alone,
        *("run", "--config_file", "configs/inference.json", "--meta_file", "configs/metadata.json"),
        *("--logging_file", "configs/logging.conf", "--bundle_root", str(alone)),
        *("--dataset_dir", str(short.parent), "--output_dir", str(tmp_path / "out")),
    )
    written = nibabel.load(tmp_path / "out" / "short.nii.gz")
    expected = load_bundle("cine_heart").predict(read_cine(short)).label
    assert np.array_equal(np.asarray(written.dataobj), expected)
    assert np.array_equal(written.affine, nibabel.load(short).affine)
    assert (expected == 3).any()


HEADERS = {
    "as it should be": {},
    "nothing filled": {"sform_code": 0, "qform_code": 0, "xyzt_units": 0, "pixdim": [1, 1, 1, 1, 1, 0, 0, 0]},
    "voxel sizes only": {"srow_x": [-1, 0, 0, 0], "srow_y": [0, -1, 0, 0], "srow_z": [0, 0, 1, 0]},
    "affine only": {"pixdim": [1, 1, 1, 1, 1, 0, 0, 0]},
    "both, and they differ": {"pixdim": [1, 2, 2, 3, 1, 0, 0, 0]},
    "metres": {"xyzt_units": 1, "srow_x": [0.0014, 0, 0, 0], "pixdim": [1, 0.0014, 0.0014, 0.008, 1, 0, 0, 0]}
    | {"srow_y": [0, 0.0014, 0, 0], "srow_z": [0, 0, 0.008, 0]},
    "metres called millimetres": {"srow_x": [0.0014, 0, 0, 0], "pixdim": [1, 0.0014, 0.0014, 0.008, 1, 0, 0, 0]}
    | {"srow_y": [0, 0.0014, 0, 0], "srow_z": [0, 0, 0.008, 0]},
}


@pytest.mark.parametrize("fields", HEADERS.values(), ids=HEADERS)
def test_alone_it_believes_of_a_header_what_radloop_believes(fields, tmp_path):
    voxels = np.random.default_rng(0).integers(0, 99, (16, 18, 3, 2)).astype(np.uint8)
    picture = nibabel.Nifti1Image(voxels, np.diag([1.4, 1.4, 8, 1]))
    picture.header.set_xyzt_units("mm", "sec")
    plain = tmp_path / "plain.nii"
    nibabel.save(picture, plain)
    header = plain.read_bytes()[:348]
    changed = nibabel.Nifti1Header(header)
    for name, value in fields.items():
        changed[name] = value
    file = tmp_path / "cine.nii"
    file.write_bytes(changed.binaryblock + plain.read_bytes()[348:])
    loaded = LoadCined("image")({"image": str(file)})["image"]
    cine = read_cine(file)
    assert bool(loaded.meta["spacing_known"]) == cine.spacing_known
    assert np.allclose(loaded.affine, cine.affine, atol=1e-6)
    assert np.array_equal(loaded[0], cine.voxels)


def test_alone_it_writes_every_patient_into_a_folder_of_their_own(tmp_path):
    for name in ("patient001", "patient002"):
        (tmp_path / "in" / name).mkdir(parents=True)
        nibabel.save(nibabel.Nifti1Image(np.ones((16, 16, 2)), np.eye(4)), tmp_path / "in" / name / "ed.nii.gz")
    for item in cines(str(tmp_path / "in")):
        read = LoadCined("image")(item)
        SaveLabeld("pred", str(tmp_path / "out"))({**read, "pred": torch.zeros(1, 16, 16, 2, 1)})
    written = sorted(p.relative_to(tmp_path / "out").as_posix() for p in (tmp_path / "out").rglob("*.nii.gz"))
    assert written == ["patient001/ed.nii.gz", "patient002/ed.nii.gz"]


@pytest.fixture
def patients(tmp_path):
    """Two made patients laid out like ACDC's development part, and a split that names them."""
    from radloop.synthesis import make_phantom

    for seed, name in enumerate(("patient001", "patient002")):
        folder = tmp_path / "data" / name
        folder.mkdir(parents=True)
        phantom = make_phantom(seed)
        volume = (phantom.label == 3).sum(axis=(0, 1, 2))
        frames = {"ed": int(volume.argmax()), "es": int(volume.argmin())}
        for phase, t in frames.items():
            for suffix, voxels in (("", phantom.cine.voxels), ("_gt", phantom.label)):
                picture = nibabel.Nifti1Image(np.asarray(voxels[..., 3:6, t]), phantom.cine.affine)
                nibabel.save(picture, folder / f"{phase}{suffix}.nii.gz")
    (tmp_path / "split.json").write_text(json.dumps({"train": ["patient001"], "val": [], "test": ["patient002"]}))
    return tmp_path


def test_it_trains_is_interrupted_resumes_and_is_evaluated_alone(alone, patients):
    common = (
        "--config_file",
        "configs/train.json",
        "--bundle_root",
        str(alone),
        "--dataset_dir",
        str(patients / "data"),
    )
    common += (
        "--split",
        str(patients / "split.json"),
        "--output_dir",
        str(patients / "runs"),
        "--steps_per_epoch",
        "2",
    )
    monai(alone, "run", *common, "--epochs", "1")
    resumed = monai(alone, "run", *common, "--epochs", "2")
    assert "epoch 2 saved" in resumed
    assert "epoch 1 saved" not in resumed
    evaluated = monai(
        alone,
        *("run", "--config_file", "['configs/inference.json','configs/evaluate.json']", "--bundle_root", str(alone)),
        *("--dataset_dir", str(patients / "data"), "--split", str(patients / "split.json")),
        *("--ckpt_path", str(patients / "runs" / "model.pt"), "--logging_file", "configs/logging.conf"),
    )
    assert "mean_dice" in evaluated


def test_two_processes_train_together(alone, patients):
    weights = {}
    for processes in (1, 2):
        output = patients / f"runs{processes}"
        said = monai(
            alone,
            *("run", "--config_file", "['configs/train.json','configs/multi_gpu_train.json']"),
            *("--bundle_root", str(alone), "--dataset_dir", str(patients / "data"), "--output_dir", str(output)),
            *("--split", str(patients / "split.json"), "--steps_per_epoch", "1", "--epochs", "1"),
            *("--start_from", str(alone / "models" / "model.pt")),
            launcher=("torch.distributed.run", "--standalone", "--nproc_per_node", str(processes), "-m"),
        )
        assert said.count("epoch 1 saved") == 1
        weights[processes] = torch.load(output / "checkpoint.pt", weights_only=True)["network"]
    # Two saw other pictures than the one. (A first step of Adam goes by signs: some weights go the same way.)
    assert any(not torch.equal(weights[1][name], weights[2][name]) for name in weights[1])


def load_metadata():
    return json.loads((places.bundles() / "cine_heart" / "configs" / "metadata.json").read_text())
