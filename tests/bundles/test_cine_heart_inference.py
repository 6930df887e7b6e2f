"""The bundle's inference with its committed weights, on sample hearts whose labels are known."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cine_heart_code.grid import Frame, StandardOrder
from radloop import places
from radloop.images import Cine, read_cine
from radloop.learning.agreement import dice
from radloop.models import load_bundle
from radloop.synthesis import make_phantom


@pytest.fixture(scope="module")
def bundle():
    return load_bundle("cine_heart")


@pytest.fixture(scope="module")
def heart():
    """A sample heart at two times of its beat, so that the tests stay quick."""
    cine = read_cine(places.sample_data() / "normal.nii.gz")
    return Cine(np.ascontiguousarray(cine.voxels[..., ::9][..., :2]), cine.affine)


@pytest.fixture(scope="module")
def expected(bundle, heart):
    return bundle.predict(heart).label


def reordered(cine: Cine, swap: bool, flips: tuple[int, ...]) -> tuple[Cine, np.ndarray]:
    """The same exam with its in-plane axes stored in another order, and where its voxels went."""
    order = np.eye(4)
    voxels = cine.voxels
    for axis in flips:
        voxels = np.flip(voxels, axis)
        order = order @ _flip(axis, cine.voxels.shape[axis])
    if swap:
        voxels = voxels.swapaxes(0, 1)
        order = order @ np.eye(4)[[1, 0, 2, 3]]
    return Cine(np.ascontiguousarray(voxels), cine.affine @ order), order


def _flip(axis: int, n: int) -> np.ndarray:
    matrix = np.eye(4)
    matrix[axis, axis], matrix[axis, 3] = -1, n - 1
    return matrix


def back(label: np.ndarray, swap: bool, flips: tuple[int, ...]) -> np.ndarray:
    return np.flip(label.swapaxes(0, 1) if swap else label, flips)


@pytest.mark.parametrize(("swap", "flips"), list(itertools.product((False, True), ((), (0,), (1,), (0, 1)))))
def test_one_exam_has_one_answer_in_all_eight_orders_of_its_pixels(bundle, heart, expected, swap, flips):
    other, _ = reordered(heart, swap, flips)
    assert np.array_equal(back(bundle.predict(other).label, swap, flips), expected)
    assert (expected == 3).any()


def test_slices_in_reverse_order_give_labels_in_reverse_order(bundle, heart, expected):
    upside_down = Cine(np.ascontiguousarray(heart.voxels[:, :, ::-1]), heart.affine @ _flip(2, heart.voxels.shape[2]))
    assert np.array_equal(bundle.predict(upside_down).label[:, :, ::-1], expected)


def test_a_turn_that_the_header_does_not_tell_turns_the_answer(bundle, heart, expected):
    """Voxels mirrored and turned under an unchanged affine: another picture for the network, the same heart."""
    for k in (1, 2, 3):
        turned = Cine(np.ascontiguousarray(np.rot90(heart.voxels, k)), heart.affine)
        found = np.rot90(bundle.predict(turned).label, -k)
        assert min(dice(found, expected, value) for value in (1, 2, 3)) > 0.85


def test_grey_values_in_another_unit_are_the_same_picture(bundle, heart, expected):
    scaled = Cine(heart.voxels.astype(np.float32) * 17.5 - 300, heart.affine)
    found = bundle.predict(scaled).label
    assert min(dice(found, expected, value) for value in (1, 2, 3)) > 0.99


def test_one_frame_alone_is_labelled(bundle, heart, expected):
    still = Cine(heart.voxels[..., :1], heart.affine, still=True)
    label = bundle.predict(still).label
    assert label.shape == still.voxels.shape
    assert min(dice(label, expected[..., :1], value) for value in (2, 3)) > 0.8


def test_the_heart_is_what_beats_in_a_large_field_of_view(bundle):
    """Vertebrae look like ventricles in every slice."""
    phantom = make_phantom(0, frames=3, matrix=(256, 216), spacing_mm=(1.5, 10.0))
    assert dice(bundle.predict(phantom.cine).label, phantom.label, 3) > 0.8


def test_noise_has_no_heart(bundle):
    noise = np.random.default_rng(0).normal(100, 10, (120, 110, 3, 2)).astype(np.float32)
    assert not bundle.predict(Cine(noise, np.diag([1.5, 1.5, 8, 1]))).label.any()


@settings(max_examples=30, deadline=None)
@given(
    swap=st.booleans(),
    flips=st.sampled_from([(), (0,), (1,), (2,), (0, 1), (1, 2), (0, 1, 2)]),
    seed=st.integers(0, 99),
)
def test_the_standard_order_undoes_itself_and_is_the_same_for_every_storage(swap, flips, seed):
    rng = np.random.default_rng(seed)
    turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    affine = np.eye(4)
    affine[:3, :3] = turn * [1.4, 1.6, 8]
    voxels = rng.random((5, 7, 2, 1))
    cine = Cine(voxels, affine)
    other, _ = reordered(cine, swap, flips)
    order, other_order = StandardOrder.of(affine), StandardOrder.of(other.affine)
    assert torch.equal(order.undo(order.apply(torch.from_numpy(voxels))), torch.from_numpy(voxels))
    standard = [o.apply(torch.from_numpy(c.voxels.copy())) for o, c in ((order, cine), (other_order, other))]
    assert torch.equal(*standard)


@settings(max_examples=25, deadline=None)
@given(
    angle=st.floats(-3.1, 3.1),
    middle=st.tuples(st.floats(60, 90), st.floats(60, 80)),
    spacing=st.tuples(st.floats(0.7, 2), st.floats(0.7, 2)),
)
def test_what_a_turned_frame_shows_is_put_back_where_it_was(angle, middle, spacing):
    """A disc in the picture, known in millimetres: in the frame it lies where geometry says, and returns there."""
    spacing = np.array(spacing)
    nx, ny = (int(n) for n in np.ceil(150 / spacing))
    at = [(np.arange(n) + 0.5) * s for n, s in zip((nx, ny), spacing, strict=True)]
    x, y = np.meshgrid(*at, indexing="ij")
    disc_at = np.add(middle, (11, -6))
    disc = torch.from_numpy((np.hypot(x - disc_at[0], y - disc_at[1]) < 12).astype(np.float32))
    frame = Frame(middle, (40.0, 33.0), angle, 1.5)
    shown = frame.cut(disc[None, None], spacing)
    assert shown.shape[2:] == frame.size == (53, 44)
    i, j = np.nonzero(shown[0, 0].numpy() > 0.5)
    offset = (np.array([i.mean(), j.mean()]) - (26, 21.5)) * 1.5
    cos, sin = np.cos(angle), np.sin(angle)
    np.testing.assert_allclose(offset, [cos * 11 + sin * -6, -sin * 11 + cos * -6], atol=0.6)
    xs, ys = frame.touches((nx, ny), spacing)
    returned = torch.zeros(nx, ny)
    returned[xs, ys] = frame.place(shown[0], xs, ys, spacing)[0]
    assert dice(returned.numpy() > 0.5, disc.numpy() > 0.5, True) > 0.95
