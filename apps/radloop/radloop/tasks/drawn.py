"""What follows from contours that a person drew or corrected: measuring without the network."""

import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from radloop.answers import Measurements
from radloop.heart import measure
from radloop.images import Cine, Remark
from radloop.models import Bundle
from radloop.tasks.analysis import diagnosis_model


def measure_drawn(bundle: Bundle | None, arguments: Mapping[str, Any]) -> Measurements:
    """Measure labels that come as plain data: only the grid of the picture counts, so no picture is read.

    ``arguments``: ``image``, ``labels`` (zlib of uint8, C order), ``shape`` (x, y, z, t), ``affine`` (4 rows),
    ``times_ms`` or None, ``spacing_known``, ``remarks`` (code, text) made while the picture was read, ``model``
    and ``model_version`` that the labels began as, ``ed_frame`` and ``es_frame`` (from 1) where a person chose
    them. Without a bundle there is no diagnosis.
    """
    shape = tuple(arguments["shape"])
    labels = np.frombuffer(zlib.decompress(arguments["labels"]), np.uint8).reshape(shape)
    times = arguments["times_ms"]
    cine = Cine(
        voxels=np.broadcast_to(np.uint8(0), shape),
        affine=np.asarray(arguments["affine"], np.float64),
        times_ms=None if times is None else np.asarray(times, np.float64),
        spacing_known=arguments["spacing_known"],
        remarks=tuple(Remark(*remark) for remark in arguments["remarks"]),
    )
    return measure(
        labels,
        cine,
        image=arguments["image"],
        model=arguments["model"] if arguments["model_version"] else None,
        model_version=arguments["model_version"],
        diagnosis_model=diagnosis_model(bundle) if bundle else None,
        ed_frame=arguments["ed_frame"],
        es_frame=arguments["es_frame"],
    )
