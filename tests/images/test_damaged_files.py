"""Whatever happens to a file's bytes: it is read as a sound cine, or refused by name; nothing else."""

import gzip
import warnings
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import nibabel as nib
import nrrd
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from radloop.images import Limits, read_cine, read_label
from radloop.refusal import Refusal

VOXELS = np.random.default_rng(5).integers(0, 4, (16, 17, 2, 3)).astype(np.int16)
SMALL = Limits(max_voxels=2**18)
T = TypeVar("T")


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one good file of each format."""
    folder = tmp_path_factory.mktemp("sound")
    affine = np.diag([-1.5, -1.5, 8, 1])
    nib.Nifti1Image(VOXELS, affine).to_filename(folder / "1.nii")
    nib.Nifti2Image(VOXELS, affine).to_filename(folder / "2.nii")
    (folder / "1.nii.gz").write_bytes(gzip.compress((folder / "1.nii").read_bytes()))
    header: dict[str, Any] = {
        "space": "left-posterior-superior",
        "space directions": np.array([[1.5, 0, 0], [0, 1.5, 0], [0, 0, 8], [np.nan] * 3]),
        "space origin": [1.0, 2.0, 3.0],
        "kinds": ["domain"] * 3 + ["list"],
        "units": ["", "", "", "ms"],
        "axis 3 index values": "0 40 80",
    }
    nrrd.write(str(folder / "raw.nrrd"), VOXELS, {**header, "encoding": "raw"})
    nrrd.write(str(folder / "gzip.nrrd"), VOXELS, {**header, "encoding": "gzip"})
    return folder


@settings(max_examples=300, deadline=None)
@given(
    name=st.sampled_from(["1.nii", "2.nii", "1.nii.gz", "raw.nrrd", "gzip.nrrd"]),
    changes=st.lists(st.tuples(st.integers(0, 600), st.integers(0, 255)), min_size=1, max_size=6),
    keep=st.one_of(st.just(1.0), st.floats(0, 1)),
)
def test_damaged_files(sound: Path, name: str, changes: list[tuple[int, int]], keep: float) -> None:
    content = bytearray((sound / name).read_bytes())
    for position, value in changes:
        content[position % len(content)] = value
    with TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)  # of overflow: a person would see it on the terminal
        path = Path(folder, name)
        path.write_bytes(content[: round(len(content) * keep)])
        cine = read_or_refusal(read_cine, path)
        label = read_or_refusal(read_label, path)
    if isinstance(cine, Refusal):
        assert name in cine.sentence
    else:
        assert cine.voxels.ndim == 4
        assert min(cine.voxels.shape[:2]) >= 16
        assert np.isfinite(cine.affine).all()
        assert min(cine.spacing_mm) > 0
        assert cine.times_ms is None or cine.times_ms.shape == (cine.n_frames,)
    if isinstance(label, Refusal):
        assert name in label.sentence
    else:
        assert label.ndim == 4
        assert label.max() <= 3


def read_or_refusal(read: Callable[..., T], path: Path) -> T | Refusal:
    try:
        return read(path, limits=SMALL)
    except Refusal as refusal:
        return refusal
