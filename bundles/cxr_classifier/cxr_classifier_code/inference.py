"""From pictures to readings: calibrated probabilities, a label or the reason why there is none, and where to look."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cxr_classifier_code.calibration import load_calibration, probabilities
from cxr_classifier_code.heat_map import evidence, on_grid
from cxr_classifier_code.network import Classifier, build
from cxr_classifier_code.picture import exposed, prepared
from cxr_classifier_code.weights import load_weights

# Pictures that go through the network at once, each beside its mirror image: more no longer fit the caches.
AT_ONCE = 8
NO_FILM = "This does not look like a frontal chest X-ray"
# What makes a film of a picture that is none as it is: the way its reason is told.
REMEDIES: tuple[tuple[str, Callable[[Tensor], Tensor]], ...] = (
    ("upside down", lambda pictures: pictures.flip(2, 3)),
    ("inverted (a negative)", lambda pictures: -pictures),
    ("turned by a quarter", lambda pictures: pictures.rot90(1, (2, 3))),
    ("turned by a quarter", lambda pictures: pictures.rot90(3, (2, 3))),
    ("inverted (a negative) and upside down", lambda pictures: -pictures.flip(2, 3)),
)


@dataclass(frozen=True)
class Reading:
    """What the classifier says of one picture.

    ``probabilities`` by class, summing to one. ``label`` follows the operating threshold; None where ``abstained``,
    and then ``reason`` is one plain sentence. ``heat_map`` (rows, columns) of 0 to 1 on the picture's own grid: the
    evidence for the positive class, or, of more than two classes, for the most probable.
    """

    probabilities: dict[str, float]
    label: str | None
    abstained: bool
    reason: str
    heat_map: NDArray[np.float32] | None


class RadiographInferer:
    """``inferer(images, network, heat_map=False)``: pictures (rows, columns) float32, right way up, bright is dense.

    ``calibration`` is that of the weights in use (see ``calibration.py``). The mirrored picture is read as well, and
    the two answers averaged.
    """

    def __init__(self, calibration: dict[str, Any], mirrored_too: bool = True) -> None:
        self.calibration = calibration
        self.classes: list[str] = calibration["classes"]
        self.size = int(calibration["size"])
        self.mirrored_too = mirrored_too

    def __call__(self, images: list[NDArray[np.float32]], network: Classifier, heat_map: bool = False) -> list[Reading]:
        """Raises ValueError for what is no 2D picture of at least 28 pixels a side."""
        network.eval()
        readings: list[Reading] = []
        for first in range(0, len(images), AT_ONCE):
            readings += self.read(images[first : first + AT_ONCE], network, heat_map)
        return readings

    def read(self, images: list[NDArray[np.float32]], network: Classifier, heat_map: bool) -> list[Reading]:
        device = next(network.parameters()).device
        pictures = prepared(images, self.size).to(device)
        with torch.inference_mode():
            reasons = self.reasons(pictures, network)
            fields = self.look_closer(images, pictures, reasons, network)
            logits = self.logits(pictures, network)
        shares = probabilities(logits.cpu().numpy(), self.calibration)
        maps = None
        if heat_map:
            shown = torch.full((len(images),), 1) if len(self.classes) == 2 else torch.from_numpy(shares.argmax(axis=1))
            maps = evidence(network, pictures, shown.to(device)).cpu()
        readings = []
        for i, reason in enumerate(reasons):
            drawn = None if maps is None else on_grid(maps[i], (images[i].shape[0], images[i].shape[1]), fields.get(i))
            named = dict(zip(self.classes, (float(p) for p in shares[i]), strict=True))
            readings.append(Reading(named, None if reason else self.label(shares[i]), bool(reason), reason, drawn))
        return readings

    def look_closer(
        self, images: list[NDArray[np.float32]], pictures: Tensor, reasons: list[str], network: Classifier
    ) -> dict[int, tuple[slice, slice]]:
        """Films that are refused for a wide dark surround only: what lies within it takes the place of the whole.

        Changes ``pictures`` and ``reasons``; returns the box that was taken of each such film, by its number.
        """
        fields = {}
        for i, reason in enumerate(reasons):
            box = exposed(images[i]) if reason else None
            if box is None:
                continue
            closer = prepared([images[i][box]], self.size).to(pictures.device)
            if not self.reasons(closer, network)[0]:
                pictures[i], reasons[i], fields[i] = closer[0], "", box
        return fields

    def logits(self, pictures: Tensor, network: Classifier) -> Tensor:
        """(B, 1, S, S) to (B, K)."""
        if not self.mirrored_too:
            return network(pictures)
        seen, mirrored = network(torch.cat((pictures, pictures.flip(3)))).chunk(2)
        return (seen + mirrored) / 2

    def reasons(self, pictures: Tensor, network: Classifier) -> list[str]:
        """Why each picture is refused, "" where it is not."""
        limits = self.calibration["abstention"]["limits"]
        flat = (pictures == 0).all(dim=3).all(dim=2)[:, 0]
        refused = network.gate(pictures).over(limits) | flat
        reasons = [""] * len(pictures)
        for i in refused.nonzero()[:, 0].tolist():
            reasons[i] = NO_FILM + self.remedy(pictures[i : i + 1], network, limits, bool(flat[i]))
        return reasons

    def remedy(self, picture: Tensor, network: Classifier, limits: dict[str, float], flat: bool) -> str:
        if flat:
            return ": it has no contrast."
        for words, change in REMEDIES:
            if not bool(network.gate(change(picture)).over(limits)):
                return f"; it may be {words}."
        return "."

    def label(self, shares: NDArray[np.float64]) -> str:
        threshold = self.calibration["threshold"]
        if threshold is None:
            return self.classes[int(shares.argmax())]
        return self.classes[int(shares[1] >= threshold)]


def ready(bundle_root: str, variant: str) -> tuple[RadiographInferer, Classifier]:
    """The inferer and the network of a shipped variant, as ``configs/inference.json`` makes them."""
    calibration = load_calibration(bundle_root, variant)
    described = calibration["network"]
    network = build(described["name"], len(calibration["classes"]), **described["options"])
    return RadiographInferer(calibration), load_weights(network, f"{bundle_root}/models/{variant}.pt")
