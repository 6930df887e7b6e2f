"""The code of the tiny bundle of ``tiny_classifier``: it travels with that bundle."""

import csv
import json
import os
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image


class Brightness(torch.nn.Module):
    """Means (B, 1) to logits (B, classes): the nearer a class's own brightness, the higher."""

    def __init__(self, classes):
        super().__init__()
        self.centres = torch.nn.Parameter(torch.linspace(60, 140, classes))

    def forward(self, means):
        return -((means - self.centres) ** 2) / 80


@dataclass(frozen=True)
class Reading:
    probabilities: dict
    label: str | None
    abstained: bool
    reason: str
    heat_map: np.ndarray | None


class Inferer:
    """Refuses pictures without any contrast to speak of, and ones that are brighter on the right."""

    def __init__(self, calibration):
        self.calibration = calibration

    def __call__(self, images, network, heat_map=False):
        return [self.read(np.asarray(image, np.float32), network, heat_map) for image in images]

    def read(self, image, network, heat_map):
        classes, threshold = self.calibration["classes"], self.calibration["threshold"]
        with torch.inference_mode():
            shares = network(torch.tensor([[float(image.mean())]])).softmax(1)[0].numpy()
        named = {name: float(share) for name, share in zip(classes, shares, strict=True)}
        half = image.shape[1] // 2
        reason = (
            "This is no film: it is brighter on the right."
            if image[:, half:].mean() > image[:, :half].mean() + 40
            else ""
        )
        label = classes[int(shares.argmax())] if threshold is None else classes[int(shares[1] >= threshold)]
        shown = (image - image.min()) / max(1e-6, float(np.ptp(image))) if heat_map else None
        return Reading(named, None if reason else label, bool(reason), reason, shown)


def load_calibration(bundle_root, variant):
    return json.loads((Path(bundle_root) / "configs" / "metadata.json").read_text())["classification"][variant]


def train(index, classes, output_dir, network_name, size, epochs, seconds):
    """Counts epochs, one in a tenth of a second, and goes on where it ended; the centres are the classes' means."""
    folder, began = Path(output_dir), time.monotonic()
    folder.mkdir(parents=True, exist_ok=True)
    with Path(index).open(newline="") as file:
        rows = list(csv.DictReader(file))
    means = {name: [] for name in classes}
    for row in rows:
        if row["part"] == "train":
            means[row["label"]].append(np.asarray(Image.open(Path(index).parent / row["file"])).mean())
    checkpoint, history = folder / "checkpoint.pt", folder / "history.csv"
    before = int(checkpoint.read_text()) if checkpoint.exists() else 0
    if not history.exists():
        history.write_text("epoch,seconds,train_loss,val_loss,val_auc\n")
    network = Brightness(len(classes))
    network.centres.data = torch.tensor([float(np.mean(means[name])) for name in classes])
    for epoch in range(before + 1, epochs + 1):
        (folder / "calibration.json").unlink(missing_ok=True)
        time.sleep(float(os.environ.get("TINY_EPOCH_S", "0.01")))
        with history.open("a") as lines:
            lines.write(
                f"{epoch},{time.monotonic() - began:.1f},{1 / epoch:.5f},{1.1 / epoch:.5f},{1 - 0.5 / epoch:.5f}\n"
            )
        torch.save({"model": network.state_dict()}, folder / "model.pt")
        checkpoint.write_text(str(epoch))
        print(f"epoch {epoch} of {epochs}", flush=True)
        if seconds and time.monotonic() - began > seconds:
            break
    two = len(classes) == 2
    calibration = {
        "size": size,
        "network": {"name": network_name, "options": {}},
        "classes": classes,
        "positive": classes[1] if two else None,
        "temperature": 1.0,
        "bias": 0.0 if two else [0.0] * len(classes),
        "prior": 1 / len(classes),
        "threshold": 0.5 if two else None,
        "sensitivity": 1.0 if two else None,
        "specificity": 1.0 if two else None,
        "abstention": {"limits": {}},
    }
    (folder / "calibration.json").write_text(json.dumps(calibration))
