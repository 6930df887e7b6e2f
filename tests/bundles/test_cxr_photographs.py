"""What the adult variant takes from photographs: the published weights, and a linear reading of untouched features."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from cxr_classifier_code.efficientnet_lite import Trunk, all_layers
from cxr_classifier_code.figures import auc
from cxr_classifier_code.films import Entry, Films
from cxr_classifier_code.linear_reading import add_linear_reading, vectors
from cxr_classifier_code.network import Classifier, build
from cxr_classifier_code.photographs import from_photographs
from cxr_classifier_code.picture import prepared

SIDE = 64


def published(seed: int = 0) -> dict[str, Tensor]:
    """Weights in the published order and shapes, of a network for three colours."""
    torch.manual_seed(seed)
    layers = nn.Sequential(*all_layers())
    layers[0][1] = nn.Conv2d(3, 32, 3, 2, bias=False)
    for weight in layers.parameters():
        if weight.ndim == 4:
            nn.init.kaiming_normal_(weight)  # or else nothing is left of a picture behind so many layers
    return {f"_{i}": weight for i, weight in enumerate(layers.state_dict().values())} | {"_fc": torch.zeros(1000, 7)}


def a_network(kept: int = 6) -> Classifier:
    torch.manual_seed(1)
    network = build("efficientnet_lite0", 2, kept=kept)
    own = network.state_dict()
    network.load_state_dict(own | {n: w for n, w in from_photographs(published()).items() if n in own})
    return network.eval()


def films() -> Films:
    """Of two classes: with a bright square at one side, and without."""
    chance = np.random.default_rng(0)
    pictures = chance.normal(100, 20, (40, SIDE, SIDE))
    pictures[1::2, 20:40, 8:28] += 80
    labels, shown = torch.arange(40) % 2, torch.from_numpy(pictures.clip(0, 255).astype(np.uint8))[:, None]
    entries = tuple(Entry(f"{i}", "ab"[i % 2], f"{i}", "", "train", shown[i, 0].numpy()) for i in range(40))
    return Films(shown, labels, entries, ("a", "b"))


def test_a_grey_picture_gives_what_three_equal_colours_gave() -> None:
    weights = published()
    grey, colour = a_network(), nn.Sequential(*all_layers())
    colour[0][1] = nn.Conv2d(3, 32, 3, 2, bias=False)
    colour.load_state_dict(dict(zip(colour.state_dict(), list(weights.values())[:-1], strict=True)))
    picture = torch.randn(2, 1, SIDE, SIDE)
    with torch.inference_mode():
        expected = colour.eval()[:12](picture.expand(-1, 3, -1, -1) * 0.5)
        torch.testing.assert_close(grey.trunk(picture)[:, :112], expected, atol=1e-4, rtol=1e-3)


def test_weights_of_another_network_are_refused() -> None:
    with pytest.raises(ValueError, match="not the weights of EfficientNet-Lite0"):
        from_photographs({"first": torch.zeros(64, 3, 7, 7)})


def test_a_tuned_map_and_an_untouched_one_lie_on_one_grid() -> None:
    trunk = a_network().trunk
    assert isinstance(trunk, Trunk)
    with torch.inference_mode():
        for height, width in ((64, 64), (160, 160), (70, 100)):
            maps = trunk.eval()(torch.randn(1, 1, height, width))
            assert maps.shape == (1, trunk.width, -(-height // 16), -(-width // 16))
            assert not trunk.train()(torch.randn(1, 1, height, width))[:, trunk.tuned_width :].any()


def test_the_linear_reading_tells_classes_apart_and_is_the_same_when_repeated() -> None:
    network, shown = a_network(), films()
    pictures = prepared([p.float().numpy() for p in shown.pictures[:, 0]], SIDE)
    answers = []
    for _ in range(2):
        add_linear_reading(network, shown, pictures)
        with torch.inference_mode():
            answers.append(network.head(vectors(network, pictures)))
    torch.testing.assert_close(answers[0], answers[1], atol=1e-4, rtol=1e-3)
    with torch.no_grad():
        network.head[1].weight[:, :112] = 0  # type: ignore[index, operator]
        linear = network.head(vectors(network, pictures))
    apart = (linear[:, 1] - linear[:, 0]).numpy()
    assert auc(apart, shown.labels.numpy() == 1) > 0.95


def test_other_networks_are_left_as_they_are() -> None:
    network, shown = build("residual", 2), films()
    before = {name: weight.clone() for name, weight in network.state_dict().items()}
    add_linear_reading(network, shown, prepared([p.float().numpy() for p in shown.pictures[:, 0]], SIDE))
    assert all(torch.equal(before[name], weight) for name, weight in network.state_dict().items())
