"""The network's promises: any size, any number of frames, frames that hear of each other."""

import numpy as np
import onnxruntime
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cine_heart_code.export import export_onnx
from cine_heart_code.network import RecurrentUNet


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return RecurrentUNet().eval()


@settings(max_examples=15, deadline=None)
@given(frames=st.integers(1, 5), height=st.integers(16, 70), width=st.integers(16, 70))
def test_any_number_of_frames_and_any_matrix_from_16_pixels(network, frames, height, width):
    with torch.inference_mode():
        logits = network(torch.rand(1, 3, frames, height, width))
    assert logits.shape == (1, 4, frames, height, width)
    assert torch.isfinite(logits).all()


def test_slices_in_one_batch_are_as_one_by_one(network):
    slices = torch.rand(3, 3, 4, 48, 40)
    with torch.inference_mode():
        together = network(slices)
        apart = torch.cat([network(s[None]) for s in slices])
    torch.testing.assert_close(together, apart, atol=1e-4, rtol=1e-4)


def test_a_frame_is_judged_in_the_light_of_both_neighbours(network):
    cine = torch.rand(1, 3, 5, 48, 48)
    with torch.inference_mode():
        before = network(cine)[:, :, 2]
        for changed in (0, 4):
            other = cine.clone()
            other[:, :, changed] = 0
            assert (network(other)[:, :, 2] - before).abs().max() > 1e-4


def test_a_slice_without_neighbours_is_its_own_neighbour(network):
    cine = torch.rand(2, 1, 2, 48, 48)
    with torch.inference_mode():
        alone, repeated = network(cine), network(cine.repeat(1, 3, 1, 1, 1))
        between = network(torch.cat((torch.rand_like(cine), cine, torch.rand_like(cine)), dim=1))
    torch.testing.assert_close(alone, repeated)
    assert (between - alone).abs().max() > 1e-3


def test_without_memory_the_order_of_frames_is_nothing(network):
    cine = torch.rand(1, 3, 5, 48, 48)
    order = [3, 0, 4, 2, 1]
    recurrent = [m for m in network.modules() if hasattr(m, "keep_state")]
    for module in recurrent:
        module.keep_state = False
    with torch.inference_mode():
        without = network(cine)[:, :, order], network(cine[:, :, order])
    for module in recurrent:
        module.keep_state = True
    with torch.inference_mode():
        remembered = network(cine)[:, :, order], network(cine[:, :, order])
    torch.testing.assert_close(*without, atol=1e-4, rtol=1e-4)
    assert (remembered[0] - remembered[1]).abs().max() > 1e-3


def test_a_dark_frame_stays_dark_beside_a_bright_one(network):
    # What is uniform would be scaled up to full contrast if each frame were normalised by itself.
    bright = torch.rand(1, 3, 1, 48, 48)
    clip = torch.cat((bright, 0.01 * torch.rand_like(bright)), dim=2)
    with torch.inference_mode():
        spread = network(clip).std(dim=(0, 1, 3, 4))
        alone = network(clip[:, :, 1:]).std()
    assert spread[1] < 0.5 * alone


def test_how_bright_a_picture_is_does_not_matter(network):
    cine = torch.rand(1, 3, 2, 64, 64)
    with torch.inference_mode():
        plain, other = network(cine), network(3.7 * cine)
    torch.testing.assert_close(plain, other, atol=2e-2, rtol=2e-2)


@pytest.fixture(scope="module")
def exported(network, tmp_path_factory):
    path = tmp_path_factory.mktemp("onnx") / "model.onnx"
    return onnxruntime.InferenceSession(export_onnx(network, str(path)))


@pytest.mark.parametrize("shape", [(1, 3, 1, 32, 32), (2, 3, 3, 64, 48), (3, 3, 7, 50, 81), (1, 3, 2, 16, 17)])
def test_onnx_says_the_same_at_sizes_it_was_not_exported_with(network, exported, shape):
    cine = torch.rand(shape)
    with torch.inference_mode():
        expected = network(cine).numpy()
    (found,) = exported.run(None, {"image": cine.numpy()})
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, atol=1e-3)
