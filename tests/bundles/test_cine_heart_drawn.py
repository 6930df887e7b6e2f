"""Batches from pictures of which people drew a part."""

from pathlib import Path

import nibabel
import numpy as np
import pytest
import torch
from monai.bundle import ConfigParser

from cine_heart_code.drawn import DrawnClips, drawn_stack

BUNDLE = Path(__file__).resolve().parents[2] / "bundles/cine_heart"


def save(path: Path, voxels: np.ndarray) -> str:
    nibabel.save(nibabel.Nifti1Image(voxels, np.diag([1.5, 1.5, 8, 1])), path)
    return str(path)


@pytest.fixture
def data(tmp_path: Path) -> list[dict[str, str]]:
    """A cine of which one slice of frame 2 was reviewed, and a volume whose label has no right ventricle."""
    random = np.random.default_rng(0)
    cine = random.uniform(0, 500, (80, 72, 4, 6)).astype(np.float32)
    label = np.full(cine.shape, 255, np.uint8)
    label[:, :, 2, 1] = 0
    label[30:40, 30:40, 2, 1] = 3
    label[45:50, 30:40, 2, 1] = 1
    still = np.zeros(cine.shape[:3], np.uint8)
    still[30:40, 30:40] = 3
    return [
        {"image": save(tmp_path / "a.nii", cine), "label": save(tmp_path / "al.nii", label)},
        {"image": save(tmp_path / "b.nii", cine[..., 0]), "label": save(tmp_path / "bl.nii", still)},
    ]


def test_every_batch_teaches_something_and_nothing_that_nobody_drew(data: list[dict[str, str]]) -> None:
    for batch in DrawnClips(data, batches=12, seed=1):
        count, channels, frames, size, _ = batch["image"].shape
        assert channels == 3
        assert batch["label"].shape == (count, 1, frames, size, size)
        assert batch["image"].dtype == torch.float32
        assert torch.isfinite(batch["image"]).all()
        values = set(batch["label"].unique().tolist())
        assert values <= {0, 1, 3, 255}
        assert values - {255}


def test_only_slices_with_a_drawn_frame_are_drawn_from(data: list[dict[str, str]]) -> None:
    clips = DrawnClips(data, batches=1)
    assert clips.cine_slices == [(0, 2), *((1, z) for z in range(4))]
    assert clips.stills == []


def test_the_stack_is_the_file_slice_by_slice(data: list[dict[str, str]]) -> None:
    stack = drawn_stack(Path(data[0]["image"]), Path(data[0]["label"]))
    voxels = np.asarray(nibabel.load(data[0]["image"]).dataobj)
    np.testing.assert_array_equal(stack.image[2, 5], voxels[:, :, 2, 5])
    assert (stack.label[2, 1] == 3).sum() == 100
    assert stack.centre == (39.5, 34.5)
    assert stack.rv_angle == pytest.approx(0, abs=1e-6)  # the right ventricle lies towards larger x
    still = drawn_stack(Path(data[1]["image"]), Path(data[1]["label"]))
    assert (still.image.shape, still.centre) == ((4, 1, 80, 72), (39.5, 35.5))


def test_the_configuration_lies_over_that_of_training(data: list[dict[str, str]]) -> None:
    parser = ConfigParser()
    parser.read_config([BUNDLE / "configs" / name for name in ("train.json", "fine_tune.json")])
    parser["bundle_root"], parser["data"] = str(BUNDLE), data
    assert isinstance(parser.get_parsed_content("train::dataset"), DrawnClips)
    assert Path(parser.get_parsed_content("start_from")).name == "model.pt"
