"""The diagnosis looks at the heart's form and motion, not at how it was scanned."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from radloop import places
from radloop.answers.heart import GROUPS, Group
from radloop.heart import LV, MYO, RV, DiagnosisModel, features, measure
from radloop.heart.fit import KnownHeart, fit_diagnosis, fit_from_labels, read_hearts
from radloop.images import Cine, LabelMap
from radloop.refusal import Refusal

ED = {"inner_mm": 25.0, "wall_mm": 9.0, "rv_mm": 27.0}
ES = {"inner_mm": 16.0, "wall_mm": 13.0, "rv_mm": 20.0}
Draw = Callable[..., LabelMap]
SCALE_FREE = st.tuples(st.floats(0.9, 1.9), st.floats(0.9, 1.9), st.sampled_from([5.0, 6.5, 8.0, 10.0]))


def of(heart: Draw, spacing_mm: tuple[float, float, float] = (1.5, 1.5, 10.0), **more: float) -> dict[str, float]:
    ed, es = (heart(spacing_mm=spacing_mm, **phase, **more) for phase in (ED, ES))
    return features(ed, es, spacing_mm)


def committed() -> DiagnosisModel:
    return DiagnosisModel.load(places.bundles() / "cine_heart/models/diagnosis.json")


def spread() -> dict[str, float]:
    """How much each feature differs between patients: what a difference is measured against."""
    return committed().scale


@given(spacing=SCALE_FREE)
@settings(max_examples=12, deadline=None)
def test_another_grid_is_the_same_heart(heart: Draw, spacing: tuple[float, float, float]) -> None:
    reference, other = of(heart, (1.2, 1.2, 5.0)), of(heart, spacing)
    for name, value in reference.items():
        assert abs(other[name] - value) < 0.6 * spread()[name], name


@given(turn=st.floats(0, 6.28), size=st.floats(0.8, 1.25))
@settings(max_examples=12, deadline=None)
def test_a_turned_or_larger_heart_has_the_same_features(heart: Draw, turn: float, size: float) -> None:
    reference = of(heart, (1.2, 1.2, 10.0))
    grown = [heart(spacing_mm=(1.2 * size, 1.2 * size, 10 * size), turn=turn, length_mm=80 * size, extent_mm=160 * size,
                   **{k: v * size for k, v in phase.items()}) for phase in (ED, ES)]  # fmt: skip
    other = features(grown[0], grown[1], (1.2 * size, 1.2 * size, 10 * size))
    for name, value in reference.items():
        assert abs(other[name] - value) < 0.35 * spread()[name], name


def test_every_slice_twice_changes_little(heart: Draw) -> None:
    ed, es = heart(**ED), heart(**ES)
    reference, twice = features(ed, es), features(ed.repeat(2, axis=2), es.repeat(2, axis=2))
    for name, value in reference.items():
        assert abs(twice[name] - value) < 0.25 * spread()[name], name


def test_mirrored_and_upside_down(heart: Draw) -> None:
    ed, es = heart(**ED), heart(**ES)
    reference = features(ed, es, (1.5, 1.5, 10))
    for flipped in (
        (np.flip(ed, 0), np.flip(es, 0)),
        (np.flip(ed, 2), np.flip(es, 2)),
        (ed.swapaxes(0, 1), es.swapaxes(0, 1)),
    ):
        other = features(*flipped, (1.5, 1.5, 10))
        assert other == pytest.approx(reference, abs=0.03)


def test_features_say_what_their_names_say(heart: Draw) -> None:
    plain = of(heart)
    assert plain["wall_mean"] == pytest.approx(9 / 34, abs=0.02)
    assert plain["lv_oblong_ed"] == pytest.approx(0, abs=0.03)
    assert plain["inward_mean"] == pytest.approx(1 - 16 / 25, abs=0.04)
    ed, scarred = heart(**ED), heart(**ES, stiff=7.0)
    infarct = features(ed, scarred, (1.5, 1.5, 10))
    assert infarct["inward_unevenness"] > 3 * plain["inward_unevenness"]
    assert infarct["inward_least"] < plain["inward_least"] - 0.1
    assert infarct["thickening_least"] < plain["thickening_least"] - 0.1


@pytest.mark.parametrize("missing", [RV, MYO, LV])
def test_what_is_missing_is_refused(heart: Draw, missing: int) -> None:
    ed, es = heart(**ED), heart(**ES)
    es[es == missing] = 0
    with pytest.raises(Refusal) as refused:
        features(ed, es)
    assert refused.value.code == "NO_FEATURES"


def test_a_measured_heart_has_a_diagnosis_or_a_reason(heart: Draw) -> None:
    label = np.stack([heart(**ED), heart(**ES)], axis=-1)
    cine = Cine(np.zeros(label.shape, np.uint8), np.diag([1.5, 1.5, 10, 1]))
    answer = measure(label, cine, image="a", diagnosis_model=committed())
    assert answer.diagnosis is not None
    assert set(answer.diagnosis.probabilities) == set(GROUPS)
    assert sum(answer.diagnosis.probabilities.values()) == pytest.approx(1)
    assert answer.diagnosis.probabilities[answer.diagnosis.label] == max(answer.diagnosis.probabilities.values())
    label[label == RV] = 0
    answer = measure(label, cine, image="a", diagnosis_model=committed())
    assert answer.diagnosis is None
    assert {"NO_DIAGNOSIS", "NO_RV"} <= {w.code for w in answer.warnings}


@given(values=st.lists(st.floats(-1e6, 1e6), min_size=21, max_size=21))
@settings(max_examples=50, deadline=None)
def test_probabilities_sum_to_one_whatever_comes(values: list[float]) -> None:
    model = committed()
    answer = model.apply(dict(zip(model.centre, values, strict=True)))
    assert sum(answer.probabilities.values()) == pytest.approx(1)


def test_the_fit_finds_what_is_there() -> None:
    """Two groups that differ in one feature, a third in another; noise besides."""
    random = np.random.default_rng(0)
    examples: list[tuple[dict[str, float], Group]] = []
    for group, a, b in (("NOR", 0.0, 0.0), ("DCM", 3.0, 0.0), ("HCM", 0.0, 3.0)):
        for _ in range(40):
            noise = random.normal(0, 0.5, 3)
            examples.append(({"a": a + noise[0], "b": b + noise[1], "noise": noise[2]}, group))
    model = fit_diagnosis(examples)
    assert all(model.apply(f).label == group for f, group in examples)
    assert abs(model.coefficients["DCM"]["noise"]) < 0.1 * model.coefficients["DCM"]["a"]
    assert model.apply({"a": 1.5, "b": 0, "noise": 0}).probabilities["DCM"] == pytest.approx(0.5, abs=0.15)
    # At the optimum the mean of what is expected is the mean of what was seen: equal groups, equal shares.
    shares = np.mean([[model.apply(f).probabilities[g] for g in ("NOR", "DCM", "HCM")] for f, _ in examples], axis=0)
    assert shares == pytest.approx([1 / 3] * 3, abs=1e-3)


def test_one_group_is_nothing_to_fit() -> None:
    with pytest.raises(Refusal, match="two groups"):
        fit_diagnosis([({"a": 1.0}, "NOR")])


def test_a_model_comes_back_from_its_file(heart: Draw, tmp_path: Path) -> None:
    hearts = [
        KnownHeart(f"{g}{i}", g, heart(inner_mm=r + i), heart(inner_mm=s + i), (1.5, 1.5, 10))
        for g, r, s in (("NOR", 24.0, 14.0), ("DCM", 32.0, 29.0))
        for i in range(3)
    ]  # fmt: skip
    model = fit_from_labels(hearts, what="drawn by formula", copies=2)
    model.save(tmp_path / "diagnosis.json")
    assert DiagnosisModel.load(tmp_path / "diagnosis.json") == model
    assert model.fitted_on["patients"] == 6
    assert all(model.apply(features(h.ed, h.es)).label == h.group for h in hearts)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"a": 1}', "no json", "\ufffd"])
def test_a_file_that_is_no_model_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "d.json").write_text(text)
    with pytest.raises(Refusal) as refused:
        DiagnosisModel.load(tmp_path / "d.json")
    assert refused.value.code == "BAD_DIAGNOSIS_MODEL"


def test_the_committed_model_knows_patients_it_has_not_seen(real_data: Path) -> None:
    split = json.loads((places.bundles() / "cine_heart/configs/split.json").read_text())
    with (real_data / "acdc/index.csv").open() as file:
        groups: dict[str, Group] = {row["patient"]: row["group"] for row in csv.DictReader(file)}  # type: ignore[misc]
    unseen = read_hearts(real_data / "acdc", {p: groups[p] for p in split["test"] + split["val"]})
    model = committed()
    right = [model.apply(features(h.ed, h.es, h.spacing_mm)).label == h.group for h in unseen]
    assert np.mean(right) >= 0.85
