"""What training minimises: cross-entropy and Dice over the pixels that somebody drew."""

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, one_hot

from cine_heart_code.cases import UNLABELLED


class DiceCrossEntropy(nn.Module):
    """1 - soft Dice of the three structures over the whole batch, plus cross-entropy.

    ``logits`` (B, 4, T, H, W), ``label`` (B, 1, T, H, W) with 255 where nothing is known. Dice over the
    batch, not per picture: slices beyond apex and base have no heart, and their Dice would be noise.
    """

    def forward(self, logits: Tensor, label: Tensor) -> Tensor:
        logits = logits.float()
        truth = label[:, 0].long()
        known = truth != UNLABELLED
        entropy = cross_entropy(logits, truth.where(known, -100), ignore_index=-100)
        shares = torch.softmax(logits, dim=1) * known[:, None]
        target = one_hot(truth.where(known, 0), logits.shape[1]).movedim(-1, 1) * known[:, None]
        overlap = (shares * target).sum(dim=(0, 2, 3, 4))
        total = (shares + target).sum(dim=(0, 2, 3, 4))
        dice = (2 * overlap + 1) / (total + 1)
        return entropy + 1 - dice[1:].mean()
