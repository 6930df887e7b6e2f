"""The cines and radiographs that radloop ships, made by itself."""

import gzip
import json
from pathlib import Path

import nibabel as nib
from PIL import Image

from radloop.images.picture import Cine
from radloop.synthesis.film import make_film
from radloop.synthesis.phantom import make_phantom

# A grid that shows the whole chest and few grey levels: small files. EF in percent points, EDV in mL.
SAMPLES: dict[str, dict[str, float]] = {
    "normal": {"seed": 11, "ef": 60, "edv_ml": 135},
    "failing": {"seed": 12, "ef": 25, "edv_ml": 250},
}


# Seed, and whether a lung is clouded.
FILMS = {"film_clear": (21, False), "film_clouded": (25, True)}


def write_samples(folder: Path | str) -> list[Path]:
    """Writes ``<name>.nii.gz`` and ``truth.json`` (as in ``Phantom``), and films as PNG; always the same."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    written, truth = [], {}
    for name, wanted in SAMPLES.items():
        phantom = make_phantom(
            int(wanted["seed"]),
            ef=wanted["ef"],
            edv_ml=wanted["edv_ml"],
            frames=20,
            matrix=(140, 136),
            spacing_mm=(2.0, 10.0),
            grey_levels=32,
        )
        written.append(folder / f"{name}.nii.gz")
        written[-1].write_bytes(gzip.compress(_nifti(phantom.cine).to_bytes(), 9, mtime=0))
        truth[f"{name}.nii.gz"] = {key: round(value, 3) for key, value in phantom.truth.items()}
    written.append(folder / "truth.json")
    written[-1].write_text(json.dumps(truth, indent=1) + "\n")
    for name, (seed, opacity) in FILMS.items():
        written.append(folder / f"{name}.png")
        Image.fromarray(make_film(seed, opacity=opacity).pixels).save(written[-1], optimize=True)
    return written


def _nifti(cine: Cine) -> nib.Nifti1Image:
    image = nib.Nifti1Image(cine.voxels, cine.affine)
    image.set_qform(cine.affine, 1)
    image.set_sform(cine.affine, 1)
    image.header.set_xyzt_units("mm", "msec")
    assert cine.times_ms is not None
    image.header["pixdim"][4] = cine.times_ms[1] - cine.times_ms[0]
    image.header["descrip"] = b"radloop phantom, CC0"
    return image
