"""Is this a frontal chest film at all? A small judge beside the classifier, which travels with its weights.

Three views of a picture of 28 x 28 pixels, each a number that is large for what is no film:
``strange``, the logit of a small network that was shown films and made pictures of other kinds (outlier exposure,
Hendrycks et al. 2019, arXiv:1812.04606); ``distance``, how far its features lie from those of films (Mahalanobis,
Lee et al. 2018, arXiv:1807.03888); ``unexplained``, the share of the picture that the main components of films leave
unexplained. The last two know nothing of the other kinds, so they do not depend on which were thought of.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from cxr_classifier_code.picture import standardised

SIDE = 28
WIDTH = 48
COMPONENTS = 60
SCORES = ("strange", "distance", "unexplained")


@dataclass(frozen=True)
class Scores:
    """Of B pictures, (B,) each; see above."""

    strange: Tensor
    distance: Tensor
    unexplained: Tensor

    def over(self, limits: dict[str, float]) -> Tensor:
        """(B,) bool: above any of the limits."""
        return torch.stack([getattr(self, name) > limits[name] for name in SCORES]).any(dim=0)


class Gate(nn.Module):
    middle: Tensor
    whitening: Tensor
    mean_film: Tensor
    components: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 16, 4, stride=2, padding=1),
            nn.BatchNorm2d(16),
            nn.ReLU(),
            nn.Conv2d(16, 32, 3, padding=1),
            nn.BatchNorm2d(32),
            nn.ReLU(),
            nn.AvgPool2d(2),
            nn.Conv2d(32, 48, 3, padding=1),
            nn.BatchNorm2d(48),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(48 * (SIDE // 4) ** 2, WIDTH),
            nn.BatchNorm1d(WIDTH),
        )
        self.decision = nn.Linear(WIDTH, 1)
        self.register_buffer("middle", torch.zeros(WIDTH))
        self.register_buffer("whitening", torch.eye(WIDTH))
        self.register_buffer("mean_film", torch.zeros(SIDE * SIDE))
        self.register_buffer("components", torch.zeros(SIDE * SIDE, COMPONENTS))

    def small(self, pictures: Tensor) -> Tensor:
        """(B, 1, S, S) to (B, 1, 28, 28), standardised."""
        if pictures.shape[-1] != SIDE:
            pictures = interpolate(pictures, (SIDE, SIDE), mode="bilinear", antialias=True, align_corners=False)
        return standardised(pictures)

    def vector(self, small: Tensor) -> Tensor:
        features: Tensor = self.features(small)
        return features

    def forward(self, pictures: Tensor) -> Scores:
        small = self.small(pictures)
        vector = self.vector(small)
        distance = torch.linalg.vector_norm((vector - self.middle) @ self.whitening, dim=1) / WIDTH**0.5
        flat = small.flatten(1) - self.mean_film
        rest = flat - (flat @ self.components) @ self.components.T
        return Scores(self.decision(vector.relu())[:, 0], distance, rest.square().mean(dim=1))


def teach(gate: Gate, films: Tensor, others: Tensor, seed: int = 0, steps: int = 600, batch: int = 96) -> None:
    """Fits ``gate`` to films and pictures of other kinds, (N, 1, 28, 28) each, standardised.

    Both are given in many augmented forms already; here they are drawn at random, half and half.
    """
    chance = torch.Generator().manual_seed(seed)
    gate.requires_grad_(True).train()
    learned = [*gate.features.parameters(), *gate.decision.parameters()]
    optimizer = torch.optim.AdamW(learned, lr=3e-3, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=steps)
    target = torch.cat((torch.zeros(batch // 2), torch.ones(batch // 2)))
    for _ in range(steps):
        drawn = [p[torch.randint(len(p), (batch // 2,), generator=chance)] for p in (films, others)]
        logit = gate.decision(gate.vector(torch.cat(drawn)).relu())[:, 0]
        loss = nn.functional.binary_cross_entropy_with_logits(logit, target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    gate.requires_grad_(False).eval()
    settle(gate, films)


def settle(gate: Gate, films: Tensor) -> None:
    """Sets what is known of films alone: the middle and spread of their features, and their main components."""
    with torch.inference_mode():
        vectors = gate.vector(films).double()
        gate.middle.copy_(vectors.mean(dim=0))
        # A little of the identity: few films must not make a direction look certain.
        spread = torch.cov(vectors.T) + 0.01 * vectors.var(dim=0).mean() * torch.eye(WIDTH)
        values, directions = torch.linalg.eigh(spread)
        gate.whitening.copy_(directions / values.sqrt())
        flat = films.flatten(1)
        gate.mean_film.copy_(flat.mean(dim=0))
        _, _, basis = torch.pca_lowrank(flat - gate.mean_film, q=min(COMPONENTS, len(flat) - 1), niter=4)
        gate.components.zero_()
        gate.components[:, : basis.shape[1]] = basis
