"""What follows from contours that a person drew or corrected: measuring without the network."""

import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from radloop.answers import Measurements
from radloop.heart import measure
from radloop.images import Cine
from radloop.models import Bundle
from radloop.tasks.analysis import diagnosis_model
from radloop.tasks.grid import grid


def measure_drawn(bundle: Bundle | None, arguments: Mapping[str, Any]) -> Measurements:
    """Measure labels that come as plain data: only the grid of the picture counts, so no picture is read.

    ``arguments``: ``image``, ``labels`` (zlib of uint8, C order), ``shape`` (x, y, z, t), what
    ``grid`` takes, ``model`` and ``model_version`` that the labels began as, ``ed_frame`` and ``es_frame``
    (from 1) where a person chose them. Without a bundle there is no diagnosis.
    """
    shape = tuple(arguments["shape"])
    labels = np.frombuffer(zlib.decompress(arguments["labels"]), np.uint8).reshape(shape)
    return measure(
        labels,
        Cine(voxels=np.broadcast_to(np.uint8(0), shape), **grid(arguments)),
        image=arguments["image"],
        model=arguments["model"] if arguments["model_version"] else None,
        model_version=arguments["model_version"],
        diagnosis_model=diagnosis_model(bundle) if bundle else None,
        ed_frame=arguments["ed_frame"],
        es_frame=arguments["es_frame"],
    )
