"""Studies, segmentations and reports: valid, and read back exactly by highdicom."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import highdicom as hd
import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray

from radloop.answers import Measurements, Warning
from radloop.dicom import read_cine_dicom
from radloop.dicom.codes import heart_segments
from radloop.dicom.make import Form, make_study
from radloop.dicom.seg import write_seg
from radloop.dicom.source import Source
from radloop.dicom.sr import read_sr, write_sr
from radloop.images import Cine
from radloop.refusal import Refusal

FORMS: tuple[Form, ...] = ("one-series", "series-per-slice", "enhanced")
Faults = Callable[[Path], set[str]]
TURNS = [(x, y, z) for x in (1, -1) for y in (1, -1) for z in (1, -1)]


def labels(cine: Cine) -> NDArray[np.uint8]:
    """Every value in every frame, and no symmetry."""
    return np.random.default_rng(5).integers(0, 4, cine.voxels.shape).astype(np.uint8)


def read_back(paths: list[Path], source: Source) -> NDArray[np.uint8]:
    """The label map (x, y, z, t) as highdicom finds it, by the source of each plane."""
    n_frames = source.cine.n_frames
    found = np.zeros((source.planes[0][0].columns, source.planes[0][0].rows, len(source.planes), n_frames), np.uint8)
    for n, path in enumerate(paths):
        seg = hd.seg.segread(path)
        for t in range(n_frames) if len(paths) == 1 else [n]:
            planes = [row[t] for row in source.planes]
            if planes[0].frame is None:
                pixels = seg.get_pixels_by_source_instance([p.sop_instance_uid for p in planes], combine_segments=True)
            else:
                pixels = seg.get_pixels_by_source_frame(
                    planes[0].sop_instance_uid, [p.frame for p in planes], combine_segments=True
                )
            found[..., t] = pixels.transpose(2, 1, 0)
    return found


@pytest.mark.parametrize("form", FORMS)
def test_a_made_study_is_valid(form: Form, heart: Cine, tmp_path: Path, faults: Faults) -> None:
    written = make_study(heart, tmp_path, form=form, seed="valid")
    kinds = {path.name.rsplit("-", 1)[0]: path for path in written}
    assert {"sax-cine", "lax-cine", "scout-1"} <= set(kinds)
    assert {name: faults(path) for name, path in kinds.items()} == {name: set() for name in kinds}


def test_a_seed_fixes_every_byte(heart: Cine, tmp_path: Path) -> None:
    for name, seed in (("a", "1"), ("b", "1"), ("c", "2")):
        make_study(heart, tmp_path / name, seed=seed)
    content = {n: [p.read_bytes() for p in sorted((tmp_path / n).iterdir())] for n in "abc"}
    assert content["a"] == content["b"]
    uids = {n: {pydicom.dcmread(p).SOPInstanceUID for p in (tmp_path / n).iterdir()} for n in "ac"}
    assert not uids["a"] & uids["c"]


def test_the_long_axis_view_shows_the_same_heart(tmp_path: Path) -> None:
    """Voxels that say where they are: each pixel of the long-axis view must say its own place."""
    _, _, z, _ = np.indices((20, 20, 6, 2))
    affine = np.array([[0.0, 0, 8, 5], [1.5, 0, 0, -7], [0, 1.5, 0, 11], [0, 0, 0, 1]])
    make_study(Cine((1000 + 8 * z).astype(np.uint16), affine, np.array([0.0, 40.0])), tmp_path)
    lax = pydicom.dcmread(tmp_path / "lax-cine-001.dcm")
    orientation = np.array(lax.ImageOrientationPatient, float).reshape(2, 3)
    rows, columns = np.indices((lax.Rows, lax.Columns))
    lps = (
        np.array(lax.ImagePositionPatient, float)
        + columns[..., None] * orientation[0] * lax.PixelSpacing[1]
        + rows[..., None] * orientation[1] * lax.PixelSpacing[0]
    )
    along = -lps[..., 0] - affine[0, 3]  # mm from the first slice, towards the right of RAS
    shown = lax.pixel_array > 0
    inside = shown & (along > 0) & (along < 40)
    np.testing.assert_allclose(lax.pixel_array[inside], (1000 + along)[inside], atol=0.51)
    assert inside.sum() == 20 * 20


def test_no_study_without_voxel_size_and_none_over_another(heart: Cine, tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="how large"):
        make_study(Cine(heart.voxels, heart.affine, spacing_known=False), tmp_path)
    make_study(heart, tmp_path)
    with pytest.raises(Refusal, match="another folder"):
        make_study(heart, tmp_path)


@pytest.mark.parametrize("turn", TURNS)
def test_segmentations_read_back_in_every_orientation(
    turn: tuple[int, int, int], phantom: Callable[..., Cine], tmp_path: Path
) -> None:
    make_study(phantom((9, 7, 4, 3), turn), tmp_path / "study", beside=False)
    cine, source = read_cine_dicom(tmp_path / "study")
    label = labels(cine)
    paths = write_seg(tmp_path / "seg.dcm", label, source, algorithm="test", version="1")
    np.testing.assert_array_equal(read_back(paths, source), label)
    # and by place: highdicom's own geometry of the segmentation agrees with that of the cine
    seg = hd.seg.segread(paths[0])
    for groups in seg.PerFrameFunctionalGroupsSequence:
        z = groups.FrameContentSequence[0].DimensionIndexValues[2] - 1
        ras = (cine.affine @ [0, 0, z, 1])[:3]
        position = np.array(groups.PlanePositionSequence[0].ImagePositionPatient, float)
        np.testing.assert_allclose(position, ras * [-1, -1, 1], atol=1e-6)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("per_phase", [False, True])
def test_segmentations_are_valid_and_exact(
    form: Form, per_phase: bool, heart: Cine, tmp_path: Path, faults: Faults
) -> None:
    make_study(heart, tmp_path / "study", form=form)
    cine, source = read_cine_dicom(tmp_path / "study")
    label = labels(cine)
    paths = write_seg(tmp_path / "seg.dcm", label, source, algorithm="test", version="1", per_phase=per_phase)
    assert [p.name for p in paths] == ([f"seg_{n:02d}.dcm" for n in range(1, 8)] if per_phase else ["seg.dcm"])
    np.testing.assert_array_equal(read_back(paths, source), label)
    assert faults(paths[0]) == set()
    seg = hd.seg.segread(paths[0])
    codes = [s.SegmentedPropertyTypeCodeSequence[0].CodeValue for s in seg.SegmentSequence]
    found = {s.SegmentNumber: (s.SegmentLabel, code) for s, code in zip(seg.SegmentSequence, codes, strict=True)}
    assert found == {1: ("RV", "53085002"), 2: ("MYO", "49848007"), 3: ("LV", "87878005")}
    assert seg.SegmentSequence[0].SegmentationAlgorithmIdentificationSequence[0].AlgorithmName == "test"
    assert seg.PatientID == "Sample"
    referenced = {
        i.ReferencedSOPInstanceUID for series in seg.ReferencedSeriesSequence for i in series.ReferencedInstanceSequence
    }
    phases = range(1) if per_phase else range(cine.n_frames)
    assert referenced == {row[t].sop_instance_uid for row in source.planes for t in phases}


def test_a_label_map_of_another_grid_is_refused(heart: Cine, tmp_path: Path) -> None:
    make_study(heart, tmp_path / "study", beside=False)
    cine, source = read_cine_dicom(tmp_path / "study")
    with pytest.raises(Refusal, match="labels are"):
        write_seg(tmp_path / "seg.dcm", labels(cine)[:-1], source, algorithm="test", version="1")
    assert not (tmp_path / "seg.dcm").exists()


def test_an_empty_label_map_is_written_too(heart: Cine, tmp_path: Path, faults: Faults) -> None:
    make_study(heart, tmp_path / "study", beside=False)
    cine, source = read_cine_dicom(tmp_path / "study")
    nothing = np.zeros(cine.voxels.shape, np.uint8)
    paths = write_seg(tmp_path / "seg.dcm", nothing, source, algorithm="test", version="1")
    np.testing.assert_array_equal(read_back(paths, source), nothing)
    assert faults(paths[0]) == set()


def measured(**other: object) -> Measurements:
    known = {
        "image": "1.2", "model": "cine_heart", "model_version": "1.0.0", "n_frames": 7, "spacing_mm": (1.3, 1.5, 8.0),
        "times_ms": None, "ed_frame": 7, "es_frame": 3, "lv_edv_ml": 229.7, "lv_esv_ml": 179.6, "lv_sv_ml": 50.1,
        "lv_ef": 21.811, "rv_edv_ml": 140.123456, "rv_esv_ml": 60.3, "rv_sv_ml": 79.8, "rv_ef": 57.0,
        "lv_mass_g": 132.1, "curves": None, "diagnosis": None,
        "warnings": [Warning(code="BASE", text="The base of the heart is not in the picture.")],
    }  # fmt: skip
    return Measurements.model_validate(known | other)


FIGURES = [name for name in Measurements.model_fields if name.startswith(("lv_", "rv_"))]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("per_phase", [False, True])
def test_the_report_says_what_was_measured_and_where(
    form: Form, per_phase: bool, heart: Cine, tmp_path: Path, faults: Faults
) -> None:
    make_study(heart, tmp_path / "study", form=form, beside=False)
    cine, source = read_cine_dicom(tmp_path / "study")
    seg = write_seg(tmp_path / "seg.dcm", labels(cine), source, algorithm="test", version="1", per_phase=per_phase)
    said = measured()
    path = write_sr(tmp_path / "sr.dcm", said, source, seg, algorithm="cine_heart", version="1.0.0")
    assert faults(path) == set()
    report = read_sr(path)
    for name in FIGURES:
        assert report[name] == pytest.approx(getattr(said, name), abs=1e-5), name
    assert (report["ed_frame"], report["es_frame"]) == (7, 3)
    assert (report["completion"], report["verification"]) == ("PARTIAL", "UNVERIFIED")
    assert (report["algorithm"], report["version"]) == ("cine_heart", "1.0.0")
    assert any("research" in c for c in report["comments"])
    assert said.warnings[0].text in report["comments"]
    of_ed, of_es = (str(pydicom.dcmread(p).SOPInstanceUID) for p in (seg[6 * per_phase], seg[2 * per_phase]))
    assert report["segments"]["lv_edv_ml"] == (of_ed, 3)
    assert report["segments"]["rv_esv_ml"] == (of_es, 1)
    assert report["segments"]["lv_mass_g"] == (of_ed, 2)
    assert len(hd.sr.srread(path).content.get_volumetric_roi_measurement_groups()) == 5


def test_a_report_leaves_out_what_is_not_known(heart: Cine, tmp_path: Path, faults: Faults) -> None:
    make_study(heart, tmp_path / "study", beside=False)
    _, source = read_cine_dicom(tmp_path / "study")
    nothing = measured(**dict.fromkeys([*FIGURES, "ed_frame", "es_frame"]))
    path = write_sr(tmp_path / "sr.dcm", nothing, source, algorithm="cine_heart", version="1.0.0")
    assert faults(path) == set()
    assert not set(FIGURES) & set(read_sr(path))


def test_patients_with_names_in_other_alphabets_keep_them(heart: Cine, tmp_path: Path) -> None:
    for path in make_study(heart, tmp_path / "study", beside=False):
        ds = pydicom.dcmread(path)
        ds.SpecificCharacterSet, ds.PatientName, ds.StudyDescription = "ISO_IR 100", "Müller^Jörg", "Herzgröße"
        ds.save_as(path)
    cine, source = read_cine_dicom(tmp_path / "study")
    [seg] = write_seg(tmp_path / "seg.dcm", labels(cine), source, algorithm="test", version="1")
    sr = write_sr(tmp_path / "sr.dcm", measured(), source, [seg], algorithm="cine_heart", version="1.0.0")
    for path in (seg, sr):
        read = pydicom.dcmread(path)
        assert (str(read.PatientName), read.StudyDescription) == ("Müller^Jörg", "Herzgröße")


def test_segment_codes_stand_in_the_dictionary_of_the_standard() -> None:
    """The meaning of a code is looked up by others: ours must be the ones that DICOM lists."""
    from pydicom.sr._concepts_dict import concepts

    listed = {value for of_name in concepts["SCT"].values() for value in of_name}
    assert {s.code.value for s in heart_segments()} <= listed


def test_a_stranger_reads_the_segmentation(heart: Cine, tmp_path: Path) -> None:
    """In a process that never imports radloop, with pydicom as strict as it comes."""
    make_study(heart, tmp_path / "study", beside=False)
    cine, source = read_cine_dicom(tmp_path / "study")
    [seg] = write_seg(tmp_path / "seg.dcm", labels(cine), source, algorithm="test", version="1")
    program = f"import highdicom; print(highdicom.seg.segread({str(seg)!r}).number_of_frames)"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=True, timeout=120
    )
    assert int(done.stdout) == 3 * 5 * 7
