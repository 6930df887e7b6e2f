"""What ``radloop infer`` is given: image files and DICOM studies, each a case."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from os.path import commonpath
from pathlib import Path
from typing import TYPE_CHECKING

from radloop.refusal import Refusal

if TYPE_CHECKING:
    from radloop.dicom import DicomCine, Source
    from radloop.images import Cine


@dataclass(frozen=True)
class Case:
    """An exam to analyse: the id its answer carries, where it lies, the subfolder for its results in a batch.

    ``read`` gives the cine, and for DICOM the source that SEG and SR are written against; it raises Refusal.
    """

    name: str
    place: Path
    subfolder: Path
    read: Callable[[], tuple["Cine", "Source | None"]]
    is_dicom: bool = False


def single_case(path: Path) -> Case:
    """The case of one file."""
    from radloop.dicom.files import looks_like_dicom
    from radloop.images import case_name, read_cine

    if looks_like_dicom(path):
        from radloop.dicom import read_study

        return _dicom_case(read_study(path)[0], path)
    return Case(case_name(path), path, Path(case_name(path)), lambda: (read_cine(path), None))


def cases_in(folder: Path) -> tuple[list[Case], list[Refusal]]:
    """Every image file of a folder and every DICOM study, and what is wrong with studies that are no case.

    Labels that an earlier run wrote are none. Raises Refusal where there is neither.
    """
    from radloop.dicom import each_study
    from radloop.images import case_name, find_images, read_cine

    cases: list[Case] = []
    refused: list[Refusal] = []
    nothing: Refusal | None = None
    try:
        for path in find_images(folder):
            if _is_result(path):
                continue
            name = case_name(path)
            subfolder = path.relative_to(folder).parent / name
            cases.append(Case(name, path, subfolder, lambda path=path: (read_cine(path), None)))  # type: ignore[misc]
    except Refusal as refusal:
        nothing = refusal
    try:
        for found in each_study(folder):
            if isinstance(found, Refusal):
                refused.append(found)
            else:
                cases.append(_dicom_case(found, folder))
    except Refusal as refusal:
        if nothing and refusal.code == "NO_DICOM":
            raise nothing from refusal
        if nothing:
            raise
    if not cases:
        raise refused[0] if refused else Refusal("NO_IMAGES", f"{folder}: holds results of an earlier run, no images.")
    return _apart(cases), refused


def _is_result(path: Path) -> bool:
    """Whether ``infer`` wrote this file: results may lie below the folder that is analysed again."""
    return path.name == "label.nii.gz" and (path.parent / "measurements.json").exists()


def _apart(cases: Sequence[Case]) -> list[Case]:
    """The cases, each with a subfolder of its own: a.nii.gz and a.nrrd would both go into a."""
    wanted = Counter(case.subfolder for case in cases)
    return [
        case
        if wanted[case.subfolder] == 1
        else replace(case, subfolder=case.subfolder / case.name)
        if case.is_dicom
        else replace(case, subfolder=case.subfolder.with_name(case.place.name))
        for case in cases
    ]


def _dicom_case(found: "DicomCine", place: Path) -> Case:
    from radloop.dicom.study import files_of, load

    planes = [plane for row in found.grid for plane in row]
    folder = Path(commonpath([str(Path(plane.name).parent) for plane in planes]))
    subfolder = folder if folder.parts else Path(found.id)
    return Case(found.id, place / folder, subfolder, lambda: load(found, files_of(place)), is_dicom=True)
