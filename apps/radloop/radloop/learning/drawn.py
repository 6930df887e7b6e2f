"""What people drew, as training takes it: only reviewed voxels, and some patients held out to judge by."""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from radloop.answers.jobs import LabelledCase
from radloop.images import Cine, LabelMap, read_cine, read_label_of, write_cine, write_label
from radloop.learning.evaluation import PHASES, read_info
from radloop.learning.patients import find_patients, part_of
from radloop.refusal import Refusal

UNLABELLED = 255
"""In training labels: nobody looked here. The bundle's objective passes over these voxels."""

HELD_OUT = 0.2


def reviewed_label(case: LabelledCase, cine: Cine) -> LabelMap | None:
    """The labels (x, y, z, t) of ``cine`` that a person vouches for, ``UNLABELLED`` elsewhere; None where that is all.

    Raises ``Refusal`` for a file that holds no labels of this cine.
    """
    given = read_label_of(Path(case.label_file), cine)
    first = 1
    if given.shape[3] != cine.n_frames:  # one frame of many
        if case.label_frame is None:
            return None
        first = case.label_frame
    label: LabelMap = np.full(cine.voxels.shape, UNLABELLED, np.uint8)
    for t in range(given.shape[3]):
        for z in range(given.shape[2]):
            if case.review.covers(first + t, z + 1):
                label[:, :, z, first - 1 + t] = given[:, :, z, t]
    return label if (label != UNLABELLED).any() else None


def split_patients(patients: Iterable[str], split: dict[str, list[str]] | None = None) -> tuple[set[str], set[str]]:
    """Patients to train on, and patients held out.

    The patient's name decides alone, so that whoever is held out once is held out from every later version too.
    Patients of the model's own split keep their part, and those of its test part are in neither. Of very few
    patients one is held out; a single one is trained on.
    """
    named = sorted(set(patients), key=_rank)
    known = {patient: part_of(patient, split or {}) for patient in named}
    held = {p for p in named if known[p] == "val" or (known[p] == "unseen" and _rank(p) < HELD_OUT)}
    train = {p for p in named if known[p] in ("train", "unseen")} - held
    unseen = [p for p in named if known[p] == "unseen"]
    if not train and unseen:
        train = {unseen[-1]}
        held -= train
    if not held and len(train) > 1 and unseen:
        held = {unseen[0]}
        train -= held
    return train, held


def _rank(patient: str) -> float:
    """A number from 0 to 1 that is the patient's for good."""
    return int.from_bytes(hashlib.sha256(patient.encode()).digest()[:6], "big") / 2**48


def cases_of_folder(folder: Path, scratch: Path) -> list[LabelledCase]:
    """The labelled pictures of a folder laid out like ACDC's development part, brought into ``scratch``.

    ED and ES of a patient become a cine of two frames, and both labelled frames of a cine one label. Raises
    ``Refusal`` for a file that cannot be used.
    """
    cases = []
    for patient in find_patients(folder):
        stills = [read_cine(patient / f"{phase}.nii.gz") for phase in PHASES]
        drawn = [
            read_label_of(patient / f"{phase}_gt.nii.gz", still) for phase, still in zip(PHASES, stills, strict=True)
        ]
        if stills[0].voxels.shape != stills[1].voxels.shape:
            raise Refusal("LABEL_GRID", f"{patient}: ed.nii.gz and es.nii.gz differ in shape.")
        both = np.concatenate([still.voxels for still in stills], axis=3)
        pair = Cine(both, stills[0].affine, spacing_known=stills[0].spacing_known)
        file = scratch / f"{patient.name}.nii"
        write_cine(file, pair)
        cases.append(_case(patient, "pair", file, pair, np.concatenate(drawn, axis=3), {}, scratch))
        info = read_info(patient)
        if (patient / "cine.nii.gz").exists() and all(f"{phase}_frame" in info for phase in PHASES):
            cases.append(_of_cine(patient, info, scratch))
    return cases


def _of_cine(patient: Path, info: dict[str, Any], scratch: Path) -> LabelledCase:
    file = patient / "cine.nii.gz"
    cine = read_cine(file)
    label: LabelMap = np.zeros(cine.voxels.shape, np.uint8)
    frames = [int(info[f"{phase}_frame"]) for phase in PHASES]
    for phase, frame in zip(PHASES, frames, strict=True):
        label[..., frame - 1] = read_label_of(patient / f"cine_{phase}_gt.nii.gz", cine)[..., 0]
    return _case(patient, "cine", file, cine, label, {"reviewed": {str(frame): "all" for frame in frames}}, scratch)


def _case(
    patient: Path, what: str, file: Path, cine: Cine, label: LabelMap, info: dict[str, Any], scratch: Path
) -> LabelledCase:
    label_file = scratch / f"{patient.name}-{what}-label.nii"
    write_label(label_file, label, cine)
    name = f"{patient.name}__{what}"
    return LabelledCase.of(name, patient.name, str(file), name, str(label_file), info)


def none_to_learn_from() -> Refusal:
    return Refusal("NO_LABELS", "There is no label with reviewed voxels to learn from yet.", http_status=409)
