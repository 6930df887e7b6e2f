"""Training batches: random clips, placed, lit and moved at random."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import avg_pool2d, grid_sample, interpolate
from torch.utils.data import IterableDataset

from cine_heart_code.cases import LV, MYO, UNLABELLED, Stack, cine_stack, motion, still_stack

SPACING_MM = 1.5
# A cavity smaller than this share of its wall is hard to see.
SMALL_CAVITY = 0.2


@dataclass(frozen=True)
class View:
    """One of the network's two jobs: pixels a side, and how many clips of how many frames make a batch."""

    size: int
    shapes: tuple[tuple[int, int], ...]
    weights: tuple[float, ...]


# The region of the heart, turned so that the right ventricle lies to one side; the longest clips teach the
# recurrence, single frames keep the network usable on still volumes.
REGION = View(112, ((16, 1), (8, 2), (4, 4), (2, 8)), (0.2, 0.25, 0.25, 0.3))
# The whole picture, at one to three phases, as the first pass of inference sees it.
WHOLE = View(128, ((12, 1), (6, 2), (4, 3)), (0.4, 0.2, 0.4))
SHARE_OF_WHOLE = 0.2


class RandomClips(IterableDataset[dict[str, Tensor]]):
    """Endless batches ``{"image": (B, 3, T, S, S), "label": (B, 1, T, S, S)}`` with S pixels of 1.5 mm.

    The channels are the slice below, the slice, the slice above. A sample is a labelled still picture, frames
    of a real cine (labelled at ED and ES), or a pseudo-cine: the ED and ES pictures of a slice morphed into
    each other, labelled in every frame.
    """

    def __init__(self, folders: list[str], batches: int, seed: int = 0) -> None:
        self.stills = [still_stack(Path(f)) for f in folders]
        self.cines = [stack for f in folders if (stack := cine_stack(Path(f)))]
        self.still_slices = [(i, z) for i, stack in enumerate(self.stills) for z in range(len(stack.image))]
        self.chances = chances([stack.label[z, 1] for stack in self.stills for z in range(len(stack.label))])
        self.cine_slices = [(i, z) for i, stack in enumerate(self.cines) for z in range(len(stack.image))]
        self.motions: dict[tuple[int, int], tuple[Tensor, Tensor]] = {}
        self.batches = batches
        self.random = np.random.default_rng(seed)

    def __len__(self) -> int:
        return self.batches

    def __iter__(self) -> Iterator[dict[str, Tensor]]:
        for _ in range(self.batches):
            view = WHOLE if self.random.random() < SHARE_OF_WHOLE else REGION
            count, frames = view.shapes[self.random.choice(len(view.shapes), p=view.weights)]
            samples = [self.sample(frames, view) for _ in range(count)]
            yield {
                "image": torch.stack([image for image, _ in samples]),
                "label": torch.stack([label for _, label in samples]),
            }

    def sample(self, frames: int, view: View) -> tuple[Tensor, Tensor]:
        """(3, T, S, S) image in about 0..1 and (1, T, S, S) labels."""
        r = self.random
        phases = frames == 3  # three phases far apart: what inference looks at first
        if frames > 1 and self.cines and r.random() < 0.4:
            stack, (image, label) = self.real_cine(frames, phases)
        else:
            stack, (image, label) = self.pseudo_cine(frames, phases)
        image, label = self.place(image, label, stack, view)
        image = self.light(image.flatten(0, 1)).unflatten(0, image.shape[:2])
        if frames >= 4 and r.random() < 0.4:
            self.spoil(image)
        return image, label[None]

    def neighbours(self, z: int, count: int) -> list[int]:
        """The slices of the three channels; a slice stands for a neighbour that is not there."""
        r = self.random
        if r.random() < 0.12:
            return [z, z, z]
        around = [max(0, z - 1), z, min(count - 1, z + 1)]
        return around if r.random() < 0.5 else around[::-1]

    def real_cine(self, frames: int, phases: bool) -> tuple[Stack, tuple[Tensor, Tensor]]:
        """Consecutive frames (sometimes every second one, sometimes backwards) with one drawn frame at least."""
        r = self.random
        i, z = self.cine_slices[r.integers(len(self.cine_slices))]
        stack = self.cines[i]
        slices, count = stack.image.shape[:2]
        drawn = np.flatnonzero((stack.label[z] != UNLABELLED).any(axis=(1, 2)))
        step = count // 3 if phases else int(r.choice([1, 1, 2])) * int(r.choice([-1, 1]))
        first = int(r.choice(drawn)) - step * int(r.integers(frames))
        index = (first + step * np.arange(frames)) % count
        image = stack.image[self.neighbours(z, slices)][:, index]
        return stack, (torch.from_numpy(image), torch.from_numpy(stack.label[z, index]))

    def pseudo_cine(self, frames: int, phases: bool) -> tuple[Stack, tuple[Tensor, Tensor]]:
        r = self.random
        i, z = self.still_slices[r.choice(len(self.still_slices), p=self.chances)]
        stack = self.stills[i]
        slices = self.neighbours(z, len(stack.image))
        image, label = torch.from_numpy(stack.image[slices]), torch.from_numpy(stack.label[z])
        if frames == 1 and r.random() < 0.7:
            t = int(r.random() < 0.6)  # end systole is the harder one
            return stack, self.other_wall(image[:, t : t + 1], label[t : t + 1], [float(t)])
        if frames == 2 and r.random() < 0.6:
            # Exams are often kept as end diastole and end systole alone.
            both = [0, 1] if r.random() < 0.5 else [1, 0]
            return stack, self.other_wall(image[:, both], label[both], [float(t) for t in both])
        gap = 1.0 / r.integers(10, 36) if r.random() < 0.9 else r.uniform(0.1, 0.5)
        step = 1 / 3 if phases else gap
        cycle = float(r.random()) + step * np.arange(frames)
        # Hearts that contract less than the drawn one, or more, until the cavity is all but gone.
        most = 1.0 if r.random() < 0.5 else float(r.uniform(0.6, 1.35))
        systole = [most * (0.5 - 0.5 * math.cos(2 * math.pi * c)) for c in cycle]
        pictures = {s: [self.morph(i, s, share) for share in systole] for s in set(slices)}
        together = torch.stack([torch.stack([picture for picture, _ in pictures[s]]) for s in slices])
        return stack, self.other_wall(together, torch.stack([drawn for _, drawn in pictures[z]]), systole)

    def other_wall(self, image: Tensor, label: Tensor, systole: list[float]) -> tuple[Tensor, Tensor]:
        """(3, T, X, Y) and (T, X, Y), of two in five samples with a wall thicker or thinner than it was.

        From dilated hearts to those whose cavity is all but gone at end systole, out of any heart.
        """
        r = self.random
        if r.random() > 0.4:
            return image, label
        # Powers of the distance from the middle of the cavity, see ``wall_places``.
        diastolic = math.exp(r.uniform(-0.5, 0.4))
        systolic = diastolic * math.exp(-r.uniform(0.0, 1.0) if r.random() < 0.6 else 0.0)
        image, label = image.clone(), label.clone()
        for t, share in enumerate(systole):
            places = wall_places(label[t].numpy(), diastolic ** (1 - share) * systolic**share)
            if places is not None:
                moved, drawn = resample(image[:, t], label[t : t + 1], torch.from_numpy(places), "border")
                image[:, t], label[t] = moved, drawn[0]
        return image, label

    def morph(self, i: int, z: int, systole: float) -> tuple[Tensor, Tensor]:
        """The picture (X, Y) of a slice and its labels at ``systole`` 0 (ED) to 1 (ES), or beyond."""
        stack = self.stills[i]
        image, label = torch.from_numpy(stack.image[z]), torch.from_numpy(stack.label[z])
        if (i, z) not in self.motions:
            there, back = motion(stack.image[z], stack.label[z])
            self.motions[i, z] = (torch.from_numpy(there), torch.from_numpy(back))
        there_field, back_field = self.motions[i, z]
        ed, ed_label = warp(image[0], label[0], back_field * systole)
        es, es_label = warp(image[1], label[1], there_field * (1 - systole))
        share = min(1.0, systole)
        return (1 - share) * ed + share * es, ed_label if systole < 0.5 else es_label

    def place(self, image: Tensor, label: Tensor, stack: Stack, view: View) -> tuple[Tensor, Tensor]:
        """Resample (3, T, X, Y) and (T, X, Y) to S x S pixels: turned, mirrored or not, scaled, bent, shifted."""
        r, size = self.random, view.size
        if view is REGION:
            angle = stack.rv_angle - math.pi + r.normal(0, 0.2)
            mirrored = r.random() < 0.15
            shift_mm = 6.0
        else:
            # Most exams are stored in one orientation; the others have to be found too.
            usual = r.random() < 0.6
            angle = r.normal(0, 0.3) if usual else r.choice([r.uniform(-math.pi, math.pi), math.pi / 2 * r.integers(4)])
            mirrored = not usual and r.random() < 0.5
            shift_mm = 18.0
        zoom = SPACING_MM * math.exp(r.normal(0, 0.12))
        stretch = math.exp(r.normal(0, 0.05))
        mirror = -1.0 if mirrored else 1.0
        cos, sin = math.cos(angle), math.sin(angle)
        turn = torch.tensor([[cos, -sin], [sin, cos]]) @ torch.diag(torch.tensor([stretch, mirror / stretch]))
        axis = torch.arange(size) - (size - 1) / 2
        grid = torch.stack(torch.meshgrid(axis, axis, indexing="ij"), dim=-1) @ turn.T.float() * zoom
        if r.random() < 0.5:
            bend = torch.from_numpy(r.normal(0, r.uniform(1, 4), (1, 2, 5, 5)).astype(np.float32))
            grid = grid + interpolate(bend, (size, size), mode="bicubic", align_corners=True)[0].permute(1, 2, 0)
        spacing = torch.tensor(stack.spacing_mm)
        centre = torch.tensor(stack.centre) + torch.from_numpy(r.normal(0, shift_mm, 2).astype(np.float32)) / spacing
        fill = str(r.choice(["zeros", "border", "reflection"], p=[0.5, 0.2, 0.3]))
        drawn, placed = resample(image.flatten(0, 1), label, grid / spacing + centre, fill)
        return drawn.unflatten(0, image.shape[:2]), placed

    def spoil(self, image: Tensor) -> None:
        """Makes some frames of (3, T, S, S) hard to read, in place: what they show, the others tell."""
        r = self.random
        frames, size = image.shape[1], image.shape[2]
        for t in r.choice(frames, size=int(r.integers(1, frames // 2 + 1)), replace=False):
            kind = r.integers(4)
            picture = image[:, t]
            if kind == 0:
                picture += float(r.uniform(0.1, 0.35)) * torch.from_numpy(r.standard_normal(picture.shape, np.float32))
            elif kind == 1:  # little contrast
                picture.sub_(picture.mean()).mul_(float(r.uniform(0.15, 0.5))).add_(float(r.uniform(0.2, 0.5)))
            elif kind == 2:  # turbulent blood, gone dark, or bright
                axis = torch.arange(size, dtype=torch.float32) - size / 2
                x, y = (axis - float(r.normal(0, 12)) for _ in "xy")
                width = float(r.uniform(5, 15))
                patch = torch.exp(-(x[:, None] ** 2 + y[None] ** 2) / (2 * width**2))
                picture += float(r.uniform(-0.8, 0.6)) * patch * (picture.mean() + 0.2)
            else:  # moved while it was taken
                k = int(r.integers(2, 5))
                window, padding = ((2 * k + 1, 1), (k, 0)) if r.random() < 0.5 else ((1, 2 * k + 1), (0, k))
                picture.copy_(avg_pool2d(picture, window, 1, padding, count_include_pad=False))

    def light(self, image: Tensor) -> Tensor:
        """(N, S, S) from another scanner: contrast curve, shading, blur, noise, and rarely grey values turned round."""
        r = self.random
        some = image[..., ::3, ::3]
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


def chances(systoles: list[NDArray[np.uint8]]) -> NDArray[np.float64]:
    """How likely each slice is drawn, (N,), summing to one, from its end-systolic labels.

    A cavity that is all but gone at end systole is seldom, counts for little in an average over pixels, and decides
    the ejection fraction of a thick heart: such slices come three times as often.
    """
    cavity = np.array([np.count_nonzero(label == LV) for label in systoles])
    muscle = np.array([np.count_nonzero(label == MYO) for label in systoles])
    weight = np.where((muscle > 0) & (cavity < SMALL_CAVITY * muscle), 3.0, 1.0)
    return weight / weight.sum()


def wall_places(label: NDArray[np.uint8], power: float) -> NDArray[np.float32] | None:
    """Where a heart of another wall has its pixels in the one of ``label`` (X, Y): (X, Y, 2), in pixels.

    Along each ray from the middle of the cavity, distances are counted in shares of that to just inside the outer edge
    of the wall, and raised to ``power``: below 1 the cavity shrinks and the wall grows inwards, above 1 the other way
    round. The outer edge and all beyond it stay. None where there is no cavity.
    """
    cavity = label == LV
    if not cavity.any():
        return None
    own = np.stack(np.meshgrid(*(np.arange(n) for n in label.shape), indexing="ij"), axis=-1)
    middle = own[cavity].mean(axis=0)
    away = own - middle
    distance = np.hypot(away[..., 0], away[..., 1])
    angle = np.arctan2(away[..., 1], away[..., 0])
    within = cavity | (label == MYO)
    steps = np.linspace(-np.pi, np.pi, 49)
    sector = np.digitize(angle[within], steps) - 1
    edge = np.zeros(48)
    np.maximum.at(edge, sector.clip(0, 47), distance[within])
    edge = 0.92 * (np.roll(edge, -1) + 2 * edge + np.roll(edge, 1)) / 4
    outer = np.interp(angle, (steps[:-1] + steps[1:]) / 2, edge, period=2 * np.pi)
    share = np.maximum(distance / outer, 1e-3)
    stretch = np.where(share < 1, share ** (power - 1), 1.0)
    return np.asarray(middle + away * stretch[..., None], np.float32)


def warp(image: Tensor, label: Tensor, field: Tensor) -> tuple[Tensor, Tensor]:
    """(X, Y) image and label drawn from the places that ``field`` (2, X, Y), in pixels, points to."""
    nx, ny = image.shape
    own = torch.stack(torch.meshgrid(torch.arange(nx), torch.arange(ny), indexing="ij"), dim=-1)
    moved, moved_label = resample(image[None], label[None], own + field.permute(1, 2, 0), "border")
    return moved[0], moved_label[0]


def resample(image: Tensor, label: Tensor, pixels: Tensor, fill: str) -> tuple[Tensor, Tensor]:
    """(N, X, Y) and (T, X, Y) at the places ``pixels`` (S, S, 2), linear for the image, nearest for the labels.

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
