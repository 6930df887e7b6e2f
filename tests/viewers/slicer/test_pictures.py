"""What a person sees, off screen. With RADLOOP_PICTURES=FOLDER the pictures are kept there, to be looked at."""

import os
from pathlib import Path

import numpy as np
import pytest
from RadLoopLib.exam import LABELS, Cine
from RadLoopLib.film import Film, answer_of
from RadLoopLib.scene import ShownExam, ShownFilm, add_cine, add_film, slice_shown

from core_scene import paint
from drawn import SliceView, plot_pixels
from film_phantom import film, heat_of
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


@pytest.mark.parametrize("opacity", [0.0, 0.5, 1.0])
def test_what_counted_is_drawn_over_the_film_where_it_is(core, opacity):
    pixels = film(70)
    volume = add_film(core.scene, "film", Cine(pixels[None, None], np.diag([-1.0, -1, 1, 1]), None))
    shown = ShownFilm.begin(volume, Film(None, ""))
    said = {"abstained": False, "prediction": {"dark": 1.0, "bright": 0.0}, "label": "dark", "heat_map": True}
    shown.take_answer(answer_of(said), Cine(heat_of(pixels)[None, None], np.eye(4), None))
    view = SliceView(core)
    view.node.SetOrientationToAxial()  # as the application's red view starts
    view.show(volume, (-25, -30, 0))
    shown.lay_out(opacity)
    seen = view.pixels().astype(int)
    keep(f"film_{opacity}.png", seen.astype(np.uint8))
    red_over_blue = seen[..., 0] - seen[..., 2]
    if opacity == 0:
        assert red_over_blue.max() == 0
        return
    mark = red_over_blue > 0.9 * red_over_blue.max()
    assert red_over_blue.max() == pytest.approx(255 * opacity, abs=12)
    # 60 rows fill the 260 of the view: the mark is in rows 4 to 8, columns 6 to 15 of 50, from the upper left.
    scale, left = 260 / 60, (300 - 50 * 260 / 60) / 2
    assert np.median(np.nonzero(mark)[0]) == pytest.approx(6.5 * scale, abs=2 * scale)
    assert np.median(np.nonzero(mark)[1]) == pytest.approx(left + 11 * scale, abs=2 * scale)
