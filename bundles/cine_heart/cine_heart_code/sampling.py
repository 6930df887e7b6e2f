"""Training batches: random clips, placed, lit and moved at random."""

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, grid_sample, interpolate
from torch.utils.data import IterableDataset

from cine_heart_code.cases import UNLABELLED, Clip, cine_clips, motion, still_clips

# Sequences and their length in one batch of 16 pictures. Single frames keep the network usable on
# still volumes; the longest clips teach the recurrence.
SHAPES = ((16, 1), (8, 2), (4, 4), (2, 8))
SHAPE_WEIGHTS = (0.45, 0.15, 0.2, 0.2)


class RandomClips(IterableDataset[dict[str, Tensor]]):
    """Endless batches ``{"image": (B, 1, T, S, S), "label": (B, 1, T, S, S)}`` with S = ``size`` pixels.

    A sample is a labelled still picture, frames of a real cine (labelled at ED and ES), or a
    pseudo-cine: the ED and ES pictures of a slice morphed into each other, labelled in every frame.
    """

    def __init__(
        self, folders: list[str], batches: int, size: int = 128, spacing_mm: float = 1.5, seed: int = 0
    ) -> None:
        self.stills = [clip for f in folders for clip in still_clips(Path(f))]
        self.cines = [clip for f in folders for clip in cine_clips(Path(f))]
        self.motions: dict[int, tuple[Tensor, Tensor]] = {}
        self.batches, self.size, self.spacing_mm = batches, size, spacing_mm
        self.random = np.random.default_rng(seed)

    def __len__(self) -> int:
        return self.batches

    def __iter__(self) -> Iterator[dict[str, Tensor]]:
        for _ in range(self.batches):
            count, frames = SHAPES[self.random.choice(len(SHAPES), p=SHAPE_WEIGHTS)]
            samples = [self.sample(frames) for _ in range(count)]
            yield {
                "image": torch.stack([image for image, _ in samples]),
                "label": torch.stack([label for _, label in samples]),
            }

    def sample(self, frames: int) -> tuple[Tensor, Tensor]:
        """(1, T, S, S) image in about 0..1 and (1, T, S, S) labels."""
        r = self.random
        if frames > 1 and self.cines and r.random() < 0.4:
            clip, (image, label) = self.real_cine(frames)
        else:
            clip, (image, label) = self.pseudo_cine(frames)
        image, label = self.place(image, label, clip.spacing_mm)
        return self.light(image)[None], label[None]

    def real_cine(self, frames: int) -> tuple[Clip, tuple[Tensor, Tensor]]:
        """Consecutive frames (sometimes every second one, sometimes backwards) with one drawn frame at least."""
        r = self.random
        clip = self.cines[r.integers(len(self.cines))]
        count = len(clip.image)
        drawn = np.flatnonzero((clip.label != UNLABELLED).any(axis=(1, 2)))
        step = int(r.choice([1, 1, 2])) * int(r.choice([-1, 1]))
        first = int(r.choice(drawn)) - step * int(r.integers(frames))
        index = (first + step * np.arange(frames)) % count
        return clip, (torch.from_numpy(clip.image[index]), torch.from_numpy(clip.label[index]))

    def pseudo_cine(self, frames: int) -> tuple[Clip, tuple[Tensor, Tensor]]:
        r = self.random
        index = int(r.integers(len(self.stills)))
        clip = self.stills[index]
        image, label = torch.from_numpy(clip.image), torch.from_numpy(clip.label)
        if frames == 1 and r.random() < 0.7:
            t = int(r.integers(2))
            return clip, (image[t : t + 1], label[t : t + 1])
        if frames == 2 and r.random() < 0.6:
            # Exams are often kept as end diastole and end systole alone.
            both = [0, 1] if r.random() < 0.5 else [1, 0]
            return clip, (image[both], label[both])
        if index not in self.motions:
            there, back = motion(clip)
            self.motions[index] = (torch.from_numpy(there), torch.from_numpy(back))
        step = 1.0 / r.integers(10, 36) if r.random() < 0.9 else r.uniform(0.1, 0.5)
        cycle = float(r.random()) + step * np.arange(frames)
        morphed = [self.morph(image, label, self.motions[index], 0.5 - 0.5 * math.cos(2 * math.pi * c)) for c in cycle]
        return clip, (torch.stack([m[0] for m in morphed]), torch.stack([m[1] for m in morphed]))

    @staticmethod
    def morph(image: Tensor, label: Tensor, fields: tuple[Tensor, Tensor], systole: float) -> tuple[Tensor, Tensor]:
        """The picture and its labels at ``systole`` 0 (ED) to 1 (ES)."""
        there, back = fields
        ed, ed_label = warp(image[0], label[0], back * systole)
        es, es_label = warp(image[1], label[1], there * (1 - systole))
        return (1 - systole) * ed + systole * es, ed_label if systole < 0.5 else es_label

    def place(self, image: Tensor, label: Tensor, spacing_mm: tuple[float, float]) -> tuple[Tensor, Tensor]:
        """Resample (T, X, Y) to (T, S, S): any turn, mirrored or not, scaled, bent, shifted."""
        r, size = self.random, self.size
        nx, ny = image.shape[1:]
        # Most exams are stored in one orientation; the others have to work, and share a third of the samples.
        usual = r.random() < 0.65
        angle = r.normal(0, 0.25) if usual else r.choice([r.uniform(-math.pi, math.pi), math.pi / 2 * r.integers(4)])
        zoom = self.spacing_mm * math.exp(r.normal(0, 0.12))
        stretch = math.exp(r.normal(0, 0.05))
        mirror = -1.0 if not usual and r.random() < 0.5 else 1.0
        cos, sin = math.cos(angle), math.sin(angle)
        turn = torch.tensor([[cos, -sin], [sin, cos]]) @ torch.diag(torch.tensor([stretch, mirror / stretch]))
        axis = torch.arange(size) - (size - 1) / 2
        grid = torch.stack(torch.meshgrid(axis, axis, indexing="ij"), dim=-1) @ turn.T.float() * zoom
        if r.random() < 0.5:
            bend = torch.from_numpy(r.normal(0, r.uniform(1, 5), (1, 2, 5, 5)).astype(np.float32))
            grid = grid + interpolate(bend, (size, size), mode="bicubic", align_corners=True)[0].permute(1, 2, 0)
        centre = torch.tensor([(nx - 1) / 2, (ny - 1) / 2]) + torch.from_numpy(r.normal(0, 12, 2).astype(np.float32))
        pixels = grid / torch.tensor(spacing_mm) + centre
        fill = str(r.choice(["zeros", "border", "reflection"], p=[0.5, 0.2, 0.3]))
        return resample(image, label, pixels, fill)

    def light(self, image: Tensor) -> Tensor:
        """Another scanner: contrast curve, shading, blur, noise, and rarely grey values turned round."""
        r = self.random
        some = image[:, ::3, ::3]
        low = torch.quantile(some, 0.01)
        high = torch.quantile(some, float(r.uniform(0.97, 1.0)))
        image = ((image - low) / (high - low + 1e-3)).clamp(0, float(r.uniform(1.0, 1.6)))
        if r.random() < 0.6:
            image = image ** math.exp(r.normal(0, 0.35))
        if r.random() < 0.4:
            knots = torch.from_numpy(np.sort(r.uniform(0, 1, 6)).astype(np.float32))
            curve = 0.5 * knots + 0.5 * torch.linspace(0, 1, 6)
            position = image.clamp(0, 1) * 5
            index = position.long().clamp(0, 4)
            image = curve[index] + (position - index) * (curve[index + 1] - curve[index])
        if r.random() < 0.5:
            shade = torch.from_numpy(r.normal(0, 0.35, (1, 1, 3, 3)).astype(np.float32))
            image = image * torch.exp(interpolate(shade, image.shape[1:], mode="bicubic", align_corners=True)[0, 0])
        if r.random() < 0.25:
            k = int(r.integers(2, 4))
            coarse = avg_pool2d(image[:, None], k)
            image = interpolate(coarse, image.shape[1:], mode="bilinear", align_corners=False)[:, 0]
        if r.random() < 0.2:
            soft = avg_pool2d(image[:, None], 3, 1, 1)[:, 0]
            image = image + float(r.uniform(0.3, 1.5)) * (image - soft)
        if r.random() < 0.4:
            image = image + float(r.uniform(0.01, 0.1)) * torch.from_numpy(r.standard_normal(image.shape, np.float32))
        if r.random() < 0.03:
            image = 1 - image
        return image


def warp(image: Tensor, label: Tensor, field: Tensor) -> tuple[Tensor, Tensor]:
    """(X, Y) image and label drawn from the places that ``field`` (2, X, Y), in pixels, points to."""
    nx, ny = image.shape
    own = torch.stack(torch.meshgrid(torch.arange(nx), torch.arange(ny), indexing="ij"), dim=-1)
    moved, moved_label = resample(image[None], label[None], own + field.permute(1, 2, 0), "border")
    return moved[0], moved_label[0]


def resample(image: Tensor, label: Tensor, pixels: Tensor, fill: str) -> tuple[Tensor, Tensor]:
    """(T, X, Y) at the places ``pixels`` (S, S, 2), linear for the image, nearest for the labels.

    Outside the picture the image is filled; where it is a guess, the label is: nothing known.
    """
    nx, ny = image.shape[1:]
    scaled = torch.stack((2 * pixels[..., 1] / (ny - 1) - 1, 2 * pixels[..., 0] / (nx - 1) - 1), dim=-1)
    inside = (scaled.abs() <= 1).all(dim=-1)
    drawn = grid_sample(image[None], scaled[None].float(), "bilinear", fill, True)[0]
    nearest = grid_sample(label[None].float(), scaled[None].float(), "nearest", "border", True)[0].to(torch.uint8)
    # A mirrored heart outside the picture is still a heart: it teaches nothing, and is not counted.
    outside = torch.tensor(UNLABELLED if fill == "reflection" else 0, dtype=torch.uint8)
    return drawn, torch.where(inside, nearest, outside)
