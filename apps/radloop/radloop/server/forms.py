"""What comes in forms: JSON in text fields, and files."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

from fastapi import UploadFile

from radloop.refusal import Refusal

JSON_LIMIT = 256 * 1024
"""Characters of a JSON field; what is larger is no parameter."""


def json_object(text: str, field: str) -> dict[str, Any]:
    """Raises ``Refusal``: not JSON, not an object, too large, or with NaN in it (which no other reader takes)."""
    if len(text) > JSON_LIMIT:
        raise Refusal("TOO_LARGE", f"{field} is longer than {JSON_LIMIT >> 10} KB.", http_status=413)
    try:
        value = json.loads(text or "{}", parse_constant=_no_constant)
    except (ValueError, RecursionError) as fault:
        raise Refusal("BAD_JSON", f"{field} is not JSON: {fault}"[:300], http_status=400) from None
    if not isinstance(value, dict):
        raise Refusal("BAD_JSON", f"{field} must be a JSON object.", http_status=400)
    return value


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON value")


def plain_name(upload: UploadFile) -> str:
    """The last part of the client's file name (which may be a whole path of either kind) in plain characters."""
    last = (upload.filename or "").replace("\\", "/").rpartition("/")[2]
    return re.sub(r"[^A-Za-z0-9._-]+", "_", last)[-100:].lstrip(".") or "upload"


def keep(upload: UploadFile, folder: Path, name: str) -> Path:
    """Copy an upload to ``folder / name`` and return that; called in a thread, for it blocks."""
    target = folder / name
    with target.open("xb") as file:
        shutil.copyfileobj(upload.file, file, 1 << 20)
    return target
