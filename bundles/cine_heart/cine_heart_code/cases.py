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


@dataclass(frozen=True)
class Clip:
    """One slice through time: what a training sample is cut from.

    ``image`` (T, X, Y) float32, ``label`` (T, X, Y) uint8 with 255 where nobody drew,
    ``spacing_mm`` in plane.
    """

    patient: str
    image: NDArray[np.float32]
    label: NDArray[np.uint8]
    spacing_mm: tuple[float, float]


def voxels(path: Path) -> NDArray[np.generic]:
    return np.asarray(nibabel.load(path).dataobj)


def still_clips(folder: Path) -> list[Clip]:
    """Every slice as a clip of two frames, end diastole and end systole, both labelled."""
    header = nibabel.load(folder / "ed.nii.gz").header
    spacing = header.get_zooms()
    image = np.stack([voxels(folder / f"{p}.nii.gz") for p in ("ed", "es")]).astype(np.float32)
    label = np.stack([voxels(folder / f"{p}_gt.nii.gz") for p in ("ed", "es")]).astype(np.uint8)
    mm = (float(spacing[0]), float(spacing[1]))
    return [Clip(folder.name, image[..., z], label[..., z], mm) for z in range(image.shape[3])]


def cine_clips(folder: Path) -> list[Clip]:
    """Every slice of the cine, all frames, of which end diastole and end systole are labelled.

    The cine is a small box around the heart; the still picture of end diastole surrounds it, so that
    the edge of the box is not the edge of the world.
    """
    if not (folder / "cine.nii.gz").exists():
        return []
    info = json.loads((folder / "info.json").read_text())
    cine = voxels(folder / "cine.nii.gz").astype(np.float32)
    surround = voxels(folder / "ed.nii.gz").astype(np.float32)
    start = [a - b for a, b in zip(info["cine"]["window_start"], info["window_start"], strict=True)]
    x, y, z0 = start
    nx, ny, nz, nt = cine.shape
    frames = {"ed": info["ed_frame"] - 1, "es": info["es_frame"] - 1}
    drawn = {p: voxels(folder / f"cine_{p}_gt.nii.gz").astype(np.uint8) for p in frames}
    clips = []
    for z in range(nz):
        image = np.repeat(surround[None, :, :, z0 + z], nt, axis=0)
        image[:, x : x + nx, y : y + ny] = np.moveaxis(cine[:, :, z], -1, 0)
        label = np.full(image.shape, UNLABELLED, np.uint8)
        for phase, frame in frames.items():
            label[frame, x : x + nx, y : y + ny] = drawn[phase][..., z]
        spacing = (float(info["spacing_mm"][0]), float(info["spacing_mm"][1]))
        clips.append(Clip(folder.name, image, label, spacing))
    return clips


def motion(still: Clip) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Displacements in pixels, (2, X, Y) each: from ED to ES coordinates, and back.

    Demons registration of the smoothed label pictures with a share of the image: it brings wall to wall
    and cavity to cavity, and leaves the surroundings nearly still.
    """

    def picture(t: int) -> sitk.Image:
        grey = np.array([0.0, 0.7, 0.35, 1.0], np.float32)[still.label[t]]
        image = still.image[t] / max(float(np.percentile(still.image[t], 99)), 1.0)
        return sitk.SmoothingRecursiveGaussian(sitk.GetImageFromArray(3 * grey + 0.5 * image), 1.0)

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
