"""Do heat maps show what decides? A toy class that a bright square makes, at nine places."""

import numpy as np
import pytest
import torch

from cxr_classifier_code.heat_map import evidence, on_grid
from cxr_classifier_code.network import Classifier, residual
from cxr_classifier_code.picture import standardised

SIDE, SQUARE = 48, 9
# Pixels that one place of the network's map stands for: finer a heat map of it cannot be.
CELL = 8
PLACES = [(r, c) for r in (4, 20, 35) for c in (4, 20, 35)]


def toys(places: list[tuple[int, int] | None], seed: int) -> torch.Tensor:
    """Noise, with a bright square where a place (row, column of its corner) is given: (N, 1, 48, 48)."""
    chance = torch.Generator().manual_seed(seed)
    pictures = torch.randn(len(places), 1, SIDE, SIDE, generator=chance)
    for picture, place in zip(pictures, places, strict=True):
        if place:
            picture[0, place[0] : place[0] + SQUARE, place[1] : place[1] + SQUARE] += 2.5
    return standardised(pictures)


@pytest.fixture(scope="module")
def taught() -> Classifier:
    """A small network that has learned to tell pictures with a square from those without, wherever it lies."""
    torch.manual_seed(0)
    network = residual(2, channels=(8, 16, 32), blocks=(1, 1, 1))
    optimizer = torch.optim.AdamW(network.learned(), lr=0.005)
    chance = np.random.default_rng(0)
    network.train()
    for step in range(60):
        squares = [tuple(map(int, chance.integers(0, SIDE - SQUARE, 2))) if i % 2 else None for i in range(24)]
        loss = torch.nn.functional.cross_entropy(network(toys(squares, step)), torch.arange(24) % 2)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    network.eval()
    with torch.inference_mode():
        answers = network(toys([*PLACES, *[None] * 9], 999)).argmax(dim=1)
    assert (answers == torch.tensor([1] * 9 + [0] * 9)).float().mean() > 0.9
    return network


def maps(network: Classifier, pictures: torch.Tensor) -> list[np.ndarray]:
    drawn = evidence(network, pictures, torch.ones(len(pictures), dtype=torch.long))
    return [on_grid(places, (SIDE, SIDE)) for places in drawn]


def test_planted_evidence_is_found_at_nine_places(taught):
    for (row, column), drawn in zip(PLACES, maps(taught, toys(list(PLACES), 7)), strict=True):
        top, left = np.unravel_index(drawn.argmax(), drawn.shape)
        assert abs(top - (row + SQUARE // 2)) < CELL, (row, column)
        assert abs(left - (column + SQUARE // 2)) < CELL, (row, column)
        rows = slice(max(0, row - CELL), row + SQUARE + CELL)
        columns = slice(max(0, column - CELL), column + SQUARE + CELL)
        assert drawn[rows, columns].sum() > 0.5 * drawn.sum(), (row, column)


def test_with_random_weights_the_map_is_another(taught):
    torch.manual_seed(5)
    random = residual(2, channels=(8, 16, 32), blocks=(1, 1, 1)).eval()
    pictures = toys(list(PLACES), 7)
    alike = [
        np.corrcoef(a.ravel(), b.ravel())[0, 1] if b.any() else 0.0
        for a, b in zip(maps(taught, pictures), maps(random, pictures), strict=True)
    ]
    assert np.mean(alike) < 0.5


def test_a_map_beside_the_middle_square_is_empty():
    drawn = on_grid(torch.ones(4, 4), (30, 50))
    assert drawn.shape == (30, 50)
    assert not drawn[:, :10].any()
    assert not drawn[:, 40:].any()
    assert drawn[:, 10:40].min() == pytest.approx(1, abs=1e-4)
