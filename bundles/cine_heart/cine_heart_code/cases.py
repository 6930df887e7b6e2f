"""Labelled patients for training, from a folder laid out like ACDC's development part.

``patientXXX/{ed,es}.nii.gz`` with ``*_gt.nii.gz``, and for some ``cine.nii.gz`` with
``cine_{ed,es}_gt.nii.gz`` and an ``info.json`` that says where the cine lies.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import nibabel
import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

UNLABELLED = 255
RV, MYO, LV = 1, 2, 3


@dataclass(frozen=True)
class Stack:
    """A patient's slices through time: what training samples are cut from.

    ``image`` (Z, T, X, Y) float32, ``label`` (Z, T, X, Y) uint8 with 255 where nobody drew, ``spacing_mm`` in
    plane. ``centre`` is the middle of the heart, in pixels, and ``rv_angle`` the direction from the left
    ventricle to the right one, in radians from the first axis towards the second.
    """

    patient: str
    image: NDArray[np.float32]
    label: NDArray[np.uint8]
    spacing_mm: tuple[float, float]
    centre: tuple[float, float]
    rv_angle: float


def voxels(path: Path) -> NDArray[np.generic]:
    return np.asarray(nibabel.load(path).dataobj)


def heart_pose(label: NDArray[np.uint8], spacing_mm: tuple[float, float]) -> tuple[tuple[float, float], float]:
    """``centre`` and ``rv_angle`` of a Stack from its labels (Z, T, X, Y)."""
    heart = np.argwhere((label > 0) & (label != UNLABELLED))[:, 2:]
    x, y = (heart.min(axis=0) + heart.max(axis=0)) / 2
    lv, rv = (np.argwhere(mask)[:, 2:].mean(axis=0) for mask in ((label == 2) | (label == 3), label == 1))
    dx, dy = (rv - lv) * spacing_mm
    return (float(x), float(y)), float(np.arctan2(dy, dx))


def still_stack(folder: Path) -> Stack:
    """End diastole and end systole as two frames, both labelled."""
    header = nibabel.load(folder / "ed.nii.gz").header
    spacing = header.get_zooms()
    image = np.stack([voxels(folder / f"{p}.nii.gz") for p in ("ed", "es")]).transpose(3, 0, 1, 2)
    label = np.stack([voxels(folder / f"{p}_gt.nii.gz") for p in ("ed", "es")]).transpose(3, 0, 1, 2)
    drawn = np.ascontiguousarray(label, np.uint8)
    mm = (float(spacing[0]), float(spacing[1]))
    return Stack(folder.name, np.ascontiguousarray(image, np.float32), drawn, mm, *heart_pose(drawn, mm))


def cine_stack(folder: Path) -> Stack | None:
    """The cine, all frames, of which end diastole and end systole are labelled; None where there is none.

    The cine is a small box around the heart; the still picture of end diastole surrounds it, so that
    the edge of the box is not the edge of the world.
    """
    if not (folder / "cine.nii.gz").exists():
        return None
    info = json.loads((folder / "info.json").read_text())
    cine = voxels(folder / "cine.nii.gz").astype(np.float32)
    surround = voxels(folder / "ed.nii.gz").astype(np.float32)
    x, y, z0 = (a - b for a, b in zip(info["cine"]["window_start"], info["window_start"], strict=True))
    nx, ny, nz, nt = cine.shape
    image = np.repeat(np.moveaxis(surround[:, :, z0 : z0 + nz], 2, 0)[:, None], nt, axis=1)
    image[:, :, x : x + nx, y : y + ny] = cine.transpose(2, 3, 0, 1)
    label = np.full(image.shape, UNLABELLED, np.uint8)
    for phase in ("ed", "es"):
        drawn = voxels(folder / f"cine_{phase}_gt.nii.gz").astype(np.uint8)
        label[:, info[f"{phase}_frame"] - 1, x : x + nx, y : y + ny] = np.moveaxis(drawn, 2, 0)
    mm = (float(info["spacing_mm"][0]), float(info["spacing_mm"][1]))
    return Stack(folder.name, image, label, mm, *heart_pose(label, mm))


def motion(image: NDArray[np.float32], label: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Displacements in pixels, (2, X, Y) each: from ED to ES coordinates, and back, of a slice (2, X, Y).

    Demons registration of the smoothed label pictures with a share of the image: it brings wall to wall
    and cavity to cavity, and leaves the surroundings nearly still.
    """

    def picture(t: int) -> sitk.Image:
        grey = np.array([0.0, 0.7, 0.35, 1.0], np.float32)[label[t]]
        light = image[t] / max(float(np.percentile(image[t], 99)), 1.0)
        return sitk.SmoothingRecursiveGaussian(sitk.GetImageFromArray(3 * grey + 0.5 * light), 1.0)

    demons = sitk.FastSymmetricForcesDemonsRegistrationFilter()
    demons.SetNumberOfIterations(60)
    demons.SetSmoothDisplacementField(True)
    demons.SetStandardDeviations(1.5)
    ed, es = picture(0), picture(1)
    # SimpleITK's vectors run (column, row); our arrays (row, column).
    there, back = (
        np.moveaxis(sitk.GetArrayFromImage(demons.Execute(*way))[..., ::-1], -1, 0).astype(np.float32)
        for way in ((ed, es), (es, ed))
    )
    return there, back


def load_split(dataset_dir: str, split: str, part: str) -> list[str]:
    """Folders of the patients of a part ("train", "val", "test") that are there."""
    patients = json.loads(Path(split).read_text())[part]
    folders = [Path(dataset_dir) / p for p in patients]
    found = [str(f) for f in folders if (f / "ed_gt.nii.gz").exists()]
    if not found:
        raise FileNotFoundError(f"{dataset_dir}: none of the {len(patients)} patients of '{part}' is there")
    return found
