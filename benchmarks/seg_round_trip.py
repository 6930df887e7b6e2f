"""How long a SEG of a whole exam takes, written and read back: python benchmarks/seg_round_trip.py [--runs 3]

25 frames, 8 slices, 256 x 216 pixels, three structures. Written as one object for all phases, as the server does, and
read back by highdicom; exits with 1 if a single voxel differs.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

import highdicom as hd
import numpy as np
from numpy.typing import NDArray

from radloop.dicom.make import make_study
from radloop.dicom.seg import write_seg
from radloop.dicom.source import Source
from radloop.dicom.study import read_cine_dicom
from radloop.images import Cine
from radloop.synthesis import make_phantom

FRAMES, SLICES, X, Y = 25, 8, 256, 216


def read_back(path: Path, source: Source) -> NDArray[np.uint8]:
    """The label map (x, y, z, t) as highdicom finds it, by the source image of each plane."""
    seg = hd.seg.segread(path)
    phases = [[row[t].sop_instance_uid for row in source.planes] for t in range(source.cine.n_frames)]
    found = [seg.get_pixels_by_source_instance(uids, combine_segments=True) for uids in phases]
    return np.stack(found).transpose(3, 2, 1, 0).astype(np.uint8)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    phantom = make_phantom(0, frames=FRAMES, matrix=(X, Y), spacing_mm=(1.5, 10.0))
    slices = np.arange(SLICES) * phantom.cine.voxels.shape[2] // SLICES
    drawn = Cine(phantom.cine.voxels[:, :, slices], phantom.cine.affine, np.linspace(0, 1000, FRAMES, endpoint=False))
    with tempfile.TemporaryDirectory() as scratch:
        make_study(drawn, Path(scratch) / "study")
        cine, source = read_cine_dicom(Path(scratch) / "study")
        label = phantom.label[:, :, slices]
        if cine.voxels.shape != label.shape:
            sys.exit(f"the study has another grid: {cine.voxels.shape}")
        for run in range(1, options.runs + 1):
            began = time.perf_counter()
            [path] = write_seg(Path(scratch) / f"seg{run}.dcm", label, source, algorithm="phantom", version="1")
            written = time.perf_counter()
            same = np.array_equal(read_back(path, source), label)
            read = time.perf_counter()
            print(f"written {written - began:.2f} s, read {read - written:.2f} s, {'exact' if same else 'not exact'}")
            if not same:
                sys.exit(1)


if __name__ == "__main__":
    main()
