"""What is known about an exam: files, review, volumes. Compared with nibabel and with geometry."""

import gzip

import nibabel
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from RadLoopLib.exam import (
    Cine,
    Exam,
    NotReadable,
    Review,
    figures_of,
    fingerprints,
    read_cine,
    read_label_map,
    write_cine,
    write_label_map,
)
from RadLoopLib.exam.volumes import voxel_counts

from heart_phantom import SPACING_MM, heart, measurements, oblique


def saved(image, compressed=True):
    data = image.to_bytes()
    return gzip.compress(data, mtime=0) if compressed else data


@st.composite
def quaternions(draw):
    q = np.array([draw(st.floats(-1, 1)) for _ in range(4)])
    return q / np.linalg.norm(q) if np.linalg.norm(q) > 0.1 else np.array([1.0, 0, 0, 0])


@settings(max_examples=60, deadline=None)
@given(
    quaternion=quaternions(),
    handed=st.sampled_from([1, -1]),
    codes=st.sampled_from([(1, 1), (0, 1), (1, 0), (0, 0)]),
    dtype=st.sampled_from(["u1", "i2", "u2", "f4", ">i2"]),
    slope=st.sampled_from([None, (2.0, -3.0)]),
    units=st.sampled_from([("msec", 41.5), ("sec", 0.0415), ("usec", 41500.0)]),
    compressed=st.booleans(),
)
def test_a_file_says_the_same_here_and_in_nibabel(quaternion, handed, codes, dtype, slope, units, compressed):
    qform_code, sform_code = codes
    affine = np.eye(4)
    affine[:3, :3] = nibabel.quaternions.quat2mat(quaternion) * (1.4, 1.5, 8.0 * handed)
    affine[:3, 3] = (11.0, -22.0, 33.0)
    stored = np.random.default_rng(1).integers(0, 120, (7, 6, 5, 4)).astype(dtype)
    header = nibabel.Nifti1Header(endianness=">" if dtype[0] == ">" else "<")
    image = nibabel.Nifti1Image(stored, affine, header)
    image.set_qform(affine, qform_code)
    image.set_sform(affine, sform_code)
    image.header.set_zooms((1.4, 1.5, 8.0, units[1]))
    image.header.set_xyzt_units("mm", units[0])
    if slope:
        image.header.set_slope_inter(*slope)
    data = saved(image, compressed)
    expected = nibabel.Nifti1Image.from_bytes(gzip.decompress(data) if compressed else data)

    cine = read_cine(data)

    assert np.allclose(cine.voxels.transpose(3, 2, 1, 0), expected.get_fdata(), atol=1e-3)
    assert np.allclose(cine.ijk_to_ras, expected.affine, atol=1e-4)
    assert cine.times_ms == pytest.approx([0, 41.5, 83, 124.5], rel=1e-5)


@pytest.mark.parametrize("left_handed", [False, True])
def test_a_label_goes_back_on_exactly_its_grid(left_handed):
    cine, labels = heart(affine=oblique(left_handed))
    back = nibabel.Nifti1Image.from_bytes(gzip.decompress(write_label_map(labels)))
    assert (np.asarray(back.dataobj).transpose(3, 2, 1, 0) == labels.voxels).all()
    assert (back.affine == labels.ijk_to_ras).all()
    assert back.get_data_dtype() == np.uint8
    again = read_cine(write_cine(cine))
    assert (again.voxels == cine.voxels).all()
    assert (again.ijk_to_ras == cine.ijk_to_ras).all()
    assert again.times_ms == pytest.approx(cine.times_ms)
    assert read_label_map(write_label_map(labels)).fits(cine)


def test_three_dimensions_are_one_frame_and_no_time_is_known():
    image = nibabel.Nifti1Image(np.ones((4, 3, 2), np.int16), np.eye(4))
    cine = read_cine(saved(image))
    assert cine.voxels.shape == (1, 2, 3, 4)
    assert cine.times_ms is None


def test_a_grid_elsewhere_does_not_fit():
    cine, labels = heart()
    moved = cine.ijk_to_ras + np.array([[0, 0, 0, 0.5]] + [[0.0] * 4] * 3)
    assert labels.fits(cine)
    assert not labels.fits(Cine(cine.voxels, moved, None))
    assert not labels.fits(Cine(cine.voxels[:, :-1], cine.ijk_to_ras, None))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"PK\x03\x04 a folder in a zip file", "not a NIfTI"),
        (b"", "not a NIfTI"),
        (gzip.compress(b"x" * 900, mtime=0)[:20], "damaged"),
        (saved(nibabel.Nifti1Image(np.zeros((40, 30, 20), np.int16), np.eye(4)), False)[:5000], "cut short"),
        (saved(nibabel.Nifti1Image(np.zeros((4, 4, 4), np.complex64), np.eye(4))), "complex"),
        (saved(nibabel.Nifti1Image(np.zeros((4, 4, 4, 1, 3), np.int16), np.eye(4))), "extent"),
    ],
    ids=["zip", "nothing", "damaged", "cut", "complex", "five-axes"],
)
def test_what_is_no_cine_is_refused_in_one_sentence(data, words):
    with pytest.raises(NotReadable, match=words) as refusal:
        read_cine(data)
    assert "\n" not in str(refusal.value)


def test_a_label_with_foreign_values_is_refused():
    image = nibabel.Nifti1Image(np.full((4, 4, 4), 7, np.uint8), np.eye(4))
    with pytest.raises(NotReadable, match="0 to 3"):
        read_label_map(saved(image))


def empty_review(n_frames=4, n_slices=3):
    return Review([fingerprints(np.zeros((n_slices, 2, 2), np.uint8)) for _ in range(n_frames)])


def test_nothing_is_reviewed_until_somebody_acts():
    assert empty_review().as_submitted() == {}


def test_marks_and_edits_are_what_is_submitted():
    review = empty_review()
    review.mark([0])
    review.mark([2], slice_index=1)
    frame = np.zeros((3, 2, 2), np.uint8)
    frame[2, 0, 0] = 3
    review.note(2, fingerprints(frame))
    assert review.as_submitted() == {"1": "all", "3": [2, 3]}
    review.unmark(2)
    assert review.as_submitted() == {"1": "all", "3": [3]}  # what was changed was looked at
    review.note(2, fingerprints(np.zeros((3, 2, 2), np.uint8)))
    assert review.as_submitted() == {"1": "all"}  # until the change is undone


@given(st.dictionaries(st.integers(0, 3), st.sets(st.integers(0, 2), min_size=1)))
def test_a_label_opened_again_has_the_marks_that_it_was_submitted_with(marks):
    first = empty_review()
    for t, slices in marks.items():
        for k in slices:
            first.mark([t], k)
    second = empty_review()
    second.mark_as_submitted(first.as_submitted())
    assert second.as_submitted() == first.as_submitted()
    assert Review.from_json(first.to_json()).as_submitted() == first.as_submitted()


def test_volumes_of_boxes():
    """10 × 8 voxels in 2 slices of 1.5 × 1.5 × 8 mm are 2.88 mL; half of them 1.44: EF 50."""
    frames = np.zeros((3, 4, 20, 20), np.uint8)
    frames[0, 1:3, 2:12, 2:10] = 3
    frames[1, 1:3, 2:7, 2:10] = 3
    frames[2, 1:3, 2:10, 2:10] = 3
    frames[0, 1:3, 15:19, 2:12] = 1
    frames[1, 1:3, 15:18, 2:12] = 1
    frames[0, 1, 2:12, 10:12] = 2
    figures = figures_of([voxel_counts(frame) for frame in frames], SPACING_MM)
    assert (figures["ed_frame"], figures["es_frame"]) == (1, 2)
    assert figures["lv_edv_ml"] == pytest.approx(2.88)
    assert figures["lv_esv_ml"] == pytest.approx(1.44)
    assert figures["lv_ef"] == pytest.approx(50.0)
    assert figures["rv_edv_ml"] == pytest.approx(1.44)
    assert figures["rv_ef"] == pytest.approx(25.0)
    assert figures["lv_mass_g"] == pytest.approx(20 * 0.018 * 1.05)
    assert figures["curves"]["lv_ml"] == pytest.approx([2.88, 1.44, 2.304])


def test_no_heart_has_no_figures():
    figures = figures_of([voxel_counts(np.zeros((2, 3, 3), np.uint8))] * 2, SPACING_MM)
    assert [figures[key] for key in ("ed_frame", "lv_ef", "rv_ef", "lv_mass_g")] == [None] * 4


def test_an_exam_is_the_same_after_text():
    cine, labels = heart()
    review = Review([fingerprints(frame) for frame in labels.voxels])
    review.mark([1, 2])
    exam = Exam(
        image="heart_01",
        server="http://127.0.0.1:8000",
        measurements=measurements(labels),
        label_tag=None,
        from_version="3",
        ijk_to_ras=cine.ijk_to_ras.tolist(),
        review=review,
        counts=[voxel_counts(frame) for frame in labels.voxels],
    )
    exam.sent = exam.state()
    exam.review.mark([4], 0)
    again = Exam.from_text(exam.to_text())
    assert again.to_text() == exam.to_text()
    assert again.unsent
    assert again.measurements == exam.measurements  # exact, to the last digit
    assert again.submission("N. N.") == {
        "label_info": [{"name": "RV", "idx": 1}, {"name": "MYO", "idx": 2}, {"name": "LV", "idx": 3}],
        "author": "N. N.",
        "from_version": "3",
        "reviewed": {"2": "all", "3": "all", "5": [1]},
        "assumed_reviewed": False,
    }
