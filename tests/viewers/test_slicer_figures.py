"""What Slicer's panel counts on a corrected label is what the server would say of it."""

import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from radloop.heart import measure
from radloop.images import Cine

sys.path.append(str(Path(__file__).parents[2] / "plugin/SlicerRadLoop/RadLoop"))

from RadLoopLib.exam.volumes import figures_of, voxel_counts


@settings(max_examples=60, deadline=None)
@given(
    n_frames=st.integers(1, 5),
    most=st.lists(st.integers(0, 3), min_size=1, max_size=4),
    spacing_mm=st.sampled_from([(1.5, 1.5, 8.0), (1.25, 1.4, 10.0)]),
    spacing_known=st.booleans(),
    seed=st.integers(0, 1000),
)
def test_panel_and_server_agree(n_frames, most, spacing_mm, spacing_known, seed):
    labels = np.random.default_rng(seed).choice(most, (n_frames, 2, 4, 5)).astype(np.uint8)  # (t, k, j, i)
    cine = Cine(
        voxels=np.zeros(labels.shape[::-1], np.int16),
        affine=np.diag([*spacing_mm, 1.0]),
        times_ms=None,
        spacing_known=spacing_known,
    )
    said = measure(labels.transpose(3, 2, 1, 0), cine, image="any").model_dump()
    counted = figures_of([voxel_counts(frame) for frame in labels], spacing_mm if spacing_known else None)
    for key, value in counted.items():
        if key == "curves" and value:
            for structure, curve in value.items():
                assert curve == pytest.approx(said["curves"][structure])
        else:
            assert value == (None if said[key] is None else pytest.approx(said[key])), key
