"""cxr_classifier by itself: a copy of its folder and MONAI's own commands, without radloop."""

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from monai.bundle import verify_metadata
from PIL import Image

from radloop import places

BUNDLE = places.bundles() / "cxr_classifier"
SCHEMA = places.bundles() / "schema" / "meta_schema_20240725.json"
METADATA = json.loads((BUNDLE / "configs" / "metadata.json").read_text())
VARIANTS = ("adult", "pneumoniamnist")


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """A copy of the bundle's folder, far from the checkout."""
    folder = tmp_path_factory.mktemp("alone") / "cxr_classifier"
    shutil.copytree(BUNDLE, folder, ignore=shutil.ignore_patterns("runs", "eval", "__pycache__"))
    return folder


def monai(bundle: Path, *arguments: object) -> str:
    """``python -m monai.bundle`` in the bundle's folder, which sees nothing of radloop; returns what it printed."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"} | {"PYTHONPATH": str(bundle)}
    command = [sys.executable, "-W", "ignore", "-m", "monai.bundle", *map(str, arguments)]
    done = subprocess.run(command, cwd=bundle, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout + done.stderr


def picture_like_a_chest(seed: int, side: int = 64) -> np.ndarray:
    """Two dark fields beside a bright middle, uint8."""
    chance = np.random.default_rng(seed)
    y, x = np.mgrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j]
    lungs = sum(np.exp(-(((x - c) / 0.3) ** 4) - ((y + 0.1) / 0.7) ** 4) for c in (-0.45, 0.45))
    return np.clip(200 - 140 * lungs + chance.normal(0, 8, (side, side)), 0, 255).astype(np.uint8)


def test_metadata_follow_the_schema():
    verify_metadata(meta_file=str(BUNDLE / "configs" / "metadata.json"), filepath=str(SCHEMA))


def test_network_takes_and_gives_what_the_metadata_say(alone):
    monai(
        alone,
        *("verify_net_in_out", "--net_id", "network_def", "--meta_file", "configs/metadata.json"),
        *("--config_file", "configs/inference.json"),
    )


def test_version_and_changelog_move_together():
    assert list(METADATA["changelog"])[-1] == METADATA["version"]


@pytest.mark.parametrize("variant", VARIANTS)
def test_weights_are_small_and_load_without_running_code(variant):
    path = BUNDLE / "models" / f"{variant}.pt"
    assert path.stat().st_size <= 8_000_000
    assert torch.load(path, weights_only=True)["model"]


@pytest.mark.parametrize("variant", VARIANTS)
def test_metadata_state_what_an_answer_rests_on(variant):
    about = METADATA["classification"][variant]
    assert about["classes"] == ["normal", "pneumonia"]
    assert about["positive"] == "pneumonia"
    assert about["prior"] == 0.5
    assert about["temperature"] > 0
    assert 0 < about["threshold"] < 1
    assert about["sensitivity"] > 0.5
    assert about["specificity"] > 0.5
    assert set(about["abstention"]["limits"]) == {"strange", "distance", "unexplained"}


def test_the_adult_split_has_every_patient_on_one_side():
    split = json.loads((BUNDLE / "configs" / "split.json").read_text())
    parts = [p for name in ("train", "val", "test") for p in split[name]]
    folds = [p for fold in split["folds"] for p in fold]
    assert len(split["folds"]) == 5
    assert len(parts) == len(set(parts))
    assert sorted(parts) == sorted(folds) == sorted(set(folds))


@pytest.mark.parametrize("variant", VARIANTS)
def test_alone_it_reads_as_the_inferer_does(alone, tmp_path, variant):
    from cxr_classifier_code.inference import ready

    folder = tmp_path / "in" / "deeper"
    folder.mkdir(parents=True)
    Image.fromarray(picture_like_a_chest(0)).save(folder / "film.png")
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (50, 40), dtype=np.uint8)).save(
        tmp_path / "in" / "noise.png"
    )
    configs = ["configs/inference.json"] + (["configs/pneumoniamnist.json"] if variant != "adult" else [])
    monai(
        alone,
        *("run", "--config_file", str(configs), "--meta_file", "configs/metadata.json"),
        *("--logging_file", "configs/logging.conf", "--bundle_root", alone),
        *("--dataset_dir", tmp_path / "in", "--output_dir", tmp_path / "out"),
    )
    with (tmp_path / "out" / "predictions.csv").open(newline="") as file:
        rows = {row["file"]: row for row in csv.DictReader(file)}
    inferer, network = ready(str(BUNDLE), variant)
    (reading,) = inferer([picture_like_a_chest(0).astype(np.float32)], network)
    row = rows["deeper/film.png"]
    assert row["abstained"] == str(reading.abstained).lower()
    assert row["reason"] == reading.reason
    assert row["label"] == (reading.label or "")
    noise = rows["noise.png"]
    assert noise["abstained"] == "true"
    assert "chest X-ray" in noise["reason"]
    assert noise["label"] == noise["pneumonia"] == ""


@pytest.fixture
def own_images(tmp_path):
    """Three classes of pictures, which differ in where a bright bar lies, and an index of them."""
    chance = np.random.default_rng(1)
    rows = ["file,label,patient,part"]
    for i in range(60):
        label, part = "abc"[i % 3], ("train", "train", "train", "val")[i // 3 % 4]
        pixels = chance.integers(0, 90, (40, 36), dtype=np.uint8)
        pixels[4 + 12 * (i % 3) : 10 + 12 * (i % 3)] = 220
        Image.fromarray(pixels).save(tmp_path / f"{i}.png")
        rows.append(f"{i}.png,{label},p{i},{part}")
    (tmp_path / "index.csv").write_text("\n".join(rows))
    return tmp_path


def test_it_learns_classes_of_ones_own_is_interrupted_and_goes_on(alone, own_images):
    run, out = own_images / "run", own_images / "out"
    common = ("--config_file", "configs/train.json", "--bundle_root", alone, "--index", own_images / "index.csv")
    common += ("--classes", "['a','b','c']", "--output_dir", run, "--size", 28, "--gate_steps", 10)
    common += ("--learning_rate", 0.005, "--batch_size", 16, "--network_name", "classic")
    monai(alone, "run", *common, "--epochs", 6)
    resumed = monai(alone, "run", *common, "--epochs", 12)
    assert "epoch 12 of 12" in resumed
    assert "epoch 6 of" not in resumed
    with (run / "history.csv").open(newline="") as file:
        history = list(csv.DictReader(file))
    assert [int(row["epoch"]) for row in history] == list(range(1, 13))
    assert float(history[-1]["val_auc"]) > 0.9
    about = json.loads((run / "calibration.json").read_text())
    assert about["classes"] == ["a", "b", "c"]
    assert about["threshold"] is None
    monai(
        alone,
        *("run", "--config_file", "configs/inference.json", "--bundle_root", alone, "--dataset_dir", own_images),
        *("--calibration_file", run / "calibration.json", "--ckpt_path", run / "model.pt", "--output_dir", out),
    )
    header, *rows = (out / "predictions.csv").read_text().split()
    assert header == "file,label,abstained,reason,a,b,c"
    assert len(rows) >= 60


def test_a_part_is_evaluated_alone(alone, tmp_path):
    images = np.stack([np.asarray(Image.fromarray(picture_like_a_chest(i)).resize((28, 28))) for i in range(8)])
    labels = np.arange(8)[:, None] % 2
    np.savez(tmp_path / "few.npz", val_images=images, val_labels=labels)
    printed = monai(
        alone,
        *("run", "--config_file", "['configs/inference.json','configs/evaluate.json','configs/pneumoniamnist.json']"),
        *("--bundle_root", alone, "--dataset_dir", tmp_path / "few.npz", "--part", "val", "--output_dir", tmp_path),
    )
    found = json.loads(next(line for line in printed.splitlines() if line.startswith('{"films"')))
    assert found["films"] == 8
    assert 0 <= found["auc"] <= 1
