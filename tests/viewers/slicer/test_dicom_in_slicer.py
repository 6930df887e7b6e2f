"""DICOM exams of the server in Slicer: contours where they belong, and in the table the EF that the command gives."""

import json
import os
import subprocess
import tarfile
import time
from pathlib import Path

import numpy as np
import pytest
from RadLoopLib.desk import Desk
from RadLoopLib.exam import LABELS
from real_server import CHECKOUT, PYTHON, RealServer, environment

from drawn import SliceView, plot_pixels

PICTURES = os.environ.get("RADLOOP_PICTURES")


@pytest.fixture(params=["made", "real"])
def exam(request, installed, tmp_path):
    """A folder of one DICOM study: made of the sample, or a scanner's."""
    folder = tmp_path / "studies"
    if request.param == "made":
        sample = CHECKOUT / "sample-data" / "normal.nii.gz"
        radloop(installed, "dicom", "make", sample, "-o", folder)
        return folder
    data = request.getfixturevalue("real_data")
    with tarfile.open(data / "dicom" / "sunnybrook" / "SCD0000301" / "dicom.tar.bz2") as packed:
        packed.extractall(folder, filter="data")
    return folder


def radloop(installed, *arguments):
    command = [PYTHON, "-m", "radloop", *map(str, arguments)]
    done = subprocess.run(command, env=environment(installed), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def wait(desk):
    end = time.monotonic() + 300
    while desk.busy:
        assert time.monotonic() < end, "it takes too long"
        time.sleep(0.01)
        desk.poll()


def test_the_table_says_what_the_command_says(request, exam, core, installed, tmp_path):
    said = json.loads(radloop(installed, "infer", "cine_heart", exam, "-o", tmp_path / "out", "--json"))
    server = RealServer(installed, exam, tmp_path)
    request.addfinalizer(server.stop)
    desk = Desk(core.scene, core.sequences)
    request.addfinalizer(desk.close)
    desk.connect(server.url)
    wait(desk)
    assert [(row.image, row.n_frames) for row in desk.cases] == [(said["image"], said["n_frames"])]
    desk.analyse_image(said["image"])
    wait(desk)
    shown = desk.shown
    assert shown is not None, desk.message
    table = shown.table
    rows = {table.GetCellText(n, 0): table.GetCellText(n, 1) for n in range(table.GetNumberOfRows())}
    assert float(rows["LV ejection fraction"]) == pytest.approx(said["lv_ef"], abs=0.01)
    assert float(rows["RV ejection fraction"]) == pytest.approx(said["rv_ef"], abs=0.01)

    # The middle of the LV at end diastole is bright blood on the screen, with red around it.
    ed, _ = shown.exam.key_frames()
    shown.go_to(ed)
    lv = np.argwhere(shown.frame(ed) == next(label.value for label in LABELS if label.name == "LV"))
    k = int(np.median(lv[:, 0]))
    _, j, i = lv[lv[:, 0] == k].mean(axis=0)
    view = SliceView(core)
    view.show(shown.volume, (np.array(shown.exam.ijk_to_ras) @ (i, j, k, 1))[:3])
    pixels = view.pixels()
    if PICTURES:
        from PIL import Image

        Image.fromarray(np.hstack([pixels, plot_pixels(shown.chart)])).save(
            Path(PICTURES) / f"dicom_{request.node.callspec.id}.png"
        )
    red = 255 * np.array(next(label.rgb for label in LABELS if label.name == "LV"))
    rows_of_red, columns_of_red = np.nonzero((np.abs(pixels.astype(float) - red) < 40).all(axis=2))
    assert len(rows_of_red) > 50
    assert pixels[int(rows_of_red.mean()), int(columns_of_red.mean())].min() > 60
