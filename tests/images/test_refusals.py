"""Files that must not be analysed: each is refused in one sentence that names it and its fault."""

import gzip
import os
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel as nib
import nrrd
import numpy as np
import pytest
import SimpleITK as sitk
from numpy.typing import NDArray

from radloop.images import Limits, read_cine, read_label
from radloop.refusal import Refusal

GRID = np.diag([1.5, 1.5, 8, 1.0])
SHAPE = (18, 20, 3, 4)


def noise(shape: tuple[int, ...] = SHAPE, dtype: Any = np.int16) -> NDArray[Any]:
    return np.random.default_rng(2).integers(0, 100, shape).astype(dtype)


def nifti(path: Path, data: NDArray[Any], affine: NDArray[np.float64] = GRID, **patches: tuple[int, bytes]) -> None:
    """A NIfTI-1 file of ``data``, then bytes of its header overwritten: name=(offset, bytes)."""
    plain = path.with_name("plain.nii")
    nib.Nifti1Image(data, affine, dtype=data.dtype).to_filename(plain)
    content = bytearray(plain.read_bytes())
    plain.unlink()
    for offset, patch in patches.values():
        content[offset : offset + len(patch)] = patch
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)


def dim(*axes: int) -> tuple[int, bytes]:
    return 40, struct.pack("<8h", len(axes), *axes, *[1] * (7 - len(axes)))


def pixdim(*sizes: float) -> tuple[int, bytes]:
    return 80, struct.pack("<3f", *sizes)


def sform(*rows: float) -> tuple[int, bytes]:
    return 280, struct.pack("<12f", *rows)


def with_voxel(value: float) -> NDArray[Any]:
    data = noise(dtype=np.float32)
    data[3, 4, 1, 2] = value
    return data


def rgb() -> NDArray[Any]:
    return np.zeros((18, 20, 3), np.dtype([("R", "u1"), ("G", "u1"), ("B", "u1")]))


def truncated(path: Path, keep: float) -> None:
    nifti(path, noise())
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * keep)])


def flip_a_bit(path: Path) -> None:
    nifti(path, noise())
    content = bytearray(path.read_bytes())
    content[-8] ^= 1  # of the checksum
    path.write_bytes(content)


def lines(path: Path, *fields: str, data: bytes = b"", magic: str = "NRRD0005") -> None:
    path.write_bytes("\n".join([magic, *fields, "", ""]).encode() + data)


def sequence(path: Path, data: NDArray[Any], **fields: Any) -> None:
    directions = [[1.5, 0, 0], [0, 1.5, 0], [0, 0, 8], [np.nan] * 3]
    header = {"kinds": ["domain"] * 3 + ["list"], "space directions": directions, "space": "left-posterior-superior"}
    nrrd.write(str(path), data, {**header, **fields})


def vectors(path: Path) -> None:
    image = sitk.GetImageFromArray(np.random.default_rng(0).random((3, 20, 18, 3)), isVector=True)
    sitk.WriteImage(image, str(path))


BASIC = ("type: short", "dimension: 3", "sizes: 16 16 2", "endian: little")
RAW = bytes(range(256)) * 4

REFUSED: dict[str, tuple[str, str, Callable[[Path], object]]] = {
    "empty": ("EMPTY_FILE", "a.nii.gz", lambda p: p.write_bytes(b"")),
    "text": ("NOT_AN_IMAGE", "a.nii", lambda p: p.write_text("a letter to a friend\n" * 99)),
    "text, .gz": ("NOT_AN_IMAGE", "a.nii.gz", lambda p: p.write_text("a letter to a friend\n" * 99)),
    "packed text": ("NOT_AN_IMAGE", "a.nii.gz", lambda p: p.write_bytes(gzip.compress(b"a letter" * 99))),
    "three bytes": ("NOT_AN_IMAGE", "a.nii", lambda p: p.write_bytes(b"\0\1\2")),
    "header of a pair": ("NOT_AN_IMAGE", "a.nii", lambda p: nifti(p, noise(), magic=(344, b"ni1\0"))),
    "a folder": ("NOT_AN_IMAGE", "a.nii.gz", lambda p: p.mkdir()),
    "a pipe": ("NOT_AN_IMAGE", "a.nii.gz", lambda p: os.mkfifo(p)),
    "no file": ("NO_SUCH_FILE", "a.nii.gz", lambda p: None),
    "half of gzip": ("TRUNCATED", "a.nii.gz", lambda p: truncated(p, 0.5)),
    "half": ("TRUNCATED", "a.nii", lambda p: truncated(p, 0.5)),
    "one byte less": ("TRUNCATED", "a.nii", lambda p: truncated(p, 0.9999)),
    "gzip without its end": ("TRUNCATED", "a.nii.gz", lambda p: truncated(p, 0.9999)),
    "half a header": ("TRUNCATED", "a.nii", lambda p: truncated(p, 0.02)),
    "half a header, gzip": ("TRUNCATED", "a.nii.gz", lambda p: truncated(p, 0.005)),
    "checksum": ("DAMAGED", "a.nii.gz", lambda p: flip_a_bit(p)),
    "not deflate": ("DAMAGED", "a.nii.gz", lambda p: p.write_bytes(gzip.compress(b"")[:10] + b"\xff" * 999)),
    "voxel offset": ("DAMAGED", "a.nii", lambda p: nifti(p, noise(), offset=(108, struct.pack("<f", np.nan)))),
    "intercept": ("DAMAGED", "a.nii", lambda p: nifti(p, noise(), scale=(112, struct.pack("<2f", 2, np.inf)))),
    "nan": ("NOT_FINITE", "a.nii.gz", lambda p: nifti(p, with_voxel(np.nan))),
    "infinity": ("NOT_FINITE", "a.nii.gz", lambda p: nifti(p, with_voxel(np.inf))),
    "overflow": ("NOT_FINITE", "a.nii", lambda p: nifti(p, noise(), scale=(112, struct.pack("<2f", 3e38, 3e38)))),
    "constant": ("CONSTANT", "a.nii.gz", lambda p: nifti(p, np.full(SHAPE, 7, np.int16))),
    "zero spacing": ("SPACING", "a.nii.gz", lambda p: nifti(p, noise(), pixdim=pixdim(1.5, 0, 8))),
    "negative spacing": ("SPACING", "a.nii.gz", lambda p: nifti(p, noise(), pixdim=pixdim(1.5, -1.5, 8))),
    "nan spacing": ("SPACING", "a.nii.gz", lambda p: nifti(p, noise(), pixdim=pixdim(1.5, 1.5, np.nan))),
    "infinite spacing": ("SPACING", "a.nii.gz", lambda p: nifti(p, noise(), pixdim=pixdim(1.5, 1.5, np.inf))),
    "zero column": ("SPACING", "a.nii", lambda p: nifti(p, noise(), s=sform(1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0))),
    "singular affine": ("AFFINE", "a.nii", lambda p: nifti(p, noise(), s=sform(1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 1, 0))),
    "nan affine": ("AFFINE", "a.nii", lambda p: nifti(p, noise(), s=sform(1, 0, 0, np.nan, 0, 1, 0, 0, 0, 0, 1, 0))),
    "bad quaternion": (
        "AFFINE",
        "a.nii",
        lambda p: nifti(p, noise(), codes=(252, struct.pack("<2h", 1, 0)), q=(256, struct.pack("<3f", 2, 2, 2))),
    ),
    "slices first": ("SLICE_AXIS", "a.nii", lambda p: nifti(p, noise((17, 40, 42)), np.diag([8, 1.5, 1.5, 1]))),
    "complex": ("VOXEL_TYPE", "a.nii.gz", lambda p: nifti(p, noise(dtype=np.complex64))),
    "rgb": ("VOXEL_TYPE", "a.nii.gz", lambda p: nifti(p, rgb())),
    "float128": ("VOXEL_TYPE", "a.nii", lambda p: nifti(p, noise(), datatype=(70, struct.pack("<h", 1536)))),
    "binary": ("VOXEL_TYPE", "a.nii", lambda p: nifti(p, noise(), datatype=(70, struct.pack("<h", 1)))),
    "unknown type": ("VOXEL_TYPE", "a.nii", lambda p: nifti(p, noise(), datatype=(70, struct.pack("<h", 77)))),
    "vectors": ("VOXEL_TYPE", "a.nii.gz", lambda p: vectors(p)),
    "two dimensions": ("DIMENSIONS", "a.nii.gz", lambda p: nifti(p, noise((18, 20)))),
    "five dimensions": ("DIMENSIONS", "a.nii.gz", lambda p: nifti(p, noise((18, 20, 2, 3, 2)))),
    "no dimensions": ("DIMENSIONS", "a.nii", lambda p: nifti(p, noise(), dim=dim())),
    "zero frames": ("NO_FRAMES", "a.nii.gz", lambda p: nifti(p, noise(), dim=dim(18, 20, 3, 0))),
    "zero slices": ("NO_SLICES", "a.nii.gz", lambda p: nifti(p, noise(), dim=dim(18, 20, 0, 4))),
    "negative slices": ("NO_SLICES", "a.nii.gz", lambda p: nifti(p, noise(), dim=dim(18, 20, -3, 4))),
    "15 pixels": ("TOO_SMALL", "a.nii.gz", lambda p: nifti(p, noise((15, 40, 3, 4)))),
    "zero pixels": ("TOO_SMALL", "a.nii.gz", lambda p: nifti(p, noise(), dim=dim(0, 20, 3, 4))),
    "absurd size": ("TOO_LARGE", "a.nii.gz", lambda p: nifti(p, noise(), dim=dim(30000, 30000, 3000, 300))),
    "absurd product": ("TOO_LARGE", "a.nii", lambda p: nifti(p, noise(), dim=dim(4000, 4000, 40, 40))),
    "more than deflate can hold": ("TRUNCATED", "a.nii.gz", lambda p: nifti(p, noise(), dim=dim(512, 512, 20, 50))),
    "nrrd without an end": ("TRUNCATED", "a.nrrd", lambda p: p.write_text("NRRD0005\ntype: short\n")),
    "nrrd with an endless header": ("DAMAGED", "a.nrrd", lambda p: lines(p, *["# again"] * 200_000)),
    "nrrd without sizes": ("DAMAGED", "a.nrrd", lambda p: lines(p, "type: short", "encoding: raw")),
    "nrrd with words for numbers": ("DAMAGED", "a.nrrd", lambda p: lines(p, *BASIC[:2], "sizes: a few")),
    "nrrd with a number past all numbers": ("DAMAGED", "a.nrrd", lambda p: lines(p, *BASIC[:2], "sizes: 1" + "0" * 30)),
    "nrrd with a line of nonsense": ("DAMAGED", "a.nrrd", lambda p: lines(p, *BASIC, "nonsense")),
    "nrrd of another kind": ("DAMAGED", "a.nrrd", lambda p: lines(p, *BASIC, "encoding: raw", magic="NRRD9999")),
    "nrrd of two sizes": ("DAMAGED", "a.nrrd", lambda p: lines(p, *BASIC[:2], "sizes: 16 16", "encoding: raw")),
    "nrrd elsewhere": ("DETACHED", "a.nrrd", lambda p: lines(p, *BASIC, "encoding: raw", "data file: /etc/passwd")),
    "nrrd in text": ("ENCODING", "a.nrrd", lambda p: lines(p, *BASIC, "encoding: text", data=b"1 2 3")),
    "nrrd with a skip": ("ENCODING", "a.nrrd", lambda p: lines(p, *BASIC, "encoding: raw", "byte skip: 9", data=RAW)),
    "nrrd called gzip": ("DAMAGED", "a.nrrd", lambda p: lines(p, *BASIC, "encoding: gzip", data=RAW)),
    "nrrd cut": ("TRUNCATED", "a.nrrd", lambda p: lines(p, *BASIC, "encoding: raw", data=RAW[:-1])),
    "nrrd gzip cut": (
        "TRUNCATED",
        "a.nrrd",
        lambda p: lines(p, *BASIC, "encoding: gzip", data=gzip.compress(np.random.default_rng(0).bytes(1024))[:-99]),
    ),
    "nrrd blocks": ("VOXEL_TYPE", "a.nrrd", lambda p: lines(p, "type: block", *BASIC[1:], "encoding: raw", data=RAW)),
    "nrrd vectors": ("VOXEL_TYPE", "a.nrrd", lambda p: vectors(p)),
    "nrrd complex": ("VOXEL_TYPE", "a.nrrd", lambda p: sequence(p, noise(), kinds=["complex"] + ["domain"] * 3)),
    "nrrd two dimensions": ("DIMENSIONS", "a.nrrd", lambda p: nrrd.write(str(p), noise((18, 20)))),
    "nrrd two lists": (
        "DIMENSIONS",
        "a.nrrd",
        lambda p: sequence(p, noise(), kinds=["list", "domain"] * 2),
    ),
    "nrrd nan voxel": ("NOT_FINITE", "a.seq.nrrd", lambda p: sequence(p, with_voxel(np.nan))),
    "nrrd zero spacing": ("SPACING", "a.nrrd", lambda p: nrrd.write(str(p), noise((18, 20, 3)), {"spacings": [0] * 3})),
    "nrrd small": ("TOO_SMALL", "a.seq.nrrd", lambda p: sequence(p, noise((8, 20, 3, 4)))),
    "nrrd absurd": (
        "TOO_LARGE",
        "a.nrrd",
        lambda p: lines(p, "type: short", "dimension: 3", "sizes: 99999 99999 999", "endian: little", "encoding: raw"),
    ),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_cannot_be_analysed_is_refused_by_name(kind: str, tmp_path: Path) -> None:
    code, name, make = REFUSED[kind]
    path = tmp_path / name
    make(path)
    with pytest.raises(Refusal) as refusal:
        read_cine(path)
    said = refusal.value.sentence
    assert refusal.value.code == code, said
    assert name in said
    assert said.endswith(".")
    assert "\n" not in said


def test_there_is_nothing_wrong_with_the_files_the_bad_ones_are_made_from(tmp_path: Path) -> None:
    nifti(tmp_path / "a.nii.gz", noise())
    nifti(tmp_path / "a.nii", noise(), pixdim=pixdim(1.5, 1.5, 8), dim=dim(*SHAPE))
    sequence(tmp_path / "a.nrrd", noise())
    lines(tmp_path / "b.nrrd", *BASIC, "encoding: raw", data=RAW)
    lines(tmp_path / "c.nrrd", *BASIC, "encoding: gzip", data=gzip.compress(RAW))
    for path in sorted(tmp_path.iterdir()):
        assert read_cine(path).voxels.size


def test_a_header_is_not_believed_with_memory(tmp_path: Path) -> None:
    """A gzip of some kB whose header stays within the limits but promises 2 GiB: refused within
    1.5 GiB of address space."""
    limit = "import resource; resource.setrlimit(resource.RLIMIT_AS, (3 << 29, 3 << 29))"
    path = tmp_path / "bomb.nii.gz"
    nifti(path, noise(dtype=np.float64), dim=dim(512, 512, 20, 50))
    code = f"""
{limit}
from pathlib import Path
from radloop.images import read_cine
from radloop.refusal import Refusal
try:
    read_cine(Path({str(path)!r}))
except Refusal as refusal:
    print(refusal.code)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "TRUNCATED", done.stderr


def test_more_data_than_the_header_says_are_left_alone(tmp_path: Path) -> None:
    nifti(tmp_path / "a.nii.gz", noise(), dim=dim(18, 20, 3, 2))
    assert read_cine(tmp_path / "a.nii.gz").voxels.shape == (18, 20, 3, 2)


def test_limits_can_be_chosen(tmp_path: Path) -> None:
    nifti(tmp_path / "a.nii.gz", noise())
    assert read_cine(tmp_path / "a.nii.gz", limits=Limits(max_voxels=18 * 20 * 12)).n_frames == 4
    for limits in (Limits(max_voxels=18 * 20 * 12 - 1), Limits(max_side=19)):
        with pytest.raises(Refusal, match=r"a\.nii\.gz"):
            read_cine(tmp_path / "a.nii.gz", limits=limits)


def test_labels_are_refused_as_images_are(tmp_path: Path) -> None:
    (tmp_path / "l.nii.gz").write_bytes(zlib.compress(b"labels"))
    with pytest.raises(Refusal, match=r"l\.nii\.gz") as refusal:
        read_label(tmp_path / "l.nii.gz")
    assert refusal.value.code == "NOT_AN_IMAGE"


def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    path = tmp_path / ("n" * 300 + ".nii.gz")  # longer than a name may be
    with pytest.raises(Refusal) as refusal:
        read_cine(path)
    assert refusal.value.code in {"NO_SUCH_FILE", "CANNOT_READ"}


def test_reading_needs_neither_torch_nor_itk(tmp_path: Path) -> None:
    """A bad file is answered at once: what takes seconds to import stays out."""
    nifti(tmp_path / "a.nii.gz", noise())
    code = f"""
import sys
from pathlib import Path
from radloop.images import read_cine
read_cine(Path({str(tmp_path / "a.nii.gz")!r}))
print(*{{"torch", "monai", "SimpleITK", "itk", "scipy", "matplotlib"}} & set(sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
