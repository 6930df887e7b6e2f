"""NIfTI files in and out, for running the bundle by itself."""

import os
from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import torch
from monai.config import KeysCollection
from monai.data.meta_tensor import MetaTensor
from monai.transforms import MapTransform
from numpy.typing import NDArray

# Millimetres in a NIfTI header's unit of length: unknown (taken for mm), metre, millimetre, micrometre.
MM_PER_UNIT = {0: 1.0, 1: 1000.0, 2: 1.0, 3: 0.001}
# No heart was ever imaged with smaller or larger voxels: such a header is not believed.
SPACINGS_MM = (0.05, 100.0)


class LoadCined(MapTransform):
    """Read (x, y, z) or (x, y, z, t) NIfTI as a MetaTensor (1, X, Y, Z, T), float32, with its affine in mm.

    ``meta["spacing_known"]`` is False where the header does not tell how large a voxel is.
    """

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        read = dict(data)
        for key in self.key_iterator(read):
            path = str(read[key])
            image = nibabel.load(path)
            voxels = np.asarray(image.dataobj, dtype=np.float32)
            if voxels.ndim not in (3, 4):
                raise ValueError(f"{path}: {voxels.ndim} dimensions; a cine has x, y, z and time")
            voxels = voxels.reshape((*voxels.shape, 1)[:4])
            affine, known = grid_of(image.header)
            meta = {"filename_or_obj": path, "still": image.ndim == 3, "spacing_known": known}
            read[key] = MetaTensor(torch.from_numpy(voxels)[None], affine=torch.as_tensor(affine), meta=meta)
        return read


def grid_of(header: Any) -> tuple[NDArray[np.float64], bool]:
    """The affine (4, 4) of a NIfTI header in mm, and whether it tells how large a voxel is.

    Some programs fill the voxel sizes and leave an affine of 1 mm (the source of the ACDC data), or the other way
    round: the one that was filled is believed; where both are filled and differ, neither is.
    """
    mm = MM_PER_UNIT.get(int(header["xyzt_units"]) & 7, 1.0)
    sizes = np.asarray(header["pixdim"][1:4], np.float64)
    affine = np.array(header.get_best_affine(), np.float64)
    lengths = np.linalg.norm(affine[:3, :3], axis=0)
    codes = int(header["sform_code"]) or int(header["qform_code"]) or int(header["xyzt_units"]) & 7
    known = bool(codes or np.any(sizes != 1))
    if known and not np.allclose(lengths, sizes, rtol=0.01, atol=0):
        if np.allclose(lengths, 1, atol=1e-3):
            affine[:3, :3] *= sizes / lengths
        else:
            known = bool(np.all(sizes == 1))
    affine[:3] *= mm
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    return affine, known and bool(np.all((spacing >= SPACINGS_MM[0]) & (spacing <= SPACINGS_MM[1])))


class SaveLabeld(MapTransform):
    """Write the labels (1, X, Y, Z, T) of ``keys`` as ``<name of the image>.nii.gz``, on the image's grid.

    An item's ``folder``, where it has one, is the folder below ``output_dir``: patients' files have the same names.
    """

    def __init__(self, keys: KeysCollection, output_dir: str, image_key: str = "image") -> None:
        super().__init__(keys)
        self.output_dir = Path(output_dir)
        self.image_key = image_key

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        source = Path(data[self.image_key].meta["filename_or_obj"])
        header = nibabel.load(source).header.copy()
        header.set_data_dtype(np.uint8)
        header.set_slope_inter(1, 0)
        for key in self.key_iterator(dict(data)):
            label = np.asarray(data[key])[0].astype(np.uint8)
            if data[self.image_key].meta["still"]:
                label = label[..., 0]
            folder = self.output_dir / str(data.get("folder", ""))
            folder.mkdir(parents=True, exist_ok=True)
            target = folder / (source.name.removesuffix(".gz").removesuffix(".nii") + ".nii.gz")
            temporary = target.with_name(".new-" + target.name)
            nibabel.save(nibabel.Nifti1Image(label, None, header), temporary)
            with temporary.open("rb") as written:
                os.fsync(written.fileno())
            temporary.replace(target)
        return dict(data)


def cines(folder: str) -> list[dict[str, str]]:
    """Every NIfTI file of a folder and below but labels (``*_gt``), as MONAI's data lists are written."""
    found = sorted(p for p in Path(folder).rglob("*.nii*") if "_gt." not in p.name)
    if not found:
        raise FileNotFoundError(f"{folder}: no NIfTI file")
    return [{"image": str(p), "folder": str(p.parent.relative_to(folder))} for p in found]


def labelled_stills(folders: list[str]) -> list[dict[str, str]]:
    """End-diastolic and end-systolic volumes with their labels."""
    return [
        {"image": f"{folder}/{phase}.nii.gz", "label": f"{folder}/{phase}_gt.nii.gz"}
        for folder in folders
        for phase in ("ed", "es")
    ]
