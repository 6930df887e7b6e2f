"""Weights of networks on disk: written small and whole, read without running code."""

import os
from pathlib import Path
from typing import Any

import torch

from cxr_classifier_code.network import Classifier


def load_weights(network: Classifier, path: str) -> Classifier:
    network.load_state_dict(torch.load(path, weights_only=True, map_location="cpu")["model"])
    return network.eval()


def start_from(network: Classifier, path: str) -> None:
    """Takes over what fits of the weights of another training, but for the head, which belongs to its classes."""
    weights = torch.load(path, weights_only=True, map_location="cpu")["model"]
    own = network.state_dict()
    fitting = {n: w for n, w in weights.items() if n in own and own[n].shape == w.shape and not n.startswith("head.")}
    network.load_state_dict(own | fitting)


def save_weights(path: Path, network: Classifier) -> None:
    """Weights of convolutions and dense layers in half precision: half the size, the same answers to three digits."""
    state = network.state_dict()
    small = {n: w.half() if w.ndim > 1 and w.is_floating_point() else w for n, w in state.items()}
    replace_whole(path, {"model": {name: w.detach().cpu() for name, w in small.items()}})


def replace_whole(path: Path, content: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".new")
    with temporary.open("wb") as file:
        torch.save(content, file)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
