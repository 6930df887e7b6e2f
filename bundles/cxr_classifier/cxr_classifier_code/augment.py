"""Films in other forms: as another machine, another technician or another size would have made them.

Everything works on a whole batch at once, on pictures (B, 1, H, W) of 0 to 1. What varies is drawn from a generator of
its own, so that a batch can be made again. ``strength`` 0 changes nothing, 1 is the default.
"""

import math

import torch
from torch import Tensor
from torch.nn.functional import affine_grid, avg_pool2d, grid_sample, interpolate

from cxr_classifier_code.picture import standardised


class Chance:
    """Random numbers for a batch of ``count``: one a picture, shaped to be multiplied with pictures."""

    def __init__(self, seed: int, count: int) -> None:
        self.generator = torch.Generator().manual_seed(seed)
        self.count = count

    def between(self, low: float, high: float) -> Tensor:
        return low + (high - low) * torch.rand(self.count, 1, 1, 1, generator=self.generator)

    def normal(self, spread: float) -> Tensor:
        return spread * torch.randn(self.count, 1, 1, 1, generator=self.generator)

    def happens(self, share: float) -> Tensor:
        return torch.rand(self.count, 1, 1, 1, generator=self.generator) < share

    def one(self) -> float:
        """A single number of 0 to 1 for the whole batch."""
        return float(torch.rand(1, generator=self.generator))


def augmented(
    pictures: Tensor, size: int, seed: int, strength: float = 1.0, mirror: bool = True, hide: bool = True
) -> Tensor:
    """(B, 1, H, W) of 0..1 to (B, 1, size, size), standardised."""
    chance = Chance(seed, len(pictures))
    placed = replaced(pictures, size, chance, strength, mirror)
    lit = relit(placed, chance, strength)
    return standardised(hidden(lit, chance, strength) if hide else lit)


def replaced(pictures: Tensor, size: int, chance: Chance, strength: float, mirror: bool) -> Tensor:
    """Turned, scaled, shifted, mirrored."""
    angle = chance.normal(math.radians(6) * strength).clamp(-0.35, 0.35)
    scale = chance.normal(0.09 * strength).clamp(-0.3, 0.3).exp()
    aspect = chance.normal(0.05 * strength).clamp(-0.15, 0.15).exp()
    flip = torch.where(chance.happens(0.5), -1.0, 1.0) if mirror else torch.ones_like(angle)
    across = torch.cat((flip * scale * angle.cos(), -scale * angle.sin(), chance.normal(0.08 * strength)), dim=3)
    down = torch.cat(
        (flip * scale * aspect * angle.sin(), scale * aspect * angle.cos(), chance.normal(0.08 * strength)), 3
    )
    grid = affine_grid(torch.cat((across, down), dim=2)[:, 0], [len(pictures), 1, size, size], align_corners=False)
    outside = "border" if chance.one() < 0.85 else "zeros"
    return grid_sample(pictures, grid, mode="bilinear", padding_mode=outside, align_corners=False)


def relit(pictures: Tensor, chance: Chance, strength: float) -> Tensor:
    """Other contrast curves, shading, sharpness, resolution, noise."""
    x = pictures.clamp(0, 1)
    evened = torch.where(chance.happens(0.4 * strength), chance.between(0, 0.9), 0.0)
    if bool((evened > 0).any()):
        x = x + evened * (ranks(x) - x)
    x = x.clamp(min=1e-4) ** chance.normal(0.35 * strength).clamp(-0.9, 0.9).exp()
    # Monotone as long as the factor stays below one.
    x = x + chance.normal(0.4 * strength).clamp(-0.9, 0.9) * torch.sin(2 * math.pi * x) / (2 * math.pi)
    size = x.shape[-1]
    places = torch.linspace(-1, 1, size)
    # In units of the picture's own contrast, so that a pale film is not drowned.
    contrast = x.std(dim=(2, 3), keepdim=True)
    across, down = chance.normal(0.3 * strength) * places.view(1, 1, 1, -1), chance.normal(0.3 * strength)
    shading = contrast * (across + down * places.view(1, 1, -1, 1))
    x = x + shading
    if chance.one() < 0.25 * strength:
        coarse = round(size / (1.2 + 1.2 * chance.one()))
        small = interpolate(x, (coarse, coarse), mode="bilinear", antialias=True, align_corners=False)
        x = interpolate(small, (size, size), mode="bilinear", align_corners=False)
    smooth = avg_pool2d(x, 3, 1, 1, count_include_pad=False)
    x = x + chance.between(-0.9 * strength, 0.7 * strength) * (smooth - x)
    grain = torch.randn(x.shape, generator=chance.generator)
    return x + contrast * chance.between(0, 0.2 * strength) * grain


def hidden(pictures: Tensor, chance: Chance, strength: float) -> Tensor:
    """A box or the outer rim made even: no single place may be needed, least of all the film's edge."""
    size = pictures.shape[-1]
    places = (torch.arange(size) + 0.5) / size
    rows, columns = places.view(1, 1, -1, 1), places.view(1, 1, 1, -1)
    top, left = chance.between(-0.1, 0.9), chance.between(-0.1, 0.9)
    height, width = chance.between(0.1, 0.35), chance.between(0.1, 0.35)
    box = (rows > top) & (rows < top + height) & (columns > left) & (columns < left + width)
    rim = chance.between(0, 0.1)
    edge = (rows < rim) | (rows > 1 - rim) | (columns < rim) | (columns > 1 - rim)
    covered = (box & chance.happens(0.4 * strength)) | (edge & chance.happens(0.25 * strength))
    return torch.where(covered, pictures.mean(dim=(2, 3), keepdim=True), pictures)


def ranks(pictures: Tensor) -> Tensor:
    """Histogram equalisation: each pixel's rank among those of its picture, 0 to 1."""
    flat = pictures.flatten(1)
    order = flat.argsort(dim=1)
    steps = torch.linspace(0, 1, flat.shape[1]).expand_as(flat)
    return torch.empty_like(flat).scatter_(1, order, steps).view_as(pictures)
