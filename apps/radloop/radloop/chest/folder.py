"""The films in a folder."""

from pathlib import Path

from radloop.dicom.files import looks_like_dicom
from radloop.refusal import Refusal

HEAT_MAPS = (".heatmap.nii.gz", ".heatmap.png")
SUFFIXES = (".dcm", ".png", ".jpg", ".jpeg", ".nii.gz", ".nii")


def find_films(folder: Path) -> list[Path]:
    """Every file in a folder and below, sorted, that is a film by its suffix, or DICOM without one.

    No hidden files, nor heat maps of an earlier run, which may lie among the films.

    Raises Refusal("NO_IMAGES") where there is none.
    """
    found = sorted(
        path
        for path in folder.rglob("*")
        if not any(part.startswith(".") for part in path.relative_to(folder).parts)
        and (path.name.lower().endswith(SUFFIXES) or not path.suffix or _is_numbered(path))
        and path.is_file()
        and (path.name.lower().endswith(SUFFIXES) or looks_like_dicom(path))
        and path.name != "DICOMDIR"
        and not path.name.lower().endswith(HEAT_MAPS)
    )
    if not found:
        raise Refusal("NO_IMAGES", f"{folder}: holds no images ({', '.join(SUFFIXES)}, or DICOM without suffix).")
    return found


def _is_numbered(path: Path) -> bool:
    """Whether what looks like a suffix is part of a UID, as in 1.2.840.113619.2 (archives name files so)."""
    return path.suffix[1:].isdecimal()
