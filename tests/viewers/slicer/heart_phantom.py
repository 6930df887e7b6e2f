"""A beating heart made of cylinders, on an oblique grid, with a mark that shows each axis's direction."""

import numpy as np
from RadLoopLib.exam import Cine, LabelMap, figures_of
from RadLoopLib.exam.volumes import voxel_counts

SPACING_MM = (1.5, 1.5, 8.0)


def oblique(left_handed=False):
    """Voxel to RAS millimetres of a tilted short-axis stack, (4, 4), exact in single precision."""
    tilt, turn = 0.5, 0.3
    around_x = np.array([[1, 0, 0], [0, np.cos(tilt), -np.sin(tilt)], [0, np.sin(tilt), np.cos(tilt)]])
    around_z = np.array([[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1]])
    affine = np.eye(4)
    affine[:3, :3] = around_z @ around_x @ np.diag([-1.5, -1.5, -8.0 if left_handed else 8.0])
    affine[:3, 3] = (70.0, 55.0, -30.0)
    return affine.astype(np.float32).astype(np.float64)


def heart(n_frames=10, n_slices=6, size=(56, 64), *, affine=None, rv_gone_at=3, empty_at=None):
    """Cine (t, k, j, i) int16 and its labels. End systole is at half of the beat."""
    rows, columns = size
    y, x = np.mgrid[:rows, :columns]
    labels = np.zeros((n_frames, n_slices, rows, columns), np.uint8)
    for t in range(n_frames):
        radius = 9 + 3 * np.cos(2 * np.pi * t / n_frames)
        for k in range(1, n_slices - 1):
            r = radius - 0.4 * k
            plane = labels[t, k]
            if t != rv_gone_at:
                plane[np.hypot(y - 24, x - 48) < 5 + 0.3 * r] = 1
            plane[np.hypot(y - 28, x - 28) < r + 4] = 2
            plane[np.hypot(y - 28, x - 28) < r] = 3
    if empty_at is not None:
        labels[empty_at] = 0
    noise = np.random.default_rng(0).integers(0, 40, labels.shape)
    voxels = (np.array([60, 480, 180, 520])[labels] + noise).astype(np.int16)
    voxels[:, :, 2:6, 2:12] = 700  # a corner that tells left from right and top from bottom
    affine = oblique() if affine is None else affine
    times_ms = tuple(33.25 * t for t in range(n_frames))
    return Cine(voxels, affine, times_ms), LabelMap(labels, affine)


def measurements(labels, image="heart_01", times_ms=None, version="3"):
    """What a server says of these labels."""
    figures = figures_of([voxel_counts(frame) for frame in labels.voxels], SPACING_MM)
    return {
        "image": image,
        "model": "cine_heart",
        "model_version": version,
        "n_frames": len(labels.voxels),
        "spacing_mm": list(SPACING_MM),
        "times_ms": list(times_ms) if times_ms else None,
        **figures,
        "diagnosis": None,
        "warnings": [{"code": "BASAL_SLICE", "text": "The most basal slice may lie in the atrium."}],
        "research_use_only": True,
    }
