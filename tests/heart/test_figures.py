"""The pictures that people open."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from radloop.answers import Measurements
from radloop.heart import measure
from radloop.heart.figures import _colours, draw_overview, draw_volumes
from radloop.images import Cine, LabelMap

Draw = Callable[..., LabelMap]


def beating(heart: Draw, spacing_known: bool = True, times: bool = True) -> tuple[Cine, LabelMap, Measurements]:
    label = np.stack([heart(inner_mm=r, extent_mm=200) for r in (25.0, 20.0, 16.0, 21.0)], axis=-1)
    cine = Cine(
        voxels=(40 + 60 * (label == 3) + 50 * (label == 1)).astype(np.int16),
        affine=np.diag([1.5, 1.5, 10, 1]),
        times_ms=50.0 * np.arange(4) if times else None,
        spacing_known=spacing_known,
    )
    return cine, label, measure(label, cine, image="beating.nii.gz")


def pixels_of(path: Path, name: str) -> int:
    """How many pixels have the colour of a structure."""
    wanted = np.array([int(_colours()[name][i : i + 2], 16) for i in (1, 3, 5)])
    with Image.open(path) as image:
        assert image.format == "PNG"
        assert 900 < image.width < 3000
        assert 400 < image.height < 2000
        off = np.abs(np.asarray(image.convert("RGB")).astype(int) - wanted).max(axis=-1)
    return int((off < 12).sum())


def test_overview_has_a_contour_of_each_structure(heart: Draw, tmp_path: Path) -> None:
    cine, label, measured = beating(heart)
    draw_overview(tmp_path / "o.png", cine, label, measured)
    with_heart = {name: pixels_of(tmp_path / "o.png", name) for name in ("RV", "MYO", "LV")}
    draw_overview(tmp_path / "o.png", cine, np.zeros_like(label), measured)
    legend = {name: pixels_of(tmp_path / "o.png", name) for name in ("RV", "MYO", "LV")}
    assert all(with_heart[name] > legend[name] + 1000 for name in legend)
    assert all(legend[name] > 50 for name in legend)
    assert [p.name for p in tmp_path.iterdir()] == ["o.png"]


@pytest.mark.parametrize(("spacing_known", "times"), [(True, True), (True, False), (False, True)])
def test_volumes_are_drawn_where_they_are_known(heart: Draw, tmp_path: Path, spacing_known: bool, times: bool) -> None:
    *_, measured = beating(heart, spacing_known, times)
    draw_volumes(tmp_path / "v.png", measured)
    assert (pixels_of(tmp_path / "v.png", "LV") > 500) == spacing_known
    assert (pixels_of(tmp_path / "v.png", "RV") > 500) == spacing_known


def test_one_frame_and_no_heart_are_drawn_too(heart: Draw, tmp_path: Path) -> None:
    cine, label, _ = beating(heart)
    one = Cine(cine.voxels[..., :1], cine.affine, still=True)
    answer = measure(label[..., :1], one, image="one")
    draw_overview(tmp_path / "one.png", one, label[..., :1], answer)
    draw_volumes(tmp_path / "one_volumes.png", answer)
    assert pixels_of(tmp_path / "one.png", "LV") > 500
    nothing = np.zeros_like(label)
    answer = measure(nothing, cine, image="none")
    draw_overview(tmp_path / "none.png", cine, nothing, answer)
    draw_volumes(tmp_path / "none_volumes.png", answer)
    assert pixels_of(tmp_path / "none_volumes.png", "LV") == 0


def test_a_single_slice_leaves_room_for_heading_and_notice(heart: Draw, tmp_path: Path) -> None:
    cine, label, measured = beating(heart)
    middle = slice(label.shape[2] // 2, label.shape[2] // 2 + 1)
    one = Cine(cine.voxels[:, :, middle], cine.affine, cine.times_ms)
    draw_overview(tmp_path / "o.png", one, label[:, :, middle], measured)
    with Image.open(tmp_path / "o.png") as image:
        below = np.asarray(image.convert("L"))[-45:]
        assert (below[:, -20:] == 255).all()  # the notice ends before the edge
        assert (below < 200).any()
