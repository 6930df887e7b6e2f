"""What is known of a picture's place in space and time, as it comes in plain data."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from radloop.images import Remark


def grid(said: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a ``Cine`` beside its voxels.

    ``said``: ``affine`` (4 rows), ``times_ms`` or None, ``spacing_known``, ``remarks`` (code, text) made while the
    picture was read. DICOM objects know their times and places exactly; a NIfTI header rounds them.
    """
    times = said["times_ms"]
    return {
        "affine": np.asarray(said["affine"], np.float64),
        "times_ms": None if times is None else np.asarray(times, np.float64),
        "spacing_known": said["spacing_known"],
        "remarks": tuple(Remark(*remark) for remark in said["remarks"]),
    }
