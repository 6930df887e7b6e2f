"""Names in the store: of images, of label tags, of labels, and how a file's name becomes an image's id."""

import hashlib
import os
import re
import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import Any

from radloop.refusal import Refusal

IMAGE_SUFFIXES = (".nii.gz", ".nii", ".seq.nrrd", ".nrrd", ".png", ".jpg", ".jpeg")
LABEL_SUFFIXES = (".nii.gz", ".nii", ".seq.nrrd", ".seg.nrrd", ".nrrd", ".json")
CLASS = ".json"
"""The suffix of a label that names a class; all others are label maps."""

IMAGE_ID = r"^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$"
TAG = r"^[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}$"
STAMP = r"^[0-9]{8}T[0-9]{12}-[0-9a-f]{8}$"
_STAMP = "%Y%m%dT%H%M%S%f"
_STAMP_LENGTH = len("20261231T235959123456")


def is_image_id(text: str) -> bool:
    return re.fullmatch(IMAGE_ID, text) is not None


def checked_image_id(text: str) -> str:
    if not is_image_id(text):
        raise Refusal(
            "BAD_IMAGE_ID",
            f"{text[:80]!r} is no image id: up to 128 letters, digits and . _ - are, not starting with a dot.",
            http_status=400,
        )
    return text


def checked_tag(text: str) -> str:
    if re.fullmatch(TAG, text) is None:
        raise Refusal(
            "BAD_TAG",
            f"{text[:80]!r} is no label tag: up to 64 letters, digits and . _ - are, not starting with a dot.",
            http_status=400,
        )
    return text


def split_suffix(name: str, suffixes: tuple[str, ...]) -> tuple[str, str] | None:
    """The name before its suffix, and the suffix in small letters; None where it has none of those."""
    small = name.lower()
    for suffix in suffixes:
        if small.endswith(suffix) and len(name) > len(suffix):
            return name[: -len(suffix)], suffix
    return None


def checked_suffix(name: str, suffixes: tuple[str, ...]) -> str:
    split = split_suffix(Path(name).name, suffixes)
    if split is None:
        raise Refusal(
            "BAD_SUFFIX", f"{Path(name).name[:80]!r} does not end in one of {', '.join(suffixes)}.", http_status=415
        )
    return split[1]


def image_id_of(name: str) -> str:
    """The id of a file in the studies folder, from its path below it (``/`` between the parts) alone.

    A file directly in the folder has its plain name without suffix, as in MONAI Label; folders on the way
    are joined by two underscores. What no id may contain becomes a hyphen, and then eight digits of a
    checksum of the path keep two such names apart.

    >>> image_id_of("heart.nii.gz"), image_id_of("patient001/ed.nii.gz")
    ('heart', 'patient001__ed')
    """
    path = PurePosixPath(name)
    split = split_suffix(path.name, IMAGE_SUFFIXES)
    joined = "__".join((*path.parent.parts, split[0] if split else path.name))
    return joined if is_image_id(joined) else told_apart(joined, name)


def patient_of(image_id: str, info: dict[str, Any]) -> str:
    """Whose picture an image is: what its info says, else its folder, else it stands alone.

    >>> patient_of("patient001__ed", {}), patient_of("heart", {"patient": "p7"})
    ('patient001', 'p7')
    """
    said = info.get("patient")
    return said if isinstance(said, str) and said else image_id.partition("__")[0]


def told_apart(image_id: str, name: str) -> str:
    """An id for ``name`` whose usual id cannot be had, because it is taken or not allowed."""
    kept = re.sub(r"[^A-Za-z0-9._-]+", "-", image_id).lstrip(".-")[:110] or "image"
    return f"{kept}-{hashlib.sha256(os.fsencode(name)).hexdigest()[:8]}"


def stamp(after: str | None = None) -> str:
    """A new name for something that happens now; names sort by time, also when the clock was set back.

    ``after`` is the newest stamp given so far.
    """
    now = datetime.now(UTC)
    if after is not None:
        now = max(now, moment(after) + timedelta(microseconds=1))
    return f"{now.strftime(_STAMP)}-{secrets.token_hex(4)}"


def moment(stamped: str) -> datetime:
    return datetime.strptime(stamped[:_STAMP_LENGTH], _STAMP).replace(tzinfo=UTC)


def when(stamped: str) -> str:
    """The time of a stamp as ISO 8601 in UTC."""
    return moment(stamped).isoformat()
