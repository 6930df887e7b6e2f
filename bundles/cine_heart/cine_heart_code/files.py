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


class LoadCined(MapTransform):
    """Read (x, y, z) or (x, y, z, t) NIfTI as a MetaTensor (1, X, Y, Z, T), float32, with its affine in mm."""

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        read = dict(data)
        for key in self.key_iterator(read):
            path = str(read[key])
            image = nibabel.load(path)
            voxels = np.asarray(image.dataobj, dtype=np.float32)
            if voxels.ndim not in (3, 4):
                raise ValueError(f"{path}: {voxels.ndim} dimensions; a cine has x, y, z and time")
            voxels = voxels.reshape((*voxels.shape, 1)[:4])
            meta = {"filename_or_obj": path, "still": image.ndim == 3}
            read[key] = MetaTensor(torch.from_numpy(voxels)[None], affine=torch.as_tensor(image.affine), meta=meta)
        return read


class SaveLabeld(MapTransform):
    """Write the labels (1, X, Y, Z, T) of ``keys`` as ``<name of the image>.nii.gz``, on the image's grid."""

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
            self.output_dir.mkdir(parents=True, exist_ok=True)
            target = self.output_dir / (source.name.removesuffix(".gz").removesuffix(".nii") + ".nii.gz")
            temporary = target.with_name(".new-" + target.name)
            nibabel.save(nibabel.Nifti1Image(label, None, header), temporary)
            with temporary.open("rb") as written:
                os.fsync(written.fileno())
            temporary.replace(target)
        return dict(data)


def cines(folder: str) -> list[dict[str, str]]:
    """Every NIfTI file of a folder but labels (``*_gt``), as MONAI's data lists are written."""
    found = sorted(p for p in Path(folder).rglob("*.nii*") if "_gt." not in p.name)
    if not found:
        raise FileNotFoundError(f"{folder}: no NIfTI file")
    return [{"image": str(p)} for p in found]


def labelled_stills(folders: list[str]) -> list[dict[str, str]]:
    """End-diastolic and end-systolic volumes with their labels."""
    return [
        {"image": f"{folder}/{phase}.nii.gz", "label": f"{folder}/{phase}_gt.nii.gz"}
        for folder in folders
        for phase in ("ed", "es")
    ]
