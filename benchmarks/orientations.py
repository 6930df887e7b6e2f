"""Does it matter which way round a picture is? Dice in eight in-plane orientations against the native one.

    python benchmarks/orientations.py FOLDER [--part test]

FOLDER is laid out like ACDC's development part. The voxels of each ED and ES volume are mirrored and turned under an
unchanged affine, so that the network sees another picture (where the affine tells the turn, the answer is the same to
the voxel, which a test holds). Prints mean Dice by orientation.
"""

import argparse
import itertools
from pathlib import Path
from statistics import mean

import numpy as np

from radloop.images import Cine, read_cine, read_label
from radloop.learning import patients_of
from radloop.learning.agreement import dice_of_structures
from radloop.models import load_bundle


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--part", default="test")
    options = parser.parse_args()
    bundle = load_bundle("cine_heart")
    patients = patients_of(options.folder, bundle.about.split, options.part)
    scores: dict[tuple[bool, int], list[float]] = {}
    for patient, phase in itertools.product(patients, ("ed", "es")):
        still, truth = read_cine(patient / f"{phase}.nii.gz"), read_label(patient / f"{phase}_gt.nii.gz")
        for mirrored, turns in itertools.product((False, True), range(4)):
            seen, reference = (_turn(v, mirrored, turns) for v in (still.voxels, truth))
            label = bundle.predict(Cine(seen, _affine(still, turns), spacing_known=still.spacing_known)).label
            scores.setdefault((mirrored, turns), []).append(mean(dice_of_structures(label, reference).values()))
    native = mean(scores[False, 0])
    print(f"mean Dice of {len(patients)} patients of part '{options.part}', ED and ES")
    for (mirrored, turns), values in scores.items():
        name = f"{'mirrored, ' if mirrored else ''}turned by {90 * turns}°"
        print(f"  {name:<24}{mean(values):.4f}   {mean(values) - native:+.4f}")
    overall = mean(mean(v) for v in scores.values())
    print(f"  {'mean of eight':<24}{overall:.4f}   {overall - native:+.4f}")


def _turn(voxels: np.ndarray, mirrored: bool, turns: int) -> np.ndarray:
    return np.ascontiguousarray(np.rot90(voxels[::-1] if mirrored else voxels, turns))


def _affine(still: Cine, turns: int) -> np.ndarray:
    """The unchanged directions; pixels keep their size when x and y are exchanged."""
    affine = still.affine.copy()
    if turns % 2:
        x, y, _ = still.spacing_mm
        affine[:3, 0] *= y / x
        affine[:3, 1] *= x / y
    return affine


if __name__ == "__main__":
    main()
