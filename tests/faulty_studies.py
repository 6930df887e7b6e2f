"""Studies that hold no short-axis cine that could be used, each with one fault, as DICOM in a folder a study."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pydicom
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset

from radloop.dicom.make import make_study
from radloop.images import Cine
from radloop.synthesis import make_phantom

FOREIGN = {"ct": "CT_small.dcm", "ultrasound": "examples_ybr_color.dcm", "report": "test-SR.dcm"}
SAYS = {
    "missing-phase": r"A phase is missing next to \S+/sax-cine-007\.dcm: slice 2 of 7 has 5 phases where",
    "two-stacks": r"\S+/sax-cine-\d+\.dcm and \S+/sax-cine-\d+\.dcm belong to two stacks of images in one",
    "no-geometry": r"\S+/sax-cine-003\.dcm does not say where it lies",
    "cut-short": r"A phase is missing next to [^.]+\.dcm: [^.]+\. Damaged: sax-cine-009\.dcm\.",
    "ct": r"\S*CT_small\.dcm is CT: a short-axis cine is MR\.",
    "ultrasound": r"\S*examples_ybr_color\.dcm is US: a short-axis cine is MR\.",
    "report": r"\S*test-SR\.dcm is SR: a short-axis cine is MR\.",
}
"""What is said of each, where the archive is this folder."""


def write_faulty(folder: Path) -> None:
    """Every study of ``SAYS``, and "sound", which has no fault."""
    for name in ("missing-phase", "two-stacks", "no-geometry", "cut-short", "sound"):
        make_study(_cine(), folder / name, seed=name, patient=name)
    _sax(folder / "missing-phase")[7].unlink()
    _two_stacks(folder / "two-stacks")
    _change(_sax(folder / "no-geometry")[2], lambda ds: delattr(ds, "ImagePositionPatient"))
    cut = _sax(folder / "cut-short")[8]
    cut.write_bytes(cut.read_bytes()[:400])
    for name, file in FOREIGN.items():
        (folder / name).mkdir()
        shutil.copy(str(get_testdata_file(file, download=False)), folder / name)


def study_uids(folder: Path) -> dict[str, str]:
    return {
        study.name: str(pydicom.dcmread(next(study.glob("*.dcm")), stop_before_pixels=True).StudyInstanceUID)
        for study in folder.iterdir()
    }


def _cine() -> Cine:
    return make_phantom(5, ef=50, frames=6, matrix=(72, 64), spacing_mm=(3.2, 16)).cine


def _sax(folder: Path) -> list[Path]:
    return sorted(folder.glob("sax-*.dcm"))


def _change(path: Path, how: Callable[[Dataset], None]) -> None:
    ds = pydicom.dcmread(path)
    how(ds)
    ds.save_as(path)


def _two_stacks(folder: Path) -> None:
    first, heart = pydicom.dcmread(_sax(folder)[0]), _cine()
    affine = heart.affine.copy()
    affine[:3, 3] += affine[:3, 0] * 10
    other = folder / "other"

    def same_series(ds: Dataset) -> None:
        for keyword in ("PatientID", "StudyInstanceUID", "SeriesInstanceUID"):  # Orthanc tells studies apart by both
            setattr(ds, keyword, first[keyword].value)

    for n, path in enumerate(make_study(Cine(heart.voxels, affine, heart.times_ms), other, beside=False)):
        _change(path, same_series)
        path.rename(folder / f"sax-cine-{500 + n}.dcm")
    other.rmdir()
