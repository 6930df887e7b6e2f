"""The end of a training: calibration and abstention, from its best weights."""

import json
from pathlib import Path
from typing import Any

import torch

from cxr_classifier_code.abstention import limits, teach_gate
from cxr_classifier_code.calibration import calibrate
from cxr_classifier_code.films import Films
from cxr_classifier_code.linear_reading import add_linear_reading
from cxr_classifier_code.network import Classifier
from cxr_classifier_code.training import Validation
from cxr_classifier_code.weights import load_weights, save_weights


def finish(
    output_dir: str,
    network: Classifier,
    described: dict[str, Any],
    films: Films,
    validation: Validation,
    also: Films | None = None,
    sensitivity: float | None = None,
    gate_steps: int = 600,
    seed: int = 0,
) -> dict[str, Any]:
    """Teaches the gate of ``model.pt``, and writes ``calibration.json`` beside it; returns what that says.

    ``described`` is what is needed to build the network again: ``size`` and ``network``. ``also`` are further films
    that abstention must accept.
    """
    folder = Path(output_dir)
    load_weights(network, str(folder / "model.pt"))
    trained, validating = films.part("train"), films.part("val")
    add_linear_reading(network, trained, validation.pictures)
    calibration = described | calibrate(validation.logits(network), validation.labels, films.classes, sensitivity)
    device = next(network.parameters()).device
    gate = network.gate.cpu()
    accepted = [trained.pictures] + ([also.pictures] if also is not None else [])
    most = max(len(pictures) for pictures in accepted)
    evenly = [pictures.repeat(round(most / len(pictures)), 1, 1, 1) for pictures in accepted]
    teach_gate(gate, torch.cat(evenly), seed, gate_steps)
    calibration["abstention"] = limits(gate, validating.pictures, validation.pictures, seed)
    network.gate.to(device)
    save_weights(folder / "model.pt", network)
    temporary = folder / "calibration.json.new"
    temporary.write_text(json.dumps(calibration, indent=4))
    temporary.replace(folder / "calibration.json")
    print(json.dumps(calibration), flush=True)
    return calibration
