"""What people drew, as training takes it: only reviewed voxels, and some patients held out to judge by."""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from radloop.answers.jobs import LabelledCase
from radloop.answers.review import Review
from radloop.images import Cine, LabelMap, read_label_of
from radloop.learning.evaluation import read_info
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


def cases_of_folder(folder: Path) -> list[LabelledCase]:
    """The labelled pictures of a folder laid out like ACDC's development part: ED, ES, and frames of cines."""
    cases = []
    for patient in find_patients(folder):
        for phase in ("ed", "es"):
            files = patient / f"{phase}.nii.gz", patient / f"{phase}_gt.nii.gz"
            cases.append(_case(patient, *files, Review.model_validate({}), None))
        if (patient / "cine.nii.gz").exists():
            cases += _of_cine(patient)
    return cases


def _of_cine(patient: Path) -> Iterator[LabelledCase]:
    info = read_info(patient)
    for phase in ("ed", "es"):
        frame = info.get(f"{phase}_frame")
        label = patient / f"cine_{phase}_gt.nii.gz"
        if isinstance(frame, int) and label.exists():
            reviewed = Review.model_validate({"reviewed": {str(frame): "all"}})
            yield _case(patient, patient / "cine.nii.gz", label, reviewed, frame)


def _case(patient: Path, file: Path, label: Path, review: Review, frame: int | None) -> LabelledCase:
    name = label.name.removesuffix("_gt.nii.gz")
    return LabelledCase(
        image=f"{patient.name}__{name}",
        patient=patient.name,
        file=str(file),
        label=f"{patient.name}/{label.name}",
        label_file=str(label),
        label_frame=frame,
        review=review,
    )


def none_to_learn_from() -> Refusal:
    return Refusal("NO_LABELS", "There is no label with reviewed voxels to learn from yet.", http_status=409)
