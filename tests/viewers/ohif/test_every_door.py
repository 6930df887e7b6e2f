"""One cine has one ejection fraction, by whichever door a person comes to it."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pydicom
import pytest
from compressed_objects import compress

from radloop import places
from radloop.dicom.make import make_study
from radloop.dicom.sr import read_sr
from radloop.images import write_cine
from radloop.synthesis import make_phantom

sys.path.append(str(places.plugins() / "SlicerRadLoop" / "RadLoop"))

from RadLoopLib.client import Server, Ticket
from RadLoopLib.exam import figures_of, read_label_map
from RadLoopLib.exam.volumes import voxel_counts

FORMS = ("one-series", "series-per-slice", "enhanced")
COMPRESSED = "jpeg-lossless"


@pytest.fixture
def studies(tmp_path: Path) -> Path:
    """The cine as NIfTI, as DICOM in each form, and compressed as archives send it."""
    folder = tmp_path / "studies"
    cine = make_phantom(3, ef=55, frames=8, matrix=(80, 72), spacing_mm=(2.8, 12)).cine
    for form in FORMS:
        make_study(cine, folder / form, form=form, seed=form, patient=f"{form}^Sample", jitter_ms=1.5)
    for path in make_study(cine, folder / COMPRESSED, seed=COMPRESSED, patient=f"{COMPRESSED}^Sample"):
        compress(path, "1.2.840.10008.1.2.4.70")
    write_cine(folder / "nifti.nii.gz", cine)
    return folder


def cine_of(folder: Path) -> tuple[str, str]:
    """Study and image: the UID of the series that has the lowest number of those that make the cine."""
    headers = [pydicom.dcmread(file, stop_before_pixels=True) for file in folder.glob("sax*.dcm")]
    first = min(headers, key=lambda header: int(header.SeriesNumber))
    return str(first.StudyInstanceUID), str(first.SeriesInstanceUID)


def test_one_cine_has_one_ef(
    studies: Path,
    radloop: Callable[..., Any],
    serve: Callable[..., Any],
    visit: Callable[..., Any],
    pictures: Path,
    tmp_path: Path,
) -> None:
    efs: dict[str, float] = {}
    cases = [*FORMS, COMPRESSED]
    told = json.loads(radloop("infer", "cine_heart", studies, "-o", tmp_path / "out", "--json").stdout)["cases"]
    assert len(told) == len(cases) + 1
    for name in [*cases, "nifti"]:
        [file] = (tmp_path / "out").rglob(f"{name}/measurements.json")
        efs[f"radloop infer, {name}"] = json.loads(file.read_text())["lv_ef"]
    for name in cases:
        efs[f"its SR, {name}"] = read_sr(tmp_path / "out" / name / "sr.dcm")["lv_ef"]

    server = serve(studies)
    images = {name: cine_of(studies / name)[1] for name in cases} | {"nifti": "nifti"}
    slicer = Server(server.url)
    for name, image in images.items():
        figures, label = slicer.infer("cine_heart", {"image": image}, {}, Ticket())
        efs[f"/infer, {name}"] = efs[f"Slicer's table, {name}"] = figures["lv_ef"]
        counts = [voxel_counts(frame) for frame in read_label_map(label).voxels]
        efs[f"Slicer's own counting, {name}"] = figures_of(counts, figures["spacing_mm"])["lv_ef"]

    shown = visit(server, pictures, {name: cine_of(studies / name)[0] for name in cases}, save=cases)
    for name in cases:
        efs[f"OHIF's panel, {name}"] = shown[name]["ef"]
        efs[f"OHIF's panel as it is read, {name}"] = float(shown[name]["ef_text"].removesuffix("%"))
        assert shown[name]["saved"]
        [sr] = [f for f in written(studies, cine_of(studies / name)[0]) if pydicom.dcmread(f).Modality == "SR"]
        efs[f"SR saved by the panel, {name}"] = read_sr(sr)["lv_ef"]

    expected = efs["radloop infer, nifti"]
    assert 5 < expected < 95
    assert {door: ef for door, ef in efs.items() if ef != pytest.approx(expected, abs=0.01)} == {}


def written(studies: Path, study: str) -> list[Path]:
    """What was stored into the archive about a study."""
    return sorted((studies / study).rglob("*.dcm"))
