"""Training on from an earlier version with pictures of which people drew or reviewed a part.

``data`` is a list as MONAI's data lists are: ``{"image": FILE, "label": FILE}``, NIfTI of one shape, 3D or 4D, the
label 255 where nobody looked.
"""

import math
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from cine_heart_code.cases import UNLABELLED, Stack, heart_pose
from cine_heart_code.sampling import RandomClips


class DrawnClips(RandomClips):
    """As ``RandomClips``, from single files: frames of cines with one labelled frame at least.

    A file of two frames that are labelled everywhere counts as end diastole and end systole, and is morphed too.
    """

    def __init__(self, data: list[dict[str, str]], batches: int, seed: int = 0) -> None:
        super().__init__([], batches, seed)
        stacks = [drawn_stack(Path(one["image"]), Path(one["label"])) for one in data]
        for stack in stacks:
            drawn = (stack.label != UNLABELLED).any(axis=(1, 2, 3))
            whole = stack.label.shape[1] == 2 and not (stack.label == UNLABELLED).any()
            known, slices = (self.stills, self.still_slices) if whole else (self.cines, self.cine_slices)
            slices += [(len(known), int(z)) for z in np.flatnonzero(drawn)]
            known.append(stack)

    def pseudo_cine(self, frames: int, phases: bool) -> tuple[Stack, tuple[Tensor, Tensor]]:
        if not self.stills or (self.cines and self.random.random() < 0.5):
            return self.real_cine(frames, phases)
        return super().pseudo_cine(frames, phases)


def drawn_stack(image_file: Path, label_file: Path) -> Stack:
    """A picture and its labels. The picture stays on disk until it is used, where its file allows that."""
    image = nibabel.load(image_file)
    spacing = image.header.get_zooms()
    label = np.asarray(nibabel.load(label_file).dataobj, np.uint8)
    drawn = np.ascontiguousarray(_by_slice(label))
    mm = (float(spacing[0]), float(spacing[1]))
    centre, angle = _pose(drawn, mm)
    # A file of uncompressed float32 is mapped into memory, not read.
    voxels = np.asanyarray(image.dataobj)
    return Stack(image_file.name, _by_slice(voxels.astype(np.float32, copy=False)), drawn, mm, centre, angle)


def _by_slice(voxels: NDArray[Any]) -> NDArray[Any]:
    """(x, y, z) or (x, y, z, t) as (Z, T, X, Y)."""
    return voxels.reshape((*voxels.shape, 1)[:4], order="A").transpose(2, 3, 0, 1)


def _pose(label: NDArray[np.uint8], spacing_mm: tuple[float, float]) -> tuple[tuple[float, float], float]:
    """As ``heart_pose``; of labels without both ventricles the middle of the picture, as it lies."""
    if (label == 1).any() and ((label == 2) | (label == 3)).any():
        return heart_pose(label, spacing_mm)
    return ((label.shape[2] - 1) / 2, (label.shape[3] - 1) / 2), math.pi
