"""Where in a picture the evidence for an answer lies."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import interpolate

from cxr_classifier_code.network import Classifier
from cxr_classifier_code.picture import middle_square


def evidence(network: Classifier, pictures: Tensor, classes: Tensor) -> Tensor:
    """(B, 1, S, S) to (B, h, w): how much each place speaks for ``classes`` (B,) against the others.

    Each place's features times the gradient there, summed over channels, negative ones dropped (HiResCAM, Draelos and
    Carin 2020, arXiv:2011.08891): behind an average and a linear head it is exactly that place's share of the logit.
    """
    with torch.inference_mode(False), torch.enable_grad():
        # A copy: tensors made in inference mode take no part in gradients.
        features = network.trunk(pictures.clone()).detach().requires_grad_(True)
        logits = network.head(network.neck(features))
        chosen = logits.gather(1, classes[:, None].clone())[:, 0]
        others = (logits.sum(dim=1) - chosen) / max(1, logits.shape[1] - 1)
        (gradient,) = torch.autograd.grad((chosen - others).sum(), features)
    places = (features.detach() * gradient).sum(dim=1)
    # What half of all places have in common is no reason to look at one of them.
    common = places.flatten(1).median(dim=1).values[:, None, None]
    return (places - common.clamp(min=0)).clamp(min=0)


def on_grid(places: Tensor, shape: tuple[int, int], field: tuple[slice, slice] | None = None) -> NDArray[np.float32]:
    """A map (h, w) of the middle square onto a picture's own (rows, columns), 0 to 1; beside the square 0.

    ``field`` is the part of the picture whose middle square it is, where it is not the whole.
    """
    if field is not None:
        within = on_grid(places, (field[0].stop - field[0].start, field[1].stop - field[1].start))
        all_of_it = np.zeros(shape, np.float32)
        all_of_it[field] = within
        return all_of_it
    rows, columns = middle_square(shape)
    side = rows.stop - rows.start
    square = interpolate(places[None, None].float(), (side, side), mode="bicubic", align_corners=False)[0, 0].clamp(
        min=0
    )
    whole = np.zeros(shape, np.float32)
    whole[rows, columns] = (square / square.max().clamp(min=1e-12)).numpy()
    return whole
