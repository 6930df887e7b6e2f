"""A linear reading of what photographs taught a network, beside what films have tuned it to.

Features that were never tuned cannot be learned by heart: a ridge-penalised logistic regression on them makes other
mistakes than the tuned layers do, and the two together are better than either (``docs/README.md`` says by how much).
"""

import torch
from torch import Tensor, nn

from cxr_classifier_code.efficientnet_lite import Trunk
from cxr_classifier_code.films import Films
from cxr_classifier_code.network import Classifier
from cxr_classifier_code.picture import prepared

# Weight of the films' likelihood against the penalty, for features in standard units.
TRUST = 0.01


def add_linear_reading(network: Classifier, films: Films, validating: Tensor) -> None:
    """Fits it to ``films`` and writes it into the head, as wide in logits as the tuned reading is on ``validating``.

    ``validating`` (N, 1, S, S) are standardised pictures; their labels are not asked. Other trunks are left as they
    are. Can be repeated.
    """
    trunk, head = network.trunk, network.head[1]
    if not isinstance(trunk, Trunk) or not isinstance(head, nn.Linear):
        return
    network.eval()
    pictures = prepared([picture.float().numpy() for picture in films.pictures[:, 0]], validating.shape[-1])
    with torch.no_grad():
        trunk.usual.zero_()
        head.weight[:, trunk.tuned_width :] = 0
        seen = vectors(network, pictures)[:, trunk.tuned_width :]
        middle, spread = seen.mean(dim=0), seen.std(dim=0) + 1e-6
    weight = ridge_logistic((seen - middle) / spread, films.labels, head.out_features) / spread
    with torch.no_grad():
        others = vectors(network, validating)
        tuned = others[:, : trunk.tuned_width] @ head.weight[:, : trunk.tuned_width].T.cpu()
        linear = (others[:, trunk.tuned_width :] - middle) @ weight.T
        ratio = width(tuned) / width(linear).clamp(min=1e-6)
        head.weight[:, trunk.tuned_width :] = (ratio * weight).to(head.weight)
        trunk.usual.copy_(middle)


def vectors(network: Classifier, pictures: Tensor) -> Tensor:
    """(N, D): of each picture and its mirror image, averaged."""
    device = next(network.parameters()).device
    parts = []
    for some in pictures.split(32):
        both = [network.neck(network.trunk(p.to(device))).float().cpu() for p in (some, some.flip(3))]
        parts.append((both[0] + both[1]) / 2)
    return torch.cat(parts)


def ridge_logistic(features: Tensor, labels: Tensor, classes: int) -> Tensor:
    """(K, D) for features (N, D) in standard units; every class weighs alike. The intercept is left to calibration."""
    count = torch.bincount(labels, minlength=classes).clamp(min=1)
    share = (len(labels) / (classes * count))[labels].double()
    fixed = features.double()
    weight = torch.zeros(classes, fixed.shape[1], dtype=torch.double, requires_grad=True)
    intercept = torch.zeros(classes, dtype=torch.double, requires_grad=True)
    search = torch.optim.LBFGS([weight, intercept], max_iter=200, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        search.zero_grad()
        loss = torch.nn.functional.cross_entropy(fixed @ weight.T + intercept, labels, reduction="none")
        # Two rows of opposite sign share what one row of a two-class regression carries alone.
        total = TRUST * (share * loss).sum() + weight.square().sum()
        total.backward()
        return total.detach()

    search.step(closure)
    return weight.detach().float()


def width(logits: Tensor) -> Tensor:
    """How far logits (N, K) of a film differ, over all films."""
    against = logits - logits.mean(dim=1, keepdim=True)
    return (against - against.mean(dim=0)).square().mean().sqrt()
