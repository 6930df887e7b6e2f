"""How long Slicer takes from a server's answer to a heart that can be scrubbed, and for one step of scrubbing.

    make slicer-setup && .venv-slicer/bin/python benchmarks/slicer_sequence.py

On Slicer's own core, without drawing. The server is a small one on loopback that has its answer ready, so that what
is measured is download, reading and building, not the model.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parents[1]
TESTS = HERE / "tests/viewers/slicer"
sys.path[:0] = [str(TESTS), str(HERE / "plugin/SlicerRadLoop/RadLoop")]

from core_scene import CoreScene, paint  # noqa: E402
from heart_phantom import SPACING_MM, heart, measurements  # noqa: E402
from RadLoopLib import client  # noqa: E402
from RadLoopLib.client import Server, Ticket  # noqa: E402
from RadLoopLib.exam import Cine, write_cine, write_label_map  # noqa: E402
from RadLoopLib.scene import ShownExam, add_cine  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=25)
    parser.add_argument("--slices", type=int, default=10)
    parser.add_argument("--size", type=int, nargs=2, default=(256, 216), metavar=("ROWS", "COLUMNS"))
    parser.add_argument("--repeats", type=int, default=5)
    asked = parser.parse_args()

    cine, labels = heart(asked.frames, asked.slices, tuple(asked.size), rv_gone_at=None)
    texture = np.random.default_rng(1).integers(0, 200, cine.voxels.shape, dtype=np.int16)  # compresses like a scan
    cine = Cine(cine.voxels + texture, cine.ijk_to_ras, cine.times_ms)
    seconds: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "heart.nii.gz").write_bytes(write_cine(cine))
        (Path(folder) / "heart.label.nii.gz").write_bytes(write_label_map(labels))
        (Path(folder) / "heart.json").write_text(json.dumps(measurements(labels, "heart", cine.times_ms)))
        program = [sys.executable, str(TESTS / "small_server.py"), folder]
        with subprocess.Popen(program, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            server = Server(process.stdout.readline().strip())
            for _ in range(asked.repeats):
                once(server, folder, seconds)
            process.kill()

    print(f"{asked.frames} frames x {asked.slices} slices x {asked.size[0]} x {asked.size[1]}, {SPACING_MM} mm")
    print(f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {asked.repeats} repeats\n")
    print(f"{'':44} {'median':>9} {'best':>9} {'worst':>9}")
    for name, values in seconds.items():
        figures = (statistics.median(values), min(values), max(values))
        print(f"{name:44} " + " ".join(f"{1000 * value:6.1f} ms" for value in figures))


def once(server: Server, folder: str, seconds: dict[str, list[float]]) -> None:
    def timed(name: str, work: Callable[[], Any]) -> Any:
        start = time.perf_counter()
        result = work()
        seconds.setdefault(name, []).append(time.perf_counter() - start)
        return result

    core = CoreScene(Path(folder) / "cache")
    cine = timed("cine: download and read", lambda: client.fetch_cine(server, "heart", Ticket()))
    browser = timed("cine: sequence", lambda: add_cine(core.scene, core.sequences, "heart", cine, None))
    start = time.perf_counter()
    answer = timed("answer: download and read", lambda: client.analyse_image(server, "heart", cine, Ticket()))
    shown = timed(
        "answer: sequence, table, plot",
        lambda: ShownExam.add(
            core.scene,
            core.sequences,
            browser,
            answer.labels,
            image="heart",
            server=server.url,
            measurements=answer.measurements,
        ),
    )
    seconds.setdefault("ANSWER TO SCRUBBABLE SEQUENCE", []).append(time.perf_counter() - start)
    n_frames = len(cine.voxels)
    for t in [*range(n_frames), 0]:
        timed("ONE SCRUB STEP", lambda t=t: shown.go_to(t))
    paint(core.editor(shown), "LV", (2, slice(10, 14), slice(10, 14)))
    timed("stroke to table and plot", shown.take_up_edits)
    timed("labels for submission", shown.labels)


if __name__ == "__main__":
    main()
