"""Batches for training: films drawn so that neither class nor view is common, augmented, some of them mixed."""

from collections import Counter

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import one_hot
from torch.utils.data import Dataset

from cxr_classifier_code.augment import augmented
from cxr_classifier_code.films import Films

BALANCES = ("none", "class", "class_and_view")


def chances(films: Films, balance: str) -> NDArray[np.float64]:
    """How likely each film is drawn, (N,), summing to one.

    ``class``: every class is equally likely. ``class_and_view``: and within each class every view, so that the view
    alone says nothing of the class.
    """
    if balance not in BALANCES:
        raise ValueError(f"{balance}: no such balance; there are {', '.join(BALANCES)}")
    if balance == "none":
        return np.full(len(films), 1 / len(films))
    groups = [(e.label, e.view if balance == "class_and_view" else "") for e in films.entries]
    size = Counter(groups)
    groups_in = Counter(label for label, _ in size)
    weight = np.array([1 / (size[g] * groups_in[g[0]] * len(groups_in)) for g in groups])
    return weight / weight.sum()


class RandomFilms(Dataset[dict[str, Tensor]]):
    """Whole batches: ``image`` (B, 1, size, size) standardised, ``label`` (B, classes) shares.

    Batch ``i`` of epoch ``epoch`` is always the same one, so that a resumed training goes on as if it had not stopped.
    ``also`` are films of another collection, of which every batch has the share ``also_share``.
    """

    def __init__(
        self,
        films: Films,
        size: int,
        batch_size: int = 32,
        balance: str = "class_and_view",
        strength: float = 1.0,
        mixup: float = 0.3,
        mirror: bool = True,
        seed: int = 0,
        also: Films | None = None,
        also_share: float = 0.2,
    ) -> None:
        if not len(films):
            raise ValueError("no film in the part train")
        self.sources = [(films, chances(films, balance))]
        self.counts = [batch_size]
        if also is not None and also_share > 0:
            self.sources.append((also, chances(also, balance)))
            self.counts = [batch_size - round(also_share * batch_size), round(also_share * batch_size)]
        self.size, self.strength, self.mixup, self.mirror, self.seed = size, strength, mixup, mirror, seed
        self.epoch = 0
        self.batches = max(8, len(films) // batch_size)

    def __len__(self) -> int:
        return self.batches

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        if index >= self.batches:
            raise IndexError(index)
        chance = np.random.default_rng([self.seed, self.epoch, index])
        images, labels = [], []
        for (films, share), count in zip(self.sources, self.counts, strict=True):
            rows = torch.from_numpy(chance.choice(len(films), count, p=share))
            pictures = films.pictures[rows].float() / 255
            images.append(augmented(pictures, self.size, int(chance.integers(2**60)), self.strength, self.mirror))
            labels.append(one_hot(films.labels[rows], len(films.classes)).float())
        image, label = torch.cat(images), torch.cat(labels)
        if self.mixup > 0 and chance.random() < 0.5:
            part = float(chance.beta(self.mixup, self.mixup))
            order = torch.from_numpy(chance.permutation(len(image)))
            image, label = torch.lerp(image, image[order], part), torch.lerp(label, label[order], part)
        return {"image": image, "label": label}
