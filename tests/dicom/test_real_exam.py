"""A real exam from a scanner, with an expert's contours and volumes."""

import json
import re
import tarfile
from collections.abc import Callable
from pathlib import Path

import highdicom as hd
import numpy as np
import pytest
from numpy.typing import NDArray

from radloop.answers import Measurements
from radloop.dicom import Source, read_cine_dicom
from radloop.dicom.seg import write_seg
from radloop.dicom.sr import read_sr, write_sr
from radloop.dicom.web import Archive
from radloop.images import Cine

CASE = "SCD0000301"
Exam = tuple[Cine, Source]


@pytest.fixture(scope="module")
def given(real_data: Path) -> Path:
    """The exam as it is kept."""
    return real_data / "dicom" / "sunnybrook"


@pytest.fixture(scope="module")
def folder(given: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    unpacked = tmp_path_factory.mktemp("exam")
    with tarfile.open(given / CASE / "dicom.tar.bz2") as packed:
        packed.extractall(unpacked, filter="data")
    return unpacked


@pytest.fixture(scope="module")
def exam(folder: Path) -> Exam:
    return read_cine_dicom(folder)


def within(polygon: NDArray[np.float64], points: NDArray[np.int_]) -> NDArray[np.bool_]:
    """Which points (n, 2) a ray to the left leaves a closed polygon (m, 2) an odd number of times from."""
    x, y = points.T
    inside = np.zeros(len(points), bool)
    for (x0, y0), (x1, y1) in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        if y0 != y1:
            inside ^= ((y0 > y) != (y1 > y)) & (x < (x1 - x0) * (y - y0) / (y1 - y0) + x0)
    return inside


def contoured(exam: Exam, given: Path, value: int = 3) -> NDArray[np.uint8]:
    """The expert's inner contours drawn into the cine's own grid, by the instance that each belongs to."""
    cine, source = exam
    place = {p.instance_number: (z, t) for z, row in enumerate(source.planes) for t, p in enumerate(row)}
    label = np.zeros(cine.voxels.shape, np.uint8)
    columns, rows = cine.voxels.shape[:2]
    centres = np.stack(np.indices((columns, rows)), axis=-1).reshape(-1, 2)
    for path in (given / CASE / "contours" / "endo").glob("*.txt"):
        found = re.search(r"IM-0001-(\d+)-", path.name)
        assert found
        z, t = place[int(found[1])]
        inside = within(np.loadtxt(path) - 1, centres)  # counted from 1 in the file
        label[:, :, z, t][inside.reshape(columns, rows)] = value
    return label


def test_the_cine_is_found_among_scouts_of_the_same_series(exam: Exam) -> None:
    cine, source = exam
    assert cine.voxels.shape == (256, 256, 10, 20)
    assert cine.spacing_mm == pytest.approx((1.2891, 1.2891, 8.0), abs=1e-3)
    assert source.rr_ms == 923
    assert cine.times_ms is not None
    np.testing.assert_allclose(np.diff(cine.times_ms), 923 / 20, atol=1)
    assert {p.name.split("/")[0] for row in source.planes for p in row} == {"cine"}


def test_volumes_of_the_experts_contours_are_the_experts(exam: Exam, given: Path) -> None:
    cine, _ = exam
    reference = json.loads((given / "reference.json").read_text())["cases"][CASE]
    label = contoured(exam, given)
    volumes = (label == 3).sum(axis=(0, 1, 2)) * cine.voxel_ml
    ed, es = reference["ed_phase"] - 1, reference["es_phase"] - 1
    assert set(np.flatnonzero(volumes)) == {ed, es}
    assert volumes[ed] == pytest.approx(reference["edv_ml_pixel_count"], abs=0.3)
    assert volumes[es] == pytest.approx(reference["esv_ml_pixel_count"], abs=0.3)
    ef = 100 * (volumes[ed] - volumes[es]) / volumes[ed]
    assert ef == pytest.approx(reference["ef_percent_pixel_count"], abs=0.15)


def test_the_contours_lie_on_blood(exam: Exam, given: Path) -> None:
    """Right in the patient is not enough: the label must lie on the pixels it was drawn on."""
    cine, _ = exam
    inside = contoured(exam, given) == 3
    ring = np.roll(inside, 6, axis=0) & ~inside
    assert cine.voxels[inside].mean() > 1.5 * cine.voxels[ring].mean()


@pytest.mark.parametrize("per_phase", [False, True])
def test_segmentation_and_report_read_back(
    exam: Exam, given: Path, tmp_path: Path, per_phase: bool, faults: Callable[[Path], set[str]]
) -> None:
    _, source = exam
    label = contoured(exam, given)
    paths = write_seg(tmp_path / "seg.dcm", label, source, algorithm="test", version="1", per_phase=per_phase)
    for n, path in enumerate(paths):
        seg = hd.seg.segread(path)
        for t in [n] if per_phase else range(20):
            planes = [row[t].sop_instance_uid for row in source.planes]
            pixels = seg.get_pixels_by_source_instance(planes, combine_segments=True)
            np.testing.assert_array_equal(pixels.transpose(2, 1, 0), label[..., t])
    said = Measurements.model_validate(
        dict.fromkeys(Measurements.model_fields) | {
            "image": CASE, "n_frames": 20, "warnings": [], "research_use_only": True,
            "ed_frame": 20, "es_frame": 7, "lv_edv_ml": 229.7, "lv_esv_ml": 179.6, "lv_ef": 21.8,
        }
    )  # fmt: skip
    sr = write_sr(tmp_path / "sr.dcm", said, source, paths, algorithm="test", version="1")
    report = read_sr(sr)
    assert (report["lv_edv_ml"], report["lv_esv_ml"], report["lv_ef"]) == (229.7, 179.6, 21.8)
    inherited = ("Leading zeroes", "Patient's Birth Date", "Study Date", "contains invalid data values")
    for path in (paths[0], sr):
        assert [line for line in faults(path) if not any(known in line for known in inherited)] == []


def test_the_archive_offers_it(folder: Path, exam: Exam) -> None:
    archive = Archive(folder)
    [found] = archive.cines()
    cine, source = archive.cine(found.id)
    np.testing.assert_array_equal(cine.voxels, exam[0].voxels)
    assert source.planes == exam[1].planes
    headers = list(archive.metadata(found.study_uid))
    assert len(headers) == 215
