"""How long does a whole cine take? Ten slices, thirty frames, 256 x 216 pixels, from file to measurements.

    python benchmarks/whole_cine.py [--runs 3]

Starts a server of its own on loopback, asks for the same cine several times through MONAI Label's stock client and
prints the seconds of each request (the first one may still wait for the model), and the time per frame and slice.
"""

import argparse
import os
import tempfile
import time
from pathlib import Path

import numpy as np
from monailabel.client import MONAILabelClient

from radloop.cli.own_server import own_server
from radloop.images import Cine, write_cine
from radloop.synthesis import make_phantom

SLICES, FRAMES, X, Y = 10, 30, 256, 216


def large_cine() -> Cine:
    """The phantom on the matrix of a whole exam; its slices repeated or left out until there are ten."""
    cine = make_phantom(0, frames=FRAMES, matrix=(X, Y), spacing_mm=(1.5, 10.0)).cine
    slices = np.arange(SLICES) * cine.voxels.shape[2] // SLICES
    return Cine(cine.voxels[:, :, slices], cine.affine)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        studies = Path(scratch) / "studies"
        studies.mkdir()
        write_cine(studies / "exam.nii.gz", large_cine())
        with own_server(studies, Path(scratch)) as url:
            client = MONAILabelClient(url, tmpdir=scratch)
            print(f"{SLICES} slices, {FRAMES} frames, {X} x {Y} pixels; {os.cpu_count()} cores")
            for run in range(1, options.runs + 1):
                began = time.perf_counter()
                _, answer = client.infer("cine_heart", "exam", {})
                seconds = time.perf_counter() - began
                share = 1000 * seconds / (SLICES * FRAMES)
                print(f"  request {run}: {seconds:.2f} s   {share:.1f} ms a picture   LV EF {answer['lv_ef']:.1f} %")


if __name__ == "__main__":
    main()
