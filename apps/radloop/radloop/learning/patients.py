"""Labelled patients on disk, and which of them a model was trained on."""

from pathlib import Path

from radloop.refusal import Refusal


def find_patients(folder: Path) -> list[Path]:
    """The subfolders with both labelled volumes. Raises Refusal where there is none."""
    found = sorted(p.parent for p in folder.glob("*/ed_gt.nii.gz") if (p.parent / "es_gt.nii.gz").exists())
    if not found:
        raise Refusal("NO_PATIENTS", f"{folder}: no subfolder with ed.nii.gz, ed_gt.nii.gz, es.nii.gz and es_gt.nii.gz")
    return found


def part_of(patient: str, split: dict[str, list[str]]) -> str:
    """The part of the model's own split that a patient belongs to; "unseen" for whoever is in none."""
    return next((part for part, patients in split.items() if patient in patients), "unseen")


def patients_of(folder: Path, split: dict[str, list[str]], part: str | None) -> list[Path]:
    """The patients of ``find_patients`` that belong to a part; all of them for None or "all"."""
    return [p for p in find_patients(folder) if part in (None, "all") or part_of(p.name, split) == part]
