"""From a folder of DICOM files to the short-axis cine in it, or to one sentence that says why there is none."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset

from radloop.dicom.files import Scan, scan
from radloop.dicom.find import DicomCine, candidates, choose
from radloop.dicom.pixels import read_pixels
from radloop.dicom.plane import MR, Plane, planes_of
from radloop.dicom.plane import text as said_in
from radloop.dicom.source import Source
from radloop.images import Cine, Remark, is_named_as_picture
from radloop.refusal import Refusal

_PIXEL_DATA = 0x7FE00010


def read_study(folder: Path) -> list[DicomCine]:
    """The short-axis cine of every study in a folder, in the order of the Study Instance UIDs; no pixels are read.

    A study without one is left out, with a remark; refuses, in one sentence that names an object, where
    no study has one that fits.
    """
    found = each_study(folder)
    cines = [cine for cine in found if isinstance(cine, DicomCine)]
    refusals = [refusal for refusal in found if isinstance(refusal, Refusal)]
    if not cines:
        raise refusals[0]
    remarks = tuple(Remark("SKIPPED_STUDY", refusal.sentence) for refusal in refusals)
    return [replace(cine, remarks=cine.remarks + remarks) for cine in cines]


def each_study(folder: Path) -> list[DicomCine | Refusal]:
    """As ``read_study``, with the refusal of a study that has no cine in its place; refuses where no MR is at all."""
    found = scan(folder)
    planes = [p for path, header in found.headers.items() for p in planes_of(header, _name(path, folder))]
    if not planes:
        raise _nothing(folder, found)
    studies: dict[str, list[Plane]] = {}
    for plane in _once(planes):
        studies.setdefault(plane.study_uid, []).append(plane)
    return [cine_among(of_study, found.others, found.damaged) for _, of_study in sorted(studies.items())]


def cine_among(planes: Sequence[Plane], others: Sequence[str], damaged: Sequence[str]) -> DicomCine | Refusal:
    """The short-axis cine of a study, or why there is none; ``others`` and ``damaged`` name files beside it.

    A cine tells which of them were skipped; a refusal names what is damaged, which may be what is missing.
    """
    try:
        cine = short_axis(planes)
    except Refusal as refusal:
        return Refusal(refusal.code, refusal.sentence + (f" Damaged: {_some(damaged)}." if damaged else ""))
    return replace(cine, remarks=(*cine.remarks, *_left_out(others, damaged)))


def _left_out(others: Sequence[str], damaged: Sequence[str]) -> Iterator[Remark]:
    # A picture in another format is a case of its own, and nothing that was skipped.
    others = [name for name in others if not is_named_as_picture(name)]
    for code, names, what in (("SKIPPED_FILES", others, "no DICOM"), ("DAMAGED_FILES", damaged, "damaged")):
        if names:
            how_many = "1 file that is" if len(names) == 1 else f"{len(names)} files that are"
            yield Remark(code, f"Skipped {how_many} {what}: {_some(names)}.")


def read_cine_dicom(folder: Path) -> tuple[Cine, Source]:
    """The one short-axis cine in a folder (or in a multi-frame file), with its pixels and where each comes from."""
    cines = read_study(folder)
    if len(cines) > 1:
        raise Refusal("SEVERAL_STUDIES", f"{folder} holds {len(cines)} studies with a cine: give the folder of one.")
    return load(cines[0], files_of(folder))


def files_of(folder: Path) -> Callable[[Plane], Path]:
    """Where the file of a plane is that was found in ``folder``."""
    return lambda plane: folder / plane.name if folder.is_dir() else folder


def load(cine: DicomCine, place: Callable[[Plane], Path | Dataset]) -> tuple[Cine, Source]:
    """Read the pixels of a cine; ``place`` gives the file of a plane, or the object itself."""
    source = Source(cine, _header(place(cine.grid[0][0])))
    voxels = read_pixels(cine.grid, place)
    return Cine(voxels, source.affine, source.times_ms, remarks=cine.remarks), source


def short_axis(planes: Sequence[Plane]) -> DicomCine:
    """The short-axis cine among the planes of one study; refuses where there is none that fits."""
    if not planes:
        raise Refusal("NOT_MR", "There is no MR image.")
    best = choose(candidates(planes))
    lost = [p for p in planes if p.position is None or p.orientation is None or p.spacing_mm is None]
    for plane in lost:
        if best is None or plane.series_uid in best.series:
            raise Refusal(
                "NO_GEOMETRY",
                f"{plane.name} does not say where it lies: position, orientation or pixel spacing is missing or wrong.",
            )
    if best is None:
        colour = next((p for p in planes if p.colour), None)
        if colour:
            raise Refusal("COLOUR", f"{colour.name} is not a plain grey picture (MONOCHROME2).")
        if len(planes) == 1:
            raise Refusal("NO_SHORT_AXIS", f"{planes[0].name} is a single picture, not a cine.")
        raise Refusal(
            "NO_SHORT_AXIS",
            f"{planes[0].name} and {len(planes) - 1} more MR images hold no short-axis cine: no three parallel "
            "planes were imaged at more than one time.",
        )
    return best.fitted()


def _once(planes: Sequence[Plane]) -> list[Plane]:
    """Without copies: one object may lie in a folder under two names."""
    seen: dict[tuple[str, str, str, int | None], Plane] = {}
    for plane in planes:
        seen.setdefault((plane.study_uid, plane.series_uid, plane.sop_instance_uid, plane.frame), plane)
    return list(seen.values())


def _nothing(folder: Path, found: Scan) -> Refusal:
    if found.headers:
        path, first = next((p, h) for p, h in found.headers.items() if said_in(h, "SOPClassUID") not in MR)
        kinds = Counter(said_in(h, "Modality") or "of no modality" for h in found.headers.values())
        said = ", ".join(f"{n} {kind}" for kind, n in kinds.most_common())
        what = said_in(first, "Modality") or "no MR"
        if len(found.headers) == 1:
            return Refusal("NOT_MR", f"{_name(path, folder)} is {what}: a short-axis cine is MR.")
        return Refusal("NOT_MR", f"{folder.name} holds no MR image ({said}; {_name(path, folder)} is {what}).")
    if found.damaged:
        return Refusal("DAMAGED", f"{found.damaged[0]} is damaged or cut short.")
    if not found.others:
        return Refusal("NO_DICOM", f"{folder} holds no file.")
    return Refusal("NO_DICOM", f"{folder} holds no DICOM file: {_some(found.others)}.")


def _name(path: Path, folder: Path) -> str:
    return str(path.relative_to(folder)) if folder.is_dir() else path.name


def _some(names: Sequence[str], most: int = 3) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def _header(place: Path | Dataset) -> Dataset:
    if isinstance(place, Path):
        return pydicom.dcmread(place, stop_before_pixels=True, force=True)
    return place[:_PIXEL_DATA]
