"""What a person sees, off screen. With RADLOOP_PICTURES=FOLDER the pictures are kept there, to be looked at."""

import os
from pathlib import Path

import numpy as np
import pytest
from RadLoopLib.exam import LABELS
from RadLoopLib.scene import ShownExam, add_cine, slice_shown

from core_scene import paint
from drawn import SliceView, plot_pixels
from heart_phantom import heart, measurements, oblique

PICTURES = os.environ.get("RADLOOP_PICTURES")


def keep(name, pixels):
    if PICTURES:
        from PIL import Image

        Path(PICTURES).mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(Path(PICTURES) / name)


@pytest.fixture(params=[False, True], ids=["right-handed", "left-handed"])
def shown(core, request):
    cine, labels = heart(10, rv_gone_at=None, affine=oblique(request.param))
    browser = add_cine(core.scene, core.sequences, "heart_01", cine, None)
    return ShownExam.add(
        core.scene,
        core.sequences,
        browser,
        labels,
        image="heart_01",
        server="",
        measurements=measurements(labels, times_ms=cine.times_ms),
    )


def outline(pixels, name):
    """Where the outline of a structure is drawn: rows, columns."""
    rgb = 255 * np.array(next(label.rgb for label in LABELS if label.name == name))
    return np.nonzero((np.abs(pixels.astype(float) - rgb) < 40).all(axis=2))


def test_contours_lie_on_the_heart_and_follow_the_frame(core, shown):
    view = SliceView(core)
    place = (np.array(shown.exam.ijk_to_ras) @ (28, 28, 2, 1))[:3]
    view.show(shown.volume, place)
    assert slice_shown(view.node, shown.exam.ijk_to_ras, 6) == 2
    pictures, widths = [], []
    for t in (0, 5):
        shown.go_to(t)
        pixels = view.pixels()
        pictures.append(pixels)
        rows, columns = outline(pixels, "LV")
        widths.append(np.ptp(columns))
        middle = pixels[int(rows.mean()), int(columns.mean())].astype(int)
        assert middle.min() > 100  # blood is bright: the ring is drawn around it
        assert len(outline(pixels, "RV")[0]) > 50
        assert len(outline(pixels, "MYO")[0]) > 50
    # Radius 12 - 0.8 voxels at ED, 6 - 0.8 at ES.
    assert widths[0] / widths[1] == pytest.approx(11.2 / 5.2, rel=0.15)

    keep("slices.png", np.hstack([*pictures, plot_pixels(shown.chart)]))
    paint(core.editor(shown), "LV", (2, slice(5, 15), slice(40, 60)))
    pictures.append(view.pixels())
    assert np.ptp(outline(pictures[-1], "LV")[1]) > 1.5 * widths[1]  # a stroke is seen at once
    shown.go_to(4)
    shown.go_to(5)
    assert (view.pixels() == pictures[-1]).all()  # and still after a frame change
    keep("slices_edited.png", np.hstack(pictures))


def test_the_plot_shows_both_ventricles_and_the_marks(shown):
    pixels = plot_pixels(shown.chart)
    keep("plot.png", pixels)
    lv, rv = outline(pixels, "LV"), outline(pixels, "RV")
    assert len(lv[0]) > 200
    assert len(rv[0]) > 200
    assert np.ptp(lv[0]) > np.ptp(rv[0])  # the LV's stroke volume is the larger
    black = (pixels.max(axis=2) < 60)[:, lv[1].min() :]
    assert black[lv[0].min() - 10 : lv[0].max() + 10].sum() > 100  # ED and ES
