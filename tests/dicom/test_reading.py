"""A cine out of DICOM objects in every form that scanners and archives give it."""

import random
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest
from compressed_objects import COMPRESSIONS, compress
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.uid import MPEG2MPML, RLELossless

from radloop.dicom import read_cine_dicom, read_study
from radloop.dicom.make import Form, make_study
from radloop.images import Cine
from radloop.refusal import Refusal

FORMS: tuple[Form, ...] = ("one-series", "series-per-slice", "enhanced")
Change = Callable[[Dataset], None]


def sax(folder: Path) -> list[Path]:
    return sorted(folder.glob("sax-*.dcm"))


def change(paths: list[Path], how: Change) -> None:
    for path in paths:
        ds = pydicom.dcmread(path)
        how(ds)
        ds.save_as(path)


def refusal(folder: Path) -> Refusal:
    with pytest.raises(Refusal) as refused:
        read_cine_dicom(folder)
    sentence = refused.value.sentence
    assert "\n" not in sentence
    assert len(sentence) < 400
    return refused.value


@pytest.fixture
def study(tmp_path: Path, heart: Cine) -> Path:
    make_study(heart, tmp_path / "study", seed="reading", jitter_ms=1.5)
    return tmp_path / "study"


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_cine(form: Form, heart: Cine, tmp_path: Path) -> None:
    make_study(heart, tmp_path, form=form, jitter_ms=1.5)
    cine, source = read_cine_dicom(tmp_path)
    np.testing.assert_array_equal(cine.voxels, heart.voxels)
    np.testing.assert_allclose(cine.affine, heart.affine, atol=1e-9)
    assert cine.times_ms is not None
    np.testing.assert_allclose(cine.times_ms, heart.times_ms)
    assert source.rr_ms == pytest.approx(43.5 * 7, abs=1)
    assert len(source.cine.series_uids) == (5 if form == "series-per-slice" else 1)
    lowest = min((pydicom.dcmread(p, stop_before_pixels=True) for p in sax(tmp_path)), key=lambda d: d.SeriesNumber)
    assert source.cine.id == lowest.SeriesInstanceUID


@settings(max_examples=8, deadline=None)
@given(turn=st.tuples(*[st.sampled_from((1, -1))] * 3), oblique=st.booleans())
def test_a_voxel_stays_where_it_is_in_the_patient(
    tmp_path_factory: pytest.TempPathFactory,
    phantom: Callable[..., Cine],
    turn: tuple[int, int, int],
    oblique: bool,
) -> None:
    heart = phantom((9, 8, 4, 2), turn, oblique)
    folder = tmp_path_factory.mktemp("turned")
    make_study(heart, folder, beside=False)
    cine, _ = read_cine_dicom(folder)
    np.testing.assert_array_equal(cine.voxels, heart.voxels)
    np.testing.assert_allclose(cine.affine, heart.affine, atol=1e-9)


def test_slices_that_descend_in_the_picture_come_back_ascending(phantom: Callable[..., Cine], tmp_path: Path) -> None:
    heart = phantom((9, 8, 4, 2))
    turned = Cine(heart.voxels[:, :, ::-1], heart.affine @ [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, -1, 3], [0, 0, 0, 1]])
    make_study(turned, tmp_path, beside=False)
    cine, _ = read_cine_dicom(tmp_path)
    np.testing.assert_array_equal(cine.voxels, heart.voxels)
    np.testing.assert_allclose(cine.affine, heart.affine, atol=1e-9)


def test_order_and_names_of_files_do_not_matter(study: Path, heart: Cine, tmp_path: Path) -> None:
    paths = sorted(study.glob("*.dcm"))
    random.Random(3).shuffle(paths)
    (tmp_path / "mixed/deep").mkdir(parents=True)
    for n, path in enumerate(paths):
        path.rename(tmp_path / "mixed" / ("deep" if n % 2 else ".") / f"IM{n:05d}")
    cine, _ = read_cine_dicom(tmp_path / "mixed")
    np.testing.assert_array_equal(cine.voxels, heart.voxels)


def test_scouts_and_long_axis_in_the_same_series_are_told_apart(study: Path, heart: Cine) -> None:
    one = pydicom.dcmread(sax(study)[0]).SeriesInstanceUID
    change(sorted(study.glob("*.dcm")), lambda ds: setattr(ds, "SeriesInstanceUID", one))
    change(sorted(study.glob("*.dcm")), lambda ds: setattr(ds, "SeriesDescription", ""))
    cine, _ = read_cine_dicom(study)
    np.testing.assert_array_equal(cine.voxels, heart.voxels)


def test_thickness_and_location_are_not_believed(study: Path, heart: Cine) -> None:
    def mislead(ds: Dataset) -> None:
        ds.SliceThickness, ds.SpacingBetweenSlices, ds.SliceLocation = 6, 5.29, 5.29 * ds.InstanceNumber

    change(sax(study), mislead)
    cine, _ = read_cine_dicom(study)
    assert cine.spacing_mm == pytest.approx((1.3, 1.5, 8.0))


@pytest.mark.parametrize("nothing", [0, None])
def test_without_trigger_times_instance_numbers_order_the_phases(
    study: Path, heart: Cine, nothing: float | None
) -> None:
    change(sax(study), lambda ds: setattr(ds, "TriggerTime", nothing))
    cine, _ = read_cine_dicom(study)
    np.testing.assert_array_equal(cine.voxels, heart.voxels)
    assert cine.times_ms is None


def test_trigger_times_count_more_than_instance_numbers(study: Path, heart: Cine) -> None:
    change(sax(study), lambda ds: setattr(ds, "InstanceNumber", 1000 - ds.InstanceNumber))
    cine, _ = read_cine_dicom(study)
    np.testing.assert_array_equal(cine.voxels, heart.voxels)


def test_two_phases_of_one_rounded_time_are_ordered_by_instance_numbers(study: Path, heart: Cine) -> None:
    change(sax(study)[3:5], lambda ds: setattr(ds, "TriggerTime", "150"))
    cine, _ = read_cine_dicom(study)
    np.testing.assert_array_equal(cine.voxels, heart.voxels)
    assert cine.times_ms is not None
    np.testing.assert_allclose(cine.times_ms, heart.times_ms)


def test_other_files_are_skipped_and_named(study: Path, heart: Cine) -> None:
    (study / "notes.txt").write_text("no DICOM")
    (study / "IM9999").write_bytes(b"\0" * 2000)
    shutil.copy(sax(study)[0], study / "copy-of-the-first")
    (study / "half.dcm").write_bytes(sax(study)[0].read_bytes()[:400])
    cine, _ = read_cine_dicom(study)
    np.testing.assert_array_equal(cine.voxels, heart.voxels)
    said = {r.code: r.text for r in cine.remarks}
    assert "2 files" in said["SKIPPED_FILES"]
    assert "notes.txt" in said["SKIPPED_FILES"]
    assert "half.dcm" in said["DAMAGED_FILES"]


@pytest.mark.parametrize("form", ["one-series", "enhanced"])
def test_bare_data_sets_without_preamble_are_read(form: Form, heart: Cine, tmp_path: Path) -> None:
    make_study(heart, tmp_path, form=form, beside=False)
    for path in tmp_path.glob("*.dcm"):
        ds = pydicom.dcmread(path)
        ds.file_meta = pydicom.dataset.FileMetaDataset()
        ds.preamble = None  # type: ignore[assignment]
        pydicom.dcmwrite(path, ds, implicit_vr=False, little_endian=True)
        path.rename(path.with_suffix(""))
    cine, _ = read_cine_dicom(tmp_path)
    np.testing.assert_array_equal(cine.voxels, heart.voxels)


def test_rescale_is_applied(study: Path, heart: Cine) -> None:
    def rescale(ds: Dataset) -> None:
        ds.RescaleSlope, ds.RescaleIntercept = "0.5", "-10"

    change(sax(study)[:7], rescale)  # one slice only, as some vendors do
    cine, _ = read_cine_dicom(study)
    np.testing.assert_allclose(cine.voxels[:, :, 0], heart.voxels[:, :, 0] * 0.5 - 10)
    np.testing.assert_allclose(cine.voxels[:, :, 1:], heart.voxels[:, :, 1:])


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("syntax", COMPRESSIONS)
def test_compressed_pixels_are_the_same(heart: Cine, tmp_path: Path, syntax: str, signed: bool) -> None:
    whole = replace(heart, voxels=heart.voxels - 700 if signed else heart.voxels)
    make_study(whole, tmp_path, beside=False)
    for path in sax(tmp_path):
        compress(path, syntax)
    cine, _ = read_cine_dicom(tmp_path)
    np.testing.assert_array_equal(cine.voxels, whole.voxels)


def test_an_enhanced_object_may_be_compressed_too(heart: Cine, tmp_path: Path) -> None:
    make_study(heart, tmp_path, form="enhanced", beside=False)
    compress(sax(tmp_path)[0], "1.2.840.10008.1.2.4.70")
    cine, _ = read_cine_dicom(tmp_path)
    np.testing.assert_array_equal(cine.voxels, heart.voxels)


def test_pixels_that_nothing_here_decodes_are_refused_by_name(study: Path) -> None:
    def film(ds: Dataset) -> None:
        ds.compress(RLELossless)
        ds.file_meta.TransferSyntaxUID = MPEG2MPML

    change(sax(study)[3:4], film)
    said = refusal(study)
    assert said.code == "CANNOT_DECODE"
    assert "sax-cine-004.dcm" in said.sentence
    assert "MPEG2" in said.sentence


def test_a_retaken_slice_takes_the_place_of_the_first(heart: Cine, tmp_path: Path) -> None:
    make_study(heart, tmp_path, form="series-per-slice", seed="a")
    brighter = Cine(heart.voxels + np.int16(1), heart.affine, heart.times_ms)
    make_study(brighter, tmp_path / "again", form="series-per-slice", seed="a", beside=False)
    third = sorted((tmp_path / "again").glob("*.dcm"))[14:21]

    def later(ds: Dataset) -> None:
        ds.SeriesInstanceUID, ds.SOPInstanceUID = ds.SeriesInstanceUID + ".1", ds.SOPInstanceUID + ".1"
        ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
        ds.SeriesNumber = 40

    change(third, later)
    for path in set((tmp_path / "again").glob("*.dcm")) - set(third):
        path.unlink()
    cine, _ = read_cine_dicom(tmp_path)
    np.testing.assert_array_equal(cine.voxels - heart.voxels, np.broadcast_to(
        np.array([0, 0, 1, 0, 0])[None, None, :, None], heart.voxels.shape))  # fmt: skip
    assert "RETAKEN_SLICE" in {r.code for r in cine.remarks}


def test_a_retaken_slice_may_have_a_number_of_its_own_under_the_same_uid(study: Path, heart: Cine) -> None:
    for path in sax(study)[14:21]:
        ds = pydicom.dcmread(path)
        ds.SOPInstanceUID += ".1"
        ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
        ds.SeriesNumber, ds.PixelData = 40, (ds.pixel_array + 1).astype("<u2").tobytes()
        ds.save_as(study / f"again-{path.name}")
    cine, source = read_cine_dicom(study)
    assert (cine.voxels - heart.voxels).any(axis=(0, 1, 3)).tolist() == [False, False, True, False, False]
    assert len(source.cine.series_uids) == 1
    assert "RETAKEN_SLICE" in {r.code for r in cine.remarks}


def test_of_the_same_cine_taken_twice_the_later_counts(heart: Cine, tmp_path: Path) -> None:
    make_study(heart, tmp_path / "a", seed="same", beside=False)
    brighter = Cine(heart.voxels + np.int16(1), heart.affine, heart.times_ms)
    make_study(brighter, tmp_path / "b", seed="same", beside=False)

    def later(ds: Dataset) -> None:
        ds.SeriesInstanceUID, ds.SOPInstanceUID = ds.SeriesInstanceUID + ".1", ds.SOPInstanceUID + ".1"
        ds.SeriesNumber = 20

    change(sax(tmp_path / "b"), later)
    cine, _ = read_cine_dicom(tmp_path)
    np.testing.assert_array_equal(cine.voxels, brighter.voxels)
    assert "SEVERAL_CINES" in {r.code for r in cine.remarks}
    sax(tmp_path / "b")[-1].unlink()  # the second try was broken off
    cine, _ = read_cine_dicom(tmp_path)
    np.testing.assert_array_equal(cine.voxels, heart.voxels)


def test_every_study_of_a_folder_is_found(heart: Cine, tmp_path: Path) -> None:
    for name in ("one", "two"):
        make_study(heart, tmp_path / name, seed=name)
    assert [c.n_slices for c in read_study(tmp_path)] == [5, 5]
    assert refusal(tmp_path).code == "SEVERAL_STUDIES"


def test_copies_in_another_study_are_no_copies(heart: Cine, tmp_path: Path) -> None:
    for name in ("one", "two"):
        make_study(heart, tmp_path / name, seed="same", beside=False)
    change(sax(tmp_path / "two"), lambda ds: setattr(ds, "StudyInstanceUID", "1.2.3"))
    assert [c.n_slices for c in read_study(tmp_path)] == [5, 5]


def test_a_missing_phase_is_refused_by_name(study: Path) -> None:
    (study / "sax-cine-017.dcm").unlink()  # slice 3, phase 3
    said = refusal(study)
    assert said.code == "MISSING_PHASE"
    assert "sax-cine-016.dcm" in said.sentence
    assert "slice 3 of 5" in said.sentence


def test_a_missing_slice_is_refused_by_name(study: Path) -> None:
    for n in range(15, 22):
        (study / f"sax-cine-{n:03d}.dcm").unlink()
    said = refusal(study)
    assert said.code == "UNEVEN_SLICES"
    assert "sax-cine-008.dcm" in said.sentence
    assert "16.0 mm" in said.sentence


def test_slices_that_are_a_little_uneven_are_read_with_a_remark(study: Path) -> None:
    def further(ds: Dataset) -> None:
        position = np.array(ds.ImagePositionPatient, float)
        away = np.cross(ds.ImageOrientationPatient[:3], ds.ImageOrientationPatient[3:])
        ds.ImagePositionPatient = [f"{v:.10f}" for v in position + away]

    change(sax(study)[28:], further)  # the last slice, 1 mm
    cine, _ = read_cine_dicom(study)
    assert cine.spacing_mm[2] == pytest.approx(33 / 4)
    assert "8.0 to 9.0 mm" in {r.code: r.text for r in cine.remarks}["UNEVEN_SLICES"]


def test_two_stacks_in_one_series_are_refused(study: Path, heart: Cine) -> None:
    one = pydicom.dcmread(sax(study)[0])
    moved = heart.affine.copy()
    moved[:3, 3] += heart.affine[:3, 0] * 10
    for n, affine in enumerate((heart.affine, moved)):
        other = study / f"other{n}"
        make_study(Cine(heart.voxels, affine, heart.times_ms), other, seed=f"other{n}", beside=False)

        def same(ds: Dataset) -> None:
            ds.StudyInstanceUID, ds.SeriesInstanceUID = one.StudyInstanceUID, one.SeriesInstanceUID

        change(sax(other), same)
        assert refusal(study).code == "TWO_STACKS"
        shutil.rmtree(other)


def test_two_stacks_of_other_times_are_no_cine_of_twice_as_many_phases(study: Path, heart: Cine) -> None:
    for path in sax(study):
        ds = pydicom.dcmread(path)
        ds.SOPInstanceUID += ".1"
        ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
        ds.InstanceNumber, ds.TriggerTime = ds.InstanceNumber + 100, f"{ds.TriggerTime * 1.03 + 5:.3f}"
        ds.save_as(study / f"again-{path.name}")
    said = refusal(study)
    assert said.code == "TWO_STACKS"
    assert "sax-cine" in said.sentence


def test_numbers_that_begin_within_the_beat_are_one_stack(phantom: Callable[..., Cine], tmp_path: Path) -> None:
    heart = phantom((9, 8, 3, 12))
    make_study(heart, tmp_path, beside=False)
    change(sax(tmp_path), lambda ds: setattr(ds, "InstanceNumber", (ds.InstanceNumber + 5) % 12 + 1))
    cine, _ = read_cine_dicom(tmp_path)
    np.testing.assert_array_equal(cine.voxels, heart.voxels)


def test_no_geometry_is_refused_by_name(study: Path) -> None:
    change(sax(study)[4:5], lambda ds: delattr(ds, "ImagePositionPatient"))
    said = refusal(study)
    assert said.code == "NO_GEOMETRY"
    assert "sax-cine-005.dcm" in said.sentence


def test_equal_times_and_numbers_are_refused(study: Path) -> None:
    def blank(ds: Dataset) -> None:
        ds.TriggerTime, ds.InstanceNumber = 0, 1

    change(sax(study), blank)
    assert refusal(study).code == "NO_TIMES"


def test_pixels_that_are_cut_short_are_refused_by_name(study: Path) -> None:
    path = sax(study)[9]
    path.write_bytes(path.read_bytes()[:-200])
    said = refusal(study)
    assert said.code == "DAMAGED"
    assert path.name in said.sentence


def test_an_enhanced_object_with_odd_frames_is_refused(heart: Cine, tmp_path: Path) -> None:
    [path] = make_study(heart, tmp_path, form="enhanced", beside=False)
    whole = path.read_bytes()

    def fewer(ds: Dataset) -> None:
        del ds.PerFrameFunctionalGroupsSequence[-1]

    change([path], fewer)
    assert path.name in refusal(tmp_path).sentence
    path.write_bytes(whole)

    def short(ds: Dataset) -> None:
        fewer(ds)
        ds.NumberOfFrames -= 1

    change([path], short)
    assert refusal(tmp_path).code == "MISSING_PHASE"


def test_enhanced_frames_without_times_are_ordered_by_their_position_in_time(heart: Cine, tmp_path: Path) -> None:
    [path] = make_study(heart, tmp_path, form="enhanced", beside=False)

    def timeless(ds: Dataset) -> None:
        for groups in ds.PerFrameFunctionalGroupsSequence:
            del groups.CardiacSynchronizationSequence

    change([path], timeless)
    cine, _ = read_cine_dicom(tmp_path)
    np.testing.assert_array_equal(cine.voxels, heart.voxels)
    assert cine.times_ms is None


def test_what_a_maker_adds_to_a_frame_is_not_believed(heart: Cine, tmp_path: Path) -> None:
    [path] = make_study(heart, tmp_path, form="enhanced", beside=False)

    def add(ds: Dataset) -> None:
        for groups in ds.PerFrameFunctionalGroupsSequence:
            own = Dataset()
            own.ImagePositionPatient, own.TriggerTime, own.RescaleSlope = ["0", "0", "0"], "1", "7"
            groups.private_block(0x2005, "A maker", create=True).add_new(0x0F, "SQ", [own])

    change([path], add)
    cine, _ = read_cine_dicom(tmp_path)
    np.testing.assert_array_equal(cine.voxels, heart.voxels)
    np.testing.assert_allclose(cine.affine, heart.affine, atol=1e-9)


def test_a_stack_of_long_axis_views_in_the_same_series_is_told_apart(heart: Cine, study: Path) -> None:
    one = pydicom.dcmread(sax(study)[0])
    turned = heart.affine[:, [0, 2, 1, 3]] * [1, 0.2, 4, 1]
    turned[:3, 2] *= -1
    make_study(Cine(heart.voxels[:, :, :3], turned, heart.times_ms), study / "lax", seed="lax", beside=False)

    def same(ds: Dataset) -> None:
        ds.StudyInstanceUID, ds.SeriesInstanceUID = one.StudyInstanceUID, one.SeriesInstanceUID

    change(sax(study / "lax"), same)
    cine, _ = read_cine_dicom(study)
    np.testing.assert_array_equal(cine.voxels, heart.voxels)


def test_a_flow_measurement_in_the_same_direction_is_left_out(heart: Cine, study: Path) -> None:
    one = pydicom.dcmread(sax(study)[0])
    for n, z in enumerate((1.0, 1.5)):  # at the place of a slice, and between two
        affine = heart.affine.copy()
        affine[:3, 3] += heart.affine[:3, 2] * z
        flow = Cine(np.repeat(heart.voxels[:, :, :1], 2, axis=3), affine, np.arange(14) * 20.0)
        folder = study / f"flow{n}"
        make_study(flow, folder, seed=f"flow{n}", beside=False)
        change(sax(folder), lambda ds: setattr(ds, "StudyInstanceUID", one.StudyInstanceUID))
    cine, _ = read_cine_dicom(study)
    np.testing.assert_array_equal(cine.voxels, heart.voxels)


def test_of_two_large_stacks_the_oblique_or_the_named_one_is_the_short_axis(
    phantom: Callable[..., Cine], tmp_path: Path
) -> None:
    heart, axial = phantom(), phantom(oblique=False)
    make_study(heart, tmp_path / "a", seed="two", beside=False)
    make_study(axial, tmp_path / "b", seed="two", beside=False)

    def other(ds: Dataset) -> None:
        ds.SeriesInstanceUID, ds.SOPInstanceUID = ds.SeriesInstanceUID + ".1", ds.SOPInstanceUID + ".1"
        ds.SeriesNumber, ds.SeriesDescription = 20, "RV transversal"

    change(sax(tmp_path / "b"), other)
    np.testing.assert_array_equal(read_cine_dicom(tmp_path)[0].voxels, heart.voxels)
    change(sax(tmp_path / "a"), lambda ds: setattr(ds, "SeriesDescription", "cine 1"))
    np.testing.assert_array_equal(read_cine_dicom(tmp_path)[0].voxels, heart.voxels)
    change(sax(tmp_path / "b"), lambda ds: setattr(ds, "SeriesDescription", "cine SA"))
    np.testing.assert_array_equal(read_cine_dicom(tmp_path)[0].voxels, axial.voxels)


def test_scouts_alone_are_no_cine(study: Path) -> None:
    for path in sax(study):
        path.unlink()
    assert refusal(study).code == "NO_SHORT_AXIS"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("CT_small.dcm", "NOT_MR"), ("examples_ybr_color.dcm", "NOT_MR"), ("test-SR.dcm", "NOT_MR"),
        ("waveform_ecg.dcm", "NOT_MR"), ("rtdose.dcm", "NOT_MR"), ("liver_1frame.dcm", "NOT_MR"),
        ("MR_truncated.dcm", "NO_SHORT_AXIS"), ("MR_small_jpeg_ls_lossless.dcm", "NO_SHORT_AXIS"),
        ("no_meta.dcm", "NO_DICOM"), ("image_dfl.dcm", "NOT_MR"), ("examples_palette.dcm", "NOT_MR"),
    ],
)  # fmt: skip
def test_other_objects_are_refused_by_name(name: str, code: str, tmp_path: Path) -> None:
    found = get_testdata_file(name, download=False)
    assert isinstance(found, str)
    shutil.copy(found, tmp_path / name)
    for where in (tmp_path, tmp_path / name):
        said = refusal(where)
        assert name in said.sentence
        assert said.code == code


def test_a_folder_without_dicom_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("no DICOM")
    assert refusal(tmp_path).code == "NO_DICOM"
    assert refusal(tmp_path / "nowhere").code == "NOT_FOUND"
