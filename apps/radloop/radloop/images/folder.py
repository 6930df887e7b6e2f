"""The images in a folder, and what a case is called."""

from pathlib import Path

from radloop.refusal import Refusal

# Longest first, so that a name loses all of its suffix.
_SUFFIXES = (".seq.nrrd", ".nii.gz", ".nrrd", ".nii")


def case_name(path: Path) -> str:
    """A file's name without the suffix of its format: ``ed.nii.gz`` is ``ed``."""
    return path.name[: len(path.name) - len(_suffix(path))]


def is_named_as_picture(name: str) -> bool:
    """Whether a file is NIfTI or NRRD by its name."""
    return bool(_suffix(Path(name)))


def find_images(folder: Path) -> list[Path]:
    """Every NIfTI and NRRD file in a folder and below, sorted, but hidden ones and labels (``*_gt``).

    Raises Refusal("NO_IMAGES") where there is none, NO_SUCH_FILE where there is no such folder.
    """
    if not folder.is_dir():
        raise Refusal("NO_SUCH_FILE", f"{folder}: there is no such folder.", http_status=404)
    found = sorted(
        path
        for path in folder.rglob("*")
        if _suffix(path)
        and not case_name(path).endswith("_gt")
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
        and path.is_file()
    )
    if not found:
        raise Refusal("NO_IMAGES", f"{folder}: holds no images ({', '.join(sorted(_SUFFIXES))}).")
    return found


def _suffix(path: Path) -> str:
    name = path.name.lower()
    return next((suffix for suffix in _SUFFIXES if name.endswith(suffix)), "")
