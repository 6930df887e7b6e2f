"""Measurements against shapes whose volume is known, whatever the grid, and against ACDC's own figures."""

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from radloop.heart import LV, MYO, RV, ejection_fraction, measure, volume_curves
from radloop.images.picture import Cine, LabelMap
from radloop.refusal import Refusal

spacings = st.tuples(st.floats(0.7, 3.0), st.floats(0.7, 3.0), st.floats(3.0, 12.0))


def cine(label: LabelMap, affine: np.ndarray | None = None, *, times: bool = True, spacing_known: bool = True) -> Cine:
    return Cine(
        voxels=np.zeros(label.shape, np.uint8),
        affine=np.eye(4) if affine is None else affine,
        times_ms=40.0 * np.arange(label.shape[3]) if times else None,
        spacing_known=spacing_known,
    )


def boxes(lv_counts: list[int], rv_counts: list[int] | None = None, myo: int = 30) -> LabelMap:
    """Labels with exactly so many voxels of each structure in each frame, empty first and last slices."""
    label = np.zeros((20, 20, 12, len(lv_counts)), np.uint8)
    inner = np.zeros((20, 20, 10, len(lv_counts)), np.uint8)
    for t, lv in enumerate(lv_counts):
        flat = inner[..., t].reshape(-1)
        flat[:lv] = LV
        flat[1500 : 1500 + myo] = MYO
        flat[3000 : 3000 + (rv_counts or [lv // 2 for lv in lv_counts])[t]] = RV
    label[:, :, 1:-1] = inner
    return label


def codes(answer: object) -> set[str]:
    return {w.code for w in answer.warnings}  # type: ignore[attr-defined]


def test_a_heart_on_paper() -> None:
    label = boxes([800, 1000, 400, 500], [500, 600, 300, 200])
    answer = measure(label, cine(label, np.diag([2, 2, 10, 1])), image="a")
    assert (answer.ed_frame, answer.es_frame) == (2, 3)
    assert (answer.lv_edv_ml, answer.lv_esv_ml, answer.lv_sv_ml) == pytest.approx((40, 16, 24))
    assert answer.lv_ef == 60
    # The RV is taken at the LV's phases, not at its own smallest frame.
    assert (answer.rv_edv_ml, answer.rv_esv_ml, answer.rv_sv_ml, answer.rv_ef) == pytest.approx((24, 12, 12, 50))
    assert answer.lv_mass_g == pytest.approx(30 * 0.04 * 1.05)
    assert answer.curves is not None
    assert answer.curves.lv_ml == pytest.approx([32, 40, 16, 20])
    assert answer.warnings == []
    assert answer.diagnosis is None
    assert answer.times_ms == [0, 40, 80, 120]


def test_equal_frames_are_told_apart_by_order() -> None:
    answer = measure(boxes([700, 900, 900, 500, 500]), cine(boxes([1] * 5)), image="a")
    assert (answer.ed_frame, answer.es_frame) == (2, 4)


def test_a_heart_that_stands_still_ejects_nothing() -> None:
    answer = measure(boxes([900] * 3), cine(boxes([1] * 3)), image="a")
    assert (answer.ed_frame, answer.es_frame, answer.lv_ef, answer.lv_sv_ml) == (1, 2, 0, 0)
    assert "IMPLAUSIBLE_EF" in codes(answer)


def test_without_spacing_only_ratios() -> None:
    known = measure(boxes([1000, 400]), cine(boxes([1] * 2)), image="a")
    answer = measure(boxes([1000, 400]), cine(boxes([1] * 2), spacing_known=False), image="a")
    assert codes(answer) == {"NO_SPACING"}
    assert (answer.lv_ef, answer.rv_ef, answer.ed_frame, answer.es_frame) == (known.lv_ef, known.rv_ef, 1, 2)
    left_out = [f for f in type(answer).model_fields if f.endswith(("_ml", "_g", "curves", "spacing_mm"))]
    assert [getattr(answer, f) for f in left_out] == [None] * 9


def test_one_frame_has_no_phase() -> None:
    answer = measure(boxes([1000]), cine(boxes([1]), times=False), image="a")
    assert codes(answer) == {"ONE_FRAME", "NO_TIMES"}
    assert answer.curves is not None
    assert answer.curves.lv_ml == [1]
    left_out = [f for f in type(answer).model_fields if f.startswith(("ed_", "es_", "lv_", "rv_"))]
    assert [getattr(answer, f) for f in left_out] == [None] * 11


def test_no_heart() -> None:
    answer = measure(np.zeros((16, 16, 3, 4), np.uint8), cine(boxes([1] * 4)[:16, :16, :3]), image="a")
    assert codes(answer) == {"NO_HEART"}
    given = {"image", "n_frames", "spacing_mm", "times_ms", "warnings", "research_use_only"}
    assert {getattr(answer, f) for f in set(type(answer).model_fields) - given} == {None}


def test_no_right_ventricle() -> None:
    answer = measure(boxes([1000, 400], [0, 0]), cine(boxes([1] * 2)), image="a")
    assert codes(answer) == {"NO_RV"}
    assert answer.lv_ef == 60
    assert {answer.rv_edv_ml, answer.rv_esv_ml, answer.rv_sv_ml, answer.rv_ef} == {None}


def test_no_myocardium() -> None:
    answer = measure(boxes([1000, 400], myo=0), cine(boxes([1] * 2)), image="a")
    assert "NO_MYO" in codes(answer)
    assert answer.lv_ef == 60
    assert answer.lv_mass_g is None


def test_a_right_ventricle_that_grows_has_no_ef() -> None:
    answer = measure(boxes([1000, 400], [200, 300]), cine(boxes([1] * 2)), image="a")
    assert codes(answer) == {"IMPLAUSIBLE_RV_EF"}
    assert (answer.rv_edv_ml, answer.rv_esv_ml, answer.rv_sv_ml, answer.rv_ef) == pytest.approx((0.2, 0.3, None, None))


def test_a_lost_frame_is_told() -> None:
    answer = measure(boxes([1000] * 6 + [0] + [1000] * 10), cine(boxes([1] * 17)), image="a")
    assert codes(answer) == {"EMPTY_FRAMES", "UNEVEN_VOLUMES", "IMPLAUSIBLE_EF"}
    assert answer.es_frame == 7


def test_another_grid_is_refused() -> None:
    with pytest.raises(Refusal, match="20 x 20 x 12 x 2 where the image is 20 x 20 x 12 x 3"):
        measure(boxes([1] * 2), cine(boxes([1] * 3)), image="a")


@given(
    counts=st.lists(st.integers(1, 1500), min_size=2, max_size=12),
    spacing=spacings,
    flips=st.sets(st.integers(0, 2)),
    axes=st.permutations([0, 1, 2]),
    turn=st.integers(0, 2**32 - 1),
    data=st.data(),
)
@settings(max_examples=40, deadline=None)
def test_ef_knows_no_scale_orientation_or_order(counts, spacing, flips, axes, turn, data) -> None:  # type: ignore[no-untyped-def]
    label = boxes(counts)
    straight = measure(label, cine(label, np.diag([*spacing, 1])), image="a")
    rotation, _ = np.linalg.qr(np.random.default_rng(turn).normal(size=(3, 3)))  # left-handed half of the time
    affine = np.eye(4)
    affine[:3, :3] = (rotation * spacing)[:, axes]
    affine[:3, 3] = data.draw(st.tuples(*[st.floats(-500, 500)] * 3))
    order = data.draw(st.permutations(range(len(counts))))
    turned = np.flip(label.transpose(*axes, 3), tuple(flips))[..., order]
    answer = measure(turned, cine(turned, affine), image="a")
    assert answer.lv_ef == straight.lv_ef
    assert answer.lv_ef == pytest.approx(100 * (1 - min(counts) / max(counts)))
    assert answer.lv_edv_ml == pytest.approx(max(counts) * np.prod(spacing) / 1000)
    assert answer.spacing_mm == pytest.approx(np.array(spacing)[axes])
    assert max(counts) == counts[order[answer.ed_frame - 1]]
    if len(set(counts)) == len(counts):
        assert answer.rv_ef == straight.rv_ef


@given(spacing=spacings, radius=st.floats(20, 30), height=st.floats(60, 90), squeeze=st.floats(0.5, 0.9))
@settings(max_examples=15, deadline=None)
def test_a_cylinder(spacing: tuple[float, float, float], radius: float, height: float, squeeze: float) -> None:
    """Radius and height in mm; the wall is 10 mm thick at both phases, so its ring shrinks with the cavity."""
    nx, ny, nz = (int(np.ceil(extent / s)) for extent, s in zip((100, 100, height + 20), spacing, strict=True))
    x, y, z = np.meshgrid(*(np.arange(n) * s for n, s in zip((nx, ny, nz), spacing, strict=True)), indexing="ij")
    away = np.hypot(x - 45, y - 45)
    label = np.zeros((nx, ny, nz, 2), np.uint8)
    for t, r in enumerate((radius, radius * squeeze)):
        label[..., t][(away <= r + 10) & (np.abs(z - height / 2 - 6) <= height / 2)] = MYO
        label[..., t][(away <= r) & (np.abs(z - height / 2 - 6) <= height / 2)] = LV
    answer = measure(label, cine(label, np.diag([*spacing, 1])), image="a")
    cavity_ml, ring_ml = (np.pi * a * height / 1000 for a in (radius**2, (radius + 10) ** 2 - radius**2))
    slab = spacing[2] / height  # a cylinder's ends fall between slices
    assert answer.lv_edv_ml == pytest.approx(cavity_ml, rel=slab + 0.04)
    assert answer.lv_mass_g == pytest.approx(1.05 * ring_ml, rel=slab + 0.06)
    assert answer.lv_ef == pytest.approx(100 * (1 - squeeze**2), abs=4)


@pytest.mark.parametrize(("ends", "expected"), [((0, 0), False), ((3, 0), True), ((0, 3), True)])
@pytest.mark.parametrize("base_first", [True, False])
def test_a_stack_that_ends_inside_the_heart(ends: tuple[int, int], expected: bool, base_first: bool) -> None:
    """A cone, wide at the base: with empty slices on both sides, cut at the base, cut at the apex."""
    x, y, z = np.meshgrid(*(np.arange(n) - o for n, o in ((40, 20), (40, 20), (12, 1))), indexing="ij")
    inside = (np.hypot(x, y) <= 15 * np.sqrt(np.maximum(10 - z, 0) / 10)) & (z >= 0)
    label = np.stack([np.where(inside, LV, 0), np.where(inside & (np.hypot(x, y) < 9), LV, 0)], -1).astype(np.uint8)
    label = label[:, :, ends[0] : label.shape[2] - ends[1]]
    label = label if base_first else label[:, :, ::-1]
    answer = measure(label, cine(label), image="a")
    assert ("STACK_MAY_MISS_BASE_OR_APEX" in codes(answer)) == expected
    assert answer.lv_ef is not None


def test_ejection_fraction_of_nothing_is_unknown() -> None:
    assert ejection_fraction(0, 0) is None


def test_acdc_figures_are_met_to_the_last_digit(real_data: Path) -> None:
    import nibabel as nib

    with (real_data / "acdc/index.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 80
    for row in rows:
        images = [nib.load(Path(real_data, "acdc", row["patient"], f"{phase}_gt.nii.gz")) for phase in ("ed", "es")]
        label = np.stack([np.asarray(i.dataobj) for i in images], axis=-1).astype(np.uint8)
        answer = measure(label, cine(label, images[0].affine), image=row["patient"])
        for field in ("lv_edv_ml", "lv_esv_ml", "lv_ef", "rv_edv_ml", "rv_esv_ml", "rv_ef", "lv_mass_g"):
            assert getattr(answer, field) == pytest.approx(float(row[field]), abs=0.0501), (row["patient"], field)
        assert volume_curves(label, 1.0).shape == (3, 2)


def test_phases_that_a_person_chose_are_followed() -> None:
    label = boxes([800, 1000, 400, 500], [500, 600, 300, 200])
    answer = measure(label, cine(label, np.diag([2, 2, 10, 1])), image="a", ed_frame=1, es_frame=4)
    assert (answer.ed_frame, answer.es_frame) == (1, 4)
    assert (answer.lv_edv_ml, answer.lv_esv_ml, answer.rv_edv_ml, answer.rv_esv_ml) == pytest.approx((32, 20, 20, 8))
    assert (answer.lv_ef, answer.rv_ef) == (37.5, 60)
