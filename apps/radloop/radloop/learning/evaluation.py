"""Scores of the cine model on patients with reference labels, laid out as ACDC's development part.

``patientXXX/`` holds ``ed.nii.gz``, ``es.nii.gz`` and their ``*_gt.nii.gz``; optionally ``cine.nii.gz`` with
``cine_{ed,es}_gt.nii.gz``, and ``info.json`` (``group``, ``ed_frame``, ``es_frame`` from 1, ``full_matrix``). What of
these is missing is not scored. A picture that nothing says was cut from a larger one (``full_matrix``) is uncut.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np

from radloop.answers.heart import GROUPS
from radloop.heart import DiagnosisModel, measure
from radloop.images import Cine, LabelMap, read_cine, read_label
from radloop.learning.agreement import cyclic_distance, dice_of_structures, wilson
from radloop.learning.patients import part_of
from radloop.models import Bundle
from radloop.refusal import Refusal

PHASES = ("ed", "es")


@dataclass
class CaseScore:
    """One patient. Dice 0..1 by phase and structure; EF errors in points, prediction minus reference."""

    patient: str
    part: str
    uncut: bool
    dice: dict[str, dict[str, float]]
    cine_dice: dict[str, dict[str, float]] = field(default_factory=dict)
    lv_ef: float | None = None
    lv_ef_error: float | None = None
    rv_ef: float | None = None
    rv_ef_error: float | None = None
    ed_frame_error: int | None = None
    es_frame_error: int | None = None
    group: str | None = None
    diagnosis: str | None = None

    @property
    def mean_dice(self) -> float:
        return mean(value for phase in self.dice.values() for value in phase.values())


def counted(score: CaseScore, part: str | None) -> bool:
    """Whether a patient enters the means: with no part named, whoever the model was not trained on."""
    return score.part != "train" if part is None else part in ("all", score.part)


def evaluate_patient(
    folder: Path, bundle: Bundle, split: dict[str, list[str]], diagnosis_model: DiagnosisModel | None
) -> CaseScore:
    """Predict and score one patient: ED and ES as the two frames of one exam, and the cine whole.

    Raises ``Refusal`` for a file that cannot be used.
    """
    info = read_info(folder)
    cines = {p: read_cine(folder / f"{p}.nii.gz") for p in PHASES}
    truth = {p: _read_reference(folder / f"{p}_gt.nii.gz", cines[p]) for p in PHASES}
    drawn = draw_pair(cines, bundle)
    shape = cines["ed"].voxels.shape[:3]
    score = CaseScore(
        folder.name,
        part_of(folder.name, split),
        tuple(info.get("full_matrix") or shape) == shape,
        {p: dice_of_structures(drawn[p], truth[p]) for p in PHASES},
        group=info.get("group"),
    )
    if _on_one_grid(cines):
        _score_pair(cines["ed"], drawn, truth, diagnosis_model, score)
    if (folder / "cine.nii.gz").exists():
        _score_cine(folder, bundle, info, score)
    return score


def _score_pair(
    still: Cine,
    drawn: dict[str, LabelMap],
    truth: dict[str, LabelMap],
    diagnosis_model: DiagnosisModel | None,
    score: CaseScore,
) -> None:
    """EF of both ventricles and the diagnosis, from ED and ES."""
    predicted = _measure_pair(still, drawn, diagnosis_model)
    reference = _measure_pair(still, truth, None)
    for side in ("lv", "rv"):
        ours, theirs = getattr(predicted, f"{side}_ef"), getattr(reference, f"{side}_ef")
        setattr(score, f"{side}_ef", ours)
        if ours is not None and theirs is not None:
            setattr(score, f"{side}_ef_error", ours - theirs)
    score.diagnosis = predicted.diagnosis.label if predicted.diagnosis else None


def draw_pair(cines: dict[str, Cine], bundle: Bundle) -> dict[str, LabelMap]:
    """Labels (x, y, z, 1) of ED and ES: a model of beating hearts sees both, unless they lie on different grids."""
    if not _on_one_grid(cines):
        return {p: bundle.predict(cines[p]).label for p in PHASES}
    ed, es = (cines[p] for p in PHASES)
    both = Cine(np.concatenate([ed.voxels, es.voxels], axis=3), ed.affine, spacing_known=ed.spacing_known)
    label = bundle.predict(both).label
    return {p: label[..., i : i + 1] for i, p in enumerate(PHASES)}


def _on_one_grid(cines: dict[str, Cine]) -> bool:
    ed, es = (cines[p] for p in PHASES)
    return ed.voxels.shape == es.voxels.shape and np.allclose(ed.affine, es.affine)


def _read_reference(path: Path, cine: Cine) -> LabelMap:
    """The labels (x, y, z, 1) of one frame of ``cine``."""
    label = read_label(path)
    if label.shape != (*cine.voxels.shape[:3], 1):
        here, there = (" x ".join(str(n) for n in shape) for shape in (label.shape, cine.voxels.shape[:3]))
        raise Refusal("LABEL_GRID", f"{path.name}: is {here} voxels where its image is {there}.")
    return label


def read_info(folder: Path) -> dict[str, Any]:
    """What ``info.json`` says of a patient; empty where there is none. Raises ``Refusal`` where it is no object."""
    path = folder / "info.json"
    try:
        info = json.loads(path.read_text()) if path.exists() else {}
    except ValueError as error:
        raise Refusal("BAD_INFO", f"{path.name}: is not JSON ({error}).") from error
    if not isinstance(info, dict):
        raise Refusal("BAD_INFO", f"{path.name}: is not a JSON object.")
    return info


def _measure_pair(still: Cine, labels: dict[str, LabelMap], diagnosis_model: DiagnosisModel | None) -> Any:
    """Measurements of the ED and ES volume put together as a cine of two frames."""
    both = np.concatenate([labels[p] for p in PHASES], axis=3)
    pair = Cine(np.repeat(still.voxels, 2, axis=3), still.affine, spacing_known=still.spacing_known)
    return measure(both, pair, image="pair", diagnosis_model=diagnosis_model)


def _score_cine(folder: Path, bundle: Bundle, info: dict[str, Any], score: CaseScore) -> None:
    """Dice on the labelled frames inside the cine, and how far off its ED and ES frames are, where they are known."""
    cine = read_cine(folder / "cine.nii.gz")
    label = bundle.predict(cine).label
    measured = measure(label, cine, image=folder.name)
    for phase in PHASES:
        frame = info.get(f"{phase}_frame")
        if frame is None:
            continue
        if frame not in range(1, cine.n_frames + 1):
            raise Refusal(
                "BAD_INFO", f"info.json: {phase}_frame is {frame!r}; the cine has frames 1 to {cine.n_frames}."
            )
        drawn = folder / f"cine_{phase}_gt.nii.gz"
        if drawn.exists():
            reference = _read_reference(drawn, cine)
            score.cine_dice[phase] = dice_of_structures(label[..., frame - 1 : frame], reference)
        found = getattr(measured, f"{phase}_frame")
        if found is not None:
            setattr(score, f"{phase}_frame_error", cyclic_distance(found, frame, cine.n_frames))


def summarise(scores: list[CaseScore]) -> dict[str, Any]:
    """Means over patients, those with uncut pictures apart; what no patient has is null.

    The diagnosis is judged on patients of the five groups. Where one got none it is not right.
    """
    uncut = [s for s in scores if s.uncut]
    named = [s for s in scores if s.group in GROUPS] if any(s.diagnosis for s in scores) else []
    right = sum(s.group == s.diagnosis for s in named)
    low, high = wilson(right, len(named))
    return {
        "patients": len(scores),
        "mean_dice": _mean([s.mean_dice for s in scores]),
        "dice": _mean_dice([s.dice for s in scores]),
        "uncut": {
            "patients": len(uncut),
            "mean_dice": _mean([s.mean_dice for s in uncut]),
            "dice": _mean_dice([s.dice for s in uncut]),
        },
        "cine": {
            "patients": sum(bool(s.cine_dice) for s in scores),
            "mean_dice": _mean([v for s in scores for p in s.cine_dice.values() for v in p.values()]),
            "dice": _mean_dice([s.cine_dice for s in scores if s.cine_dice]),
            "ed_frame_error": _mean([s.ed_frame_error for s in scores]),
            "es_frame_error": _mean([s.es_frame_error for s in scores]),
        },
        "lv_ef_mean_absolute_error": _mean([s.lv_ef_error and abs(s.lv_ef_error) for s in scores]),
        "lv_ef_bias": _mean([s.lv_ef_error for s in scores]),
        "rv_ef_mean_absolute_error": _mean([s.rv_ef_error and abs(s.rv_ef_error) for s in scores]),
        "rv_ef_bias": _mean([s.rv_ef_error for s in scores]),
        "diagnosis": {
            "right": right,
            "of": len(named),
            "share": right / len(named) if named else None,
            "interval_95": [low, high] if named else None,
        },
    }


def _mean(values: list[Any]) -> float | None:
    known = [float(v) for v in values if v is not None]
    return round(mean(known), 4) if known else None


def _mean_dice(dices: list[dict[str, dict[str, float]]]) -> dict[str, dict[str, float | None]]:
    return {p: {name: _mean([d[p][name] for d in dices if p in d]) for name in ("lv", "myo", "rv")} for p in PHASES}
