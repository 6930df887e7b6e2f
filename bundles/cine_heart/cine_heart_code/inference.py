"""From a cine on its own grid to a label map on that grid: find the heart, then follow it.

Two passes of one network. The first looks at whole pictures, at a few phases only, and finds the one
place where all slices agree that there is a ventricle; what looks like one elsewhere is dropped. The
second follows that region through every frame.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
import torch
from monai.data.meta_tensor import MetaTensor
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate

from cine_heart_code.grid import InPlaneOrder

RV, MYO, LV = 1, 2, 3
# Pixels of all frames and slices that go through the network at once: the activations then fit the caches.
PIXELS_AT_ONCE = 600_000
# No part of a heart lies farther from the middle of its left ventricle.
REACH_MM = 110.0
# Fields of view, along the longer side, that a picture of unknown pixel size is looked at with.
FIELDS_OF_VIEW_MM = (190.0, 260.0, 350.0, 450.0)
Progress = Callable[[float], None]


@dataclass(frozen=True)
class Box:
    """A rectangle of pixels, half open, on the resampled grid."""

    x0: int
    x1: int
    y0: int
    y1: int


@dataclass(frozen=True)
class Look:
    """What the first pass saw: the resampled size it looked at, where the heart is, and how clearly."""

    size: tuple[int, int]
    box: Box | None
    clearness: float


class CineInferer:
    """Callable as MONAI's inferers are: ``inferer(inputs, network)``.

    ``inputs`` is a MetaTensor (1, 1, X, Y, Z, T) with its affine in millimetres, and ``spacing_known`` False
    in its ``meta`` where the affine is a guess; the answer is (1, 1, X, Y, Z, T) uint8: 0 background, 1 RV,
    2 myocardium, 3 LV.
    """

    def __init__(
        self,
        spacing_mm: float = 1.5,
        margin_mm: float = 14.0,
        low_precision: bool | None = None,
    ) -> None:
        """``low_precision`` None means bfloat16 where the processor has it."""
        self.spacing_mm = spacing_mm
        self.margin_mm = margin_mm
        self.low_precision = low_precision

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
        order = InPlaneOrder.of(affine)
        pictures = order.apply(cine).permute(2, 3, 0, 1)  # (Z, T, X, Y)
        label = np.zeros(tuple(pictures.shape), np.uint8)
        if spacing_known:
            spacings = [np.linalg.norm(order.affine(affine)[:3, :2], axis=0)]
        else:
            spacings = [np.full(2, field / max(pictures.shape[2:])) for field in FIELDS_OF_VIEW_MM]
        look = max((self.look(pictures, s, network) for s in spacings), key=lambda look: look.clearness)
        if look.box is not None:
            self.follow(pictures, look.size, look.box, network, label, progress)
        turned = order.undo(torch.from_numpy(label).permute(2, 3, 0, 1)).numpy()
        return np.ascontiguousarray(turned)

    def look(self, pictures: Tensor, spacing: NDArray[np.float64], network: nn.Module) -> Look:
        """First pass over whole pictures (Z, T, X, Y) whose pixels are ``spacing`` (x, y) mm apart."""
        nx, ny = (max(16, round(n * s / self.spacing_mm)) for n, s in zip(pictures.shape[2:], spacing, strict=True))
        some = pictures[:, few_phases(pictures.shape[1])]
        shares = torch.cat(list(self.run(network, brightness(resize(some, (nx, ny))))))
        return Look((nx, ny), *heart_box(shares, self.margin_mm / self.spacing_mm, REACH_MM / self.spacing_mm))

    def follow(
        self,
        pictures: Tensor,
        size: tuple[int, int],
        box: Box,
        network: nn.Module,
        label: NDArray[np.uint8],
        progress: Progress | None,
    ) -> None:
        """Segments the region in every frame of ``pictures`` (Z, T, X, Y) and writes into ``label``."""
        native = pictures.shape[2:]
        # The region's edges on the native grid; it is cut there and resampled alone.
        scale = [n / s for n, s in zip(native, size, strict=True)]
        x0, x1 = int(box.x0 * scale[0]), min(native[0], round(box.x1 * scale[0]))
        y0, y1 = int(box.y0 * scale[1]), min(native[1], round(box.y1 * scale[1]))
        region = pictures[:, :, x0:x1, y0:y1]
        inner = (max(16, round((x1 - x0) / scale[0])), max(16, round((y1 - y0) / scale[1])))
        done = 0
        for shares in self.run(network, brightness(resize(region, inner))):
            fine = resize(shares.flatten(1, 2), (x1 - x0, y1 - y0)).unflatten(1, shares.shape[1:3])
            label[done : done + len(shares), :, x0:x1, y0:y1] = fine.argmax(dim=1).to(torch.uint8).numpy()
            done += len(shares)
            if progress:
                progress(done / len(pictures))
        for t in range(label.shape[1]):
            label[:, t, x0:x1, y0:y1] = one_heart(label[:, t, x0:x1, y0:y1])

    def run(self, network: nn.Module, pictures: Tensor) -> Iterator[Tensor]:
        """(Z, T, X, Y) to probabilities (z, 4, T, X, Y), some slices at a time."""
        frames, pixels = pictures.shape[1], pictures.shape[2] * pictures.shape[3]
        network.eval()
        device = next(network.parameters()).device
        fast = self.low_precision
        if fast is None:
            fast = device.type != "cpu" or torch.ops.mkldnn._is_mkldnn_bf16_supported()
        for part in pictures.split(max(1, PIXELS_AT_ONCE // (frames * pixels))):
            image = part[:, None].to(device)
            with torch.inference_mode(), torch.autocast(device.type, torch.bfloat16, enabled=fast):
                shares = torch.softmax(network(image).float(), dim=1)
            yield shares.cpu()


def few_phases(frames: int) -> list[int]:
    """Frames that show the heart large and small, whatever the phase of the first."""
    return sorted({0, frames // 3, (2 * frames) // 3})


def resize(pictures: Tensor, size: tuple[int, int]) -> Tensor:
    """(N, C, X, Y) to the given X, Y, linear, averaging where it shrinks."""
    if tuple(pictures.shape[2:]) == tuple(size):
        return pictures
    resized: Tensor = interpolate(pictures, size=size, mode="bilinear", align_corners=False, antialias=True)
    return resized


def brightness(pictures: Tensor) -> Tensor:
    """Scale so that the 1st and 99th percentile of all voxels lie at 0 and 1, and cut far highlights."""
    some = pictures[..., ::2, ::2].reshape(-1)
    step = max(1, some.numel() // 1_000_000)
    low, high = torch.quantile(some[::step], torch.tensor([0.01, 0.99]))
    scaled: Tensor = (pictures - low) / (high - low).clamp(min=1e-6)
    return scaled.clamp(0, 1.4)


def heart_box(shares: Tensor, margin: float, reach: float) -> tuple[Box | None, float]:
    """The region of the heart from the probabilities (Z, 4, T, X, Y) of whole pictures, and how clear it is.

    The left ventricle with its wall is the seed: the place where they are seen in most slices, on average over
    phases. The region is what hangs together with it within ``reach`` pixels, right ventricle included. None if
    there is no heart.
    """
    seen = shares.mean(dim=2).sum(dim=0)  # (4, X, Y): in how many slices, on average over phases
    ventricle = seen[LV] * (seen[MYO] > 0.05) + seen[MYO]
    seed = avg_pool2d(ventricle[None, None], 15, 1, 7, count_include_pad=False)[0, 0]
    clearness = float(seed.max())
    if clearness < 0.3 + 0.05 * len(shares):  # noise reaches 0.1 to 0.4; a single slice of a heart 0.5, a stack 7
        return None, 0.0
    x, y = divmod(int(seed.argmax()), seed.shape[1])
    xs, ys = torch.meshgrid(*(torch.arange(n) for n in seed.shape), indexing="ij")
    near = (xs - x) ** 2 + (ys - y) ** 2 <= reach**2
    # What is seen in one slice at one phase only is not believed: kidneys and stomachs look like ventricles there.
    present = (seen[1:].sum(dim=0) > 0.5) & near
    present[x, y] = True
    spread = sitk.BinaryDilate(sitk.GetImageFromArray(present.numpy().astype(np.uint8)), [2, 2])
    parts = sitk.GetArrayFromImage(sitk.ConnectedComponent(spread))
    inside = np.nonzero(parts == parts[x, y])
    m = round(margin)
    (x0, y0), (x1, y1) = ([int(side(i)) for i in inside] for side in (np.min, np.max))
    nx, ny = parts.shape
    return Box(max(0, x0 - m), min(nx, x1 + 1 + m), max(0, y0 - m), min(ny, y1 + 1 + m)), clearness


def one_heart(label: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """One frame (Z, X, Y) cleaned up: the largest LV, the wall that surrounds it, the RV that lies against both.

    Parts that touch only at a corner from slice to slice count as connected: slices lie far apart.
    """
    kept = np.zeros_like(label)
    for value in (LV, MYO, RV):
        mask = label == value
        if not mask.any():
            continue
        parts = sitk.GetArrayFromImage(sitk.ConnectedComponent(sitk.GetImageFromArray(mask.astype(np.uint8)), True))
        # (Copies, not views: a view of an image that nobody holds reads memory that is given away.)
        # The first structure is judged by size, the others by how much of them lies against what is kept.
        against = sitk.GetArrayFromImage(
            sitk.BinaryDilate(sitk.GetImageFromArray((kept > 0).astype(np.uint8)), [3, 3, 0])
        )
        weight = np.bincount(parts[(against > 0) & mask], minlength=int(parts.max()) + 1)
        if not weight.any():
            weight = np.bincount(parts[mask], minlength=int(parts.max()) + 1)
        kept[parts == weight.argmax()] = value
    return kept
