"""Why a study cannot be analysed stands in the panel, in one sentence that names the object at fault."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset

from radloop.dicom.make import make_study
from radloop.images import Cine
from radloop.synthesis import make_phantom

FOREIGN = {"ct": "CT_small.dcm", "ultrasound": "examples_ybr_color.dcm", "report": "test-SR.dcm"}
SAYS = {
    "missing-phase": r"SAX cine A phase is missing next to \S+/sax-cine-007\.dcm: slice 2 of 7 has 5 phases where",
    "two-stacks": r"SAX cine \S+/sax-cine-\d+\.dcm and \S+/sax-cine-\d+\.dcm belong to two stacks of images in one",
    "no-geometry": r"SAX cine \S+/sax-cine-003\.dcm does not say where it lies",
    "cut-short": r"SAX cine A phase is missing next to [^.]+\.dcm: [^.]+\. Damaged: sax-cine-009\.dcm\.",
    "ct": r".*CT_small\.dcm is CT: a short-axis cine is MR\.",
    "ultrasound": r".*examples_ybr_color\.dcm is US: a short-axis cine is MR\.",
    "report": r".*test-SR\.dcm is SR: a short-axis cine is MR\.",
}


def cine() -> Cine:
    return make_phantom(5, ef=50, frames=6, matrix=(72, 64), spacing_mm=(3.2, 16)).cine


def sax(folder: Path) -> list[Path]:
    return sorted(folder.glob("sax-*.dcm"))


def change(path: Path, how: Callable[[Dataset], None]) -> None:
    ds = pydicom.dcmread(path)
    how(ds)
    ds.save_as(path)


def two_stacks(folder: Path) -> None:
    first, heart = pydicom.dcmread(sax(folder)[0]), cine()
    affine = heart.affine.copy()
    affine[:3, 3] += affine[:3, 0] * 10
    other = folder / "other"

    def same_series(ds: Dataset) -> None:
        ds.StudyInstanceUID, ds.SeriesInstanceUID = first.StudyInstanceUID, first.SeriesInstanceUID

    for n, path in enumerate(make_study(Cine(heart.voxels, affine, heart.times_ms), other, beside=False)):
        change(path, same_series)
        path.rename(folder / f"sax-cine-{500 + n}.dcm")
    other.rmdir()


@pytest.fixture
def studies(tmp_path: Path) -> Path:
    """A folder a study, each with one fault; and a sound one beside files that are none of it."""
    folder = tmp_path / "studies"
    for name in ("missing-phase", "two-stacks", "no-geometry", "cut-short", "sound"):
        make_study(cine(), folder / name, seed=name, patient=name)
    sax(folder / "missing-phase")[7].unlink()
    two_stacks(folder / "two-stacks")
    change(sax(folder / "no-geometry")[2], lambda ds: delattr(ds, "ImagePositionPatient"))
    cut = sax(folder / "cut-short")[8]
    cut.write_bytes(cut.read_bytes()[:400])
    for name, file in FOREIGN.items():
        (folder / name).mkdir()
        shutil.copy(str(get_testdata_file(file, download=False)), folder / name)
    (folder / "sound" / "notes.txt").write_text("no DICOM")
    np.save(folder / "sound" / "voxels.npy", np.zeros(3))
    return folder


def test_why_it_cannot_be_analysed_reaches_the_person(
    studies: Path, serve: Callable[..., Any], visit: Callable[..., Any], pictures: Path
) -> None:
    server = serve(studies)
    uids = {
        folder.name: str(pydicom.dcmread(next(folder.glob("*.dcm")), stop_before_pixels=True).StudyInstanceUID)
        for folder in studies.iterdir()
    }
    seen = visit(server, pictures, uids)
    for name, sentence in SAYS.items():
        assert seen[name]["problem"] == "This study has no short-axis cine that can be analysed.", name
        assert re.match(sentence, seen[name]["others"]), (name, seen[name])
        assert "ef" not in seen[name]
    assert "Skipped 2 files that are no DICOM: notes.txt, voxels.npy." in seen["sound"]["warnings"]
    assert seen["sound"]["ef"] > 0
