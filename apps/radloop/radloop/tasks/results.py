"""Which part of a label map a client is given, and in which kind of file."""

import re
from dataclasses import dataclass, replace
from pathlib import Path

from radloop.answers import Measurements
from radloop.answers.service import InferParams
from radloop.images import Cine, LabelMap, write_label, write_label_nrrd
from radloop.refusal import Refusal


@dataclass(frozen=True)
class Wanted:
    """All frames where ``frame`` is None, else that one (from 1), written as ``suffix``."""

    frame: int | None
    suffix: str

    def write(self, folder: Path, label: LabelMap, cine: Cine, *, image: str, model: str) -> Path:
        """Write that part of ``label`` (x, y, z, t) and return the file.

        Its name is for people: clients save under it, and it must not look like a temporary file of the server's.
        """
        image = re.sub(r"[^A-Za-z0-9._-]+", "_", image)
        name = f"{image}.{model}" if self.frame is None or cine.still else f"{image}.{model}.frame{self.frame}"
        file = folder / f"{name}{self.suffix}"
        if self.frame is not None:
            at = slice(self.frame - 1, self.frame)
            label, cine = label[..., at], replace(cine, voxels=cine.voxels[..., at], times_ms=None, still=True)
        if self.suffix == ".nrrd":
            write_label_nrrd(file, label[..., 0], cine)
        else:
            write_label(file, label, cine)
        return file


def check_frame(params: InferParams, cine: Cine, image: str) -> None:
    """Before any work: refuse a frame that the picture does not have."""
    if params.frame is not None and params.frame > cine.n_frames:
        there = "1 frame" if cine.n_frames == 1 else f"{cine.n_frames} frames"
        raise Refusal("NO_SUCH_FRAME", f"{image} has {there}; there is no frame {params.frame}.")


def wanted(params: InferParams, cine: Cine, measurements: Measurements) -> Wanted:
    """All frames of a cine in NIfTI, unless one is asked for by number.

    Stock viewers ask for ``.nrrd`` and can show one volume: they get the ED frame (the first, where no heart
    was found). A file of one volume is answered with one volume.
    """
    suffix = params.result_extension or ".nii.gz"
    if params.frame is not None:
        return Wanted(params.frame, suffix)
    if suffix == ".nrrd":
        return Wanted(measurements.ed_frame or 1, suffix)
    return Wanted(None, suffix)
