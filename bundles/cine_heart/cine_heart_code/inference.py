"""From a cine on its own grid to a label map on that grid: find the heart, then follow it.

Two passes of one network. The first looks at whole pictures, at a few phases only, and finds the one
place where all slices agree that there is a ventricle; what looks like one elsewhere is dropped. The
second follows that region through every frame, turned so that the right ventricle lies to one side:
the network need not know every orientation as well as that one.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
import torch
from monai.data.meta_tensor import MetaTensor
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d

from cine_heart_code.cases import LV, MYO, RV
from cine_heart_code.grid import Frame, StandardOrder, resize

# No part of a heart lies farther from the middle of its left ventricle.
REACH_MM = 110.0
# Fields of view, along the longer side, that a picture of unknown pixel size is looked at with.
FIELDS_OF_VIEW_MM = (190.0, 260.0, 350.0, 450.0)
# Direction from the left to the right ventricle where none is seen: the usual one, in the standard order.
USUAL_RV_ANGLE = np.radians(165.0)
Progress = Callable[[float], None]


@dataclass(frozen=True)
class Look:
    """What the first pass saw: pixel size (x, y) in mm it took for right, where the heart is, and how clearly."""

    spacing: NDArray[np.float64]
    region: Frame | None
    clearness: float


class CineInferer:
    """Callable as MONAI's inferers are: ``inferer(inputs, network)``.

    ``inputs`` is a MetaTensor (1, 1, X, Y, Z, T) with its affine in millimetres, and ``spacing_known`` False
    in its ``meta`` where the affine is a guess; the answer is (1, 1, X, Y, Z, T) uint8: 0 background, 1 RV,
    2 myocardium, 3 LV.
    """

    def __init__(self, spacing_mm: float = 1.5, margin_mm: float = 14.0) -> None:
        self.spacing_mm = spacing_mm
        self.margin_mm = margin_mm

    def __call__(self, inputs: Tensor, network: nn.Module, progress: Progress | None = None) -> Tensor:
        affine, known = torch.eye(4), False
        if isinstance(inputs, MetaTensor):
            affine, known = inputs.affine, bool(inputs.meta.get("spacing_known", True))
            inputs = inputs.as_tensor()  # metadata would be copied at every step of the network
        cine = inputs[0, 0].float()
        label = self.segment(cine, np.asarray(affine, float).reshape(-1, 4)[:4], network, progress, known)
        return torch.from_numpy(label)[None, None]

    def segment(
        self,
        cine: Tensor,
        affine: NDArray[np.float64],
        network: nn.Module,
        progress: Progress | None = None,
        spacing_known: bool = True,
    ) -> NDArray[np.uint8]:
        """(X, Y, Z, T) voxels and their affine to (X, Y, Z, T) labels.

        The pixels are first brought to one order, whichever way the file runs through them, so that one
        exam gets one answer however it was stored.
        """
        order = StandardOrder.of(affine)
        pictures = order.apply(cine).permute(2, 3, 0, 1)  # (Z, T, X, Y)
        label = np.zeros(tuple(pictures.shape), np.uint8)
        if spacing_known:
            # Formats keep an affine to different digits, and one exam is to get one answer from each of them.
            spacings = [np.linalg.norm(order.affine(affine)[:3, :2], axis=0).round(4)]
        else:
            spacings = [np.full(2, field / max(pictures.shape[2:])) for field in FIELDS_OF_VIEW_MM]
        look = max((self.look(pictures, s, network) for s in spacings), key=lambda look: look.clearness)
        if look.region is not None:
            self.follow(pictures, look.spacing, look.region, network, label, progress)
        turned = order.undo(torch.from_numpy(label).permute(2, 3, 0, 1)).numpy()
        return np.ascontiguousarray(turned)

    def look(self, pictures: Tensor, spacing: NDArray[np.float64], network: nn.Module) -> Look:
        """First pass over whole pictures (Z, T, X, Y) whose pixels are ``spacing`` (x, y) mm apart."""
        nx, ny = (max(16, round(n * s / self.spacing_mm)) for n, s in zip(pictures.shape[2:], spacing, strict=True))
        some = pictures[:, few_phases(pictures.shape[1])]
        seen = brightness(resize(some, (nx, ny)))
        shares = torch.cat(list(self.run(network, seen)))
        used = np.array(pictures.shape[2:]) * spacing / (nx, ny)
        return Look(spacing, *heart_region(shares, beating(seen), used, self.margin_mm, self.spacing_mm))

    def follow(
        self,
        pictures: Tensor,
        spacing: NDArray[np.float64],
        region: Frame,
        network: nn.Module,
        label: NDArray[np.uint8],
        progress: Progress | None,
    ) -> None:
        """Segments the region in every frame of ``pictures`` (Z, T, X, Y) and writes into ``label``."""
        xs, ys = region.touches(pictures.shape[2:], spacing)
        done = 0
        for shares in self.run(network, brightness(region.cut(pictures, spacing))):
            placed = region.place(shares.flatten(0, 2), xs, ys, spacing).unflatten(0, shares.shape[:3])
            label[done : done + len(shares), :, xs, ys] = placed.max(dim=1).indices.to(torch.uint8).numpy()
            done += len(shares)
            if progress:
                progress(done / len(pictures))
        for t in range(label.shape[1]):
            label[:, t, xs, ys] = one_heart(label[:, t, xs, ys])

    def run(self, network: nn.Module, pictures: Tensor) -> Iterator[Tensor]:
        """(Z, T, X, Y) to probabilities (1, 4, T, X, Y) of one slice after the other.

        Several together would be brought into another order for every norm, and fit the caches less well. In single
        precision: bfloat16 takes two thirds of the time, but its answer depends on the processor and on how many
        threads work on it.
        """
        network.eval()
        # Convolutions are a quarter faster on a CPU where the channels of a pixel lie side by side.
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        device = next(network.parameters()).device
        for z in range(len(pictures)):
            image = with_neighbours(pictures, z).to(device)
            with torch.inference_mode():
                shares = torch.softmax(network(image), dim=1)
            yield shares.cpu()


def few_phases(frames: int) -> list[int]:
    """Frames that show the heart large and small, whatever the phase of the first."""
    return sorted({0, frames // 3, (2 * frames) // 3})


def with_neighbours(pictures: Tensor, z: int) -> Tensor:
    """Slice ``z`` of (Z, T, X, Y) as (1, 3, T, X, Y): below, own, above; own where there is none."""
    return pictures[[max(z - 1, 0), z, min(z + 1, len(pictures) - 1)]][None]


def brightness(pictures: Tensor) -> Tensor:
    """Scale so that the 1st and 99th percentile of all voxels lie at 0 and 1, and cut far highlights."""
    some = pictures[..., ::2, ::2].reshape(-1)
    step = max(1, some.numel() // 1_000_000)
    low, high = torch.quantile(some[::step], torch.tensor([0.01, 0.99]))
    scaled: Tensor = (pictures - low) / (high - low).clamp(min=1e-6)
    return scaled.clamp(0, 1.4)


def beating(pictures: Tensor) -> Tensor:
    """How much each place of (Z, T, X, Y) changes with time, as (X, Y), at most 1; 1 everywhere in a still."""
    if pictures.shape[1] == 1:
        return torch.ones(pictures.shape[2:])
    change = pictures.std(dim=1).mean(dim=0)
    around = avg_pool2d(change[None, None], 15, 1, 7, count_include_pad=False)[0, 0]
    return around / around.max().clamp(min=1e-6)


def heart_region(
    shares: Tensor, beat: Tensor, spacing: NDArray[np.float64], margin_mm: float, pixel_mm: float
) -> tuple[Frame | None, float]:
    """The region of the heart from the probabilities (Z, 4, T, X, Y) of whole pictures, and how clear it is.

    The left ventricle with its wall is the seed: the place where they are seen in most slices, on average over
    phases, and which beats (X, Y): a vertebra looks like one in every slice, too. The region is what hangs together
    with it within reach, right ventricle included, turned so that this one lies towards its first pixels. None if
    there is no heart. ``spacing`` (x, y) of the pictures is in mm, ``pixel_mm`` is that of the region.
    """
    seen = shares.mean(dim=2).sum(dim=0)  # (4, X, Y): in how many slices, on average over phases
    ventricle = seen[LV] * (seen[MYO] > 0.05) + seen[MYO]
    seed = avg_pool2d(ventricle[None, None], 15, 1, 7, count_include_pad=False)[0, 0]
    place = int((seed * (0.2 + beat)).argmax())
    clearness = float(seed.flatten()[place])
    # Noise reaches 0.1 to 0.2 a slice, in single ones more; hearts 0.8 a slice, a single slice 0.45 and more.
    if clearness < 0.15 + 0.25 * len(shares):
        return None, 0.0
    x, y = divmod(place, seed.shape[1])
    places = torch.stack(torch.meshgrid(*(torch.arange(n) for n in seed.shape), indexing="ij"), dim=-1).double()
    places = (places + 0.5) * torch.from_numpy(spacing)  # (X, Y, 2) in mm
    near = torch.linalg.vector_norm(places - places[x, y], dim=-1) <= REACH_MM
    # What is seen in one slice at one phase only is not believed: kidneys and stomachs look like ventricles there.
    present = (seen[1:].sum(dim=0) > 0.5) & near
    present[x, y] = True
    spread = sitk.BinaryDilate(sitk.GetImageFromArray(present.numpy().astype(np.uint8)), [2, 2])
    parts = torch.from_numpy(sitk.GetArrayFromImage(sitk.ConnectedComponent(spread)).astype(np.int32))
    heart = parts == parts[x, y]
    angle = rv_angle(seen * heart, places) - np.pi
    along = torch.tensor([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    turned = places[heart] @ along
    low, high = turned.amin(dim=0) - margin_mm, turned.amax(dim=0) + margin_mm
    middle, half = along @ ((low + high) / 2), (high - low) / 2
    region = Frame((float(middle[0]), float(middle[1])), (float(half[0]), float(half[1])), float(angle), pixel_mm)
    return region, clearness


def rv_angle(seen: Tensor, places: Tensor) -> float:
    """Direction from the left to the right ventricle, from how much of (4, X, Y) is seen where (X, Y, 2)."""
    left, right = seen[MYO] + seen[LV], seen[RV]
    if float(right.sum()) < 0.05 * float(left.sum()):
        return float(USUAL_RV_ANGLE)
    dx, dy = (
        float((right * place).sum() / right.sum() - (left * place).sum() / left.sum()) for place in places.unbind(-1)
    )
    return float(np.arctan2(dy, dx))


def one_heart(label: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """One frame (Z, X, Y) cleaned up: the largest LV, the wall that surrounds it, the RV that lies against both.

    Parts that touch only at a corner from slice to slice count as connected: slices lie far apart.
    """
    kept = np.zeros_like(label)
    places = np.nonzero(label)
    if not places[0].size:
        return kept
    box = tuple(slice(at.min(), at.max() + 1) for at in places)
    inside, chosen = label[box], kept[box]
    for value in (LV, MYO, RV):
        mask = inside == value
        if not mask.any():
            continue
        parts = sitk.GetArrayFromImage(sitk.ConnectedComponent(sitk.GetImageFromArray(mask.astype(np.uint8)), True))
        # (Copies, not views: a view of an image that nobody holds reads memory that is given away.)
        # The first structure is judged by size, the others by how much of them lies against what is kept.
        weight = np.zeros(int(parts.max()) + 1, int)
        if chosen.any():
            against = sitk.BinaryDilate(sitk.GetImageFromArray((chosen > 0).astype(np.uint8)), [3, 3, 0])
            near = sitk.GetArrayFromImage(against) > 0
            weight = np.bincount(parts[near & mask], minlength=len(weight))
        if not weight.any():
            weight = np.bincount(parts[mask], minlength=len(weight))
        chosen[parts == weight.argmax()] = value
    return kept
