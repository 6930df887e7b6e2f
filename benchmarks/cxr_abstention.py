"""Does cxr_classifier refuse what is no frontal chest film, and only that?

    PYTHONPATH=bundles/cxr_classifier python benchmarks/cxr_abstention.py --packages FOLDER [--variant adult]

Judged on kinds of pictures that abstention was not fitted to: ``unseen`` in ``configs/kinds.json``, fixed before. They
come from packages: those of requirements.lock, and scikit-image and scikit-learn, of which only the pictures are used
(``pip install --no-deps --target FOLDER scikit-image scikit-learn``). Needs ``RADLOOP_DATA`` for films and cine MR.
Prints for each kind how many are refused, then real films wrongly refused, AUC with and without the refused, and the
risk-coverage curve, per class too.
"""

import argparse
import csv
import gzip
import json
import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from cxr_classifier_code.figures import auc
from cxr_classifier_code.films import Entry, listed, read_image
from cxr_classifier_code.inference import RadiographInferer, ready
from cxr_classifier_code.kinds import other_kinds
from cxr_classifier_code.network import Classifier

BUNDLE = Path(__file__).parents[1] / "bundles" / "cxr_classifier"
DATA = Path(os.environ.get("RADLOOP_DATA", "data"))
EACH = 40
Picture = NDArray[np.float32]


def package(name: str) -> Path:
    found = find_spec(name)
    if found is None or found.origin is None:
        raise SystemExit(f"{name} is not installed")
    return Path(found.origin).parent


def parts_of(pictures: list[Picture], chance: np.random.Generator) -> list[Picture]:
    """Whole pictures first, then parts of them, at least 60 % of a side."""
    found = [p for p in pictures if min(p.shape) >= 28][:EACH]
    while len(found) < EACH:
        whole = found[int(chance.integers(len(pictures)))]
        rows, columns = (max(28, int(n * chance.uniform(0.6, 1))) for n in whole.shape)
        top, left = (int(chance.integers(0, n - m + 1)) for n, m in zip(whole.shape, (rows, columns), strict=True))
        found.append(whole[top : top + rows, left : left + columns])
    return found


def cine_mr(chance: np.random.Generator) -> list[Picture]:
    import nibabel

    frames = []
    for path in sorted((DATA / "acdc").glob("patient*/ed.nii.gz"))[:EACH]:
        voxels = np.asarray(nibabel.load(path).dataobj, np.float32)
        frames.append(voxels[:, :, voxels.shape[2] // 2].T)
    return frames


def dicom(names: list[str]) -> list[Picture]:
    import pydicom
    from pydicom.data import get_testdata_file

    pictures = []
    for name in names:
        # Only what travels with the package: nothing is fetched.
        path = get_testdata_file(name, download=False)
        if path is None:
            continue
        pixels = np.asarray(pydicom.dcmread(path).pixel_array, np.float32)
        pixels = pixels[0] if pixels.ndim == 4 or (pixels.ndim == 3 and pixels.shape[-1] > 4) else pixels
        pictures.append(pixels.mean(axis=-1) if pixels.ndim == 3 else pixels)
    return pictures


def brain_mr(chance: np.random.Generator) -> list[Picture]:
    import nibabel

    samples = package("matplotlib") / "mpl-data" / "sample_data"
    with gzip.open(samples / "s1045.ima.gz") as file:
        pictures = [np.frombuffer(file.read(), np.uint16).reshape(256, 256).astype(np.float32)]
    volume = np.asarray(nibabel.load(package("nibabel") / "tests" / "data" / "anatomical.nii").dataobj, np.float32)
    pictures += [np.rot90(volume[:, :, z]) for z in range(5, volume.shape[2] - 5, 3)]
    return pictures + dicom(["MR_small.dcm"])


def images(folder: Path, *names: str) -> list[Picture]:
    return [read_image(folder / name) for name in names]


def terrain(chance: np.random.Generator) -> list[Picture]:
    samples = package("matplotlib") / "mpl-data" / "sample_data"
    jacksboro = np.load(samples / "jacksboro_fault_dem.npz")["elevation"]
    topography = np.load(samples / "topobathy.npz")["topo"]
    return [jacksboro.astype(np.float32), topography.astype(np.float32)]


def charts(chance: np.random.Generator) -> list[Picture]:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    pictures = []
    for i in range(12):
        figure, axes = pyplot.subplots(figsize=(4, 4), dpi=60)
        x = np.linspace(0, 10, 60)
        if i % 4 == 0:
            axes.plot(x, np.cumsum(chance.normal(size=(60, 3)), axis=0))
        elif i % 4 == 1:
            axes.bar(range(8), chance.random(8))
        elif i % 4 == 2:
            axes.scatter(*chance.normal(size=(2, 200)))
        else:
            axes.pie(chance.random(5))
        figure.canvas.draw()
        pictures.append(np.asarray(figure.canvas.buffer_rgba(), np.float32)[..., :3].mean(axis=-1))
        pyplot.close(figure)
    return pictures


def digits(folder: Path) -> list[Picture]:
    """Each digit of 8 x 8 enlarged to 64."""
    with gzip.open(folder / "sklearn" / "datasets" / "data" / "digits.csv.gz", "rt") as file:
        rows = np.loadtxt((line for line, _ in zip(file, range(EACH), strict=False)), delimiter=",")
    return [np.kron(row[:64].reshape(8, 8), np.ones((8, 8))).astype(np.float32) for row in rows]


def swirled(film: Picture, strength: float = 6.0) -> Picture:
    side = min(film.shape)
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    radius, angle = np.hypot(x, y), np.arctan2(y, x)
    angle += strength * np.exp(-radius / (side / 5))
    rows, columns = (
        np.clip(c + (side - 1) / 2, 0, side - 1).astype(int) for c in (radius * np.sin(angle), radius * np.cos(angle))
    )
    return film[rows, columns]


def mosaic(films: list[Picture], chance: np.random.Generator) -> Picture:
    four = [np.asarray(Image.fromarray(films[i]).resize((128, 128))) for i in chance.integers(0, len(films), 4)]
    return np.block([four[:2], four[2:]]).astype(np.float32)


def unseen(packages: Path, films: list[Picture]) -> Iterator[tuple[str, list[Picture]]]:
    chance = np.random.default_rng(0)
    sk = packages / "skimage" / "data"
    samples = package("matplotlib") / "mpl-data" / "sample_data"
    photographs = images(
        sk, "camera.png", "astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg", "motorcycle_left.png"
    )
    photographs += images(packages / "sklearn" / "datasets" / "images", "china.jpg", "flower.jpg")
    photographs += images(samples, "grace_hopper.jpg", "Minduka_Present_Blue_Pack.png")
    sources = {
        "cine_mr": cine_mr(chance),
        "ct": dicom(["CT_small.dcm", "693_J2KI.dcm", "JPEG2000.dcm", "explicit_VR-UN.dcm", "eCT_Supplemental.dcm"]),
        "brain_mr": brain_mr(chance),
        "photograph": photographs,
        "texture": images(sk, "brick.png", "grass.png", "gravel.png"),
        "page": images(sk, "page.png", "text.png"),
        "microscopy": images(sk, "cell.png", "ihc.png", "microaneurysms.png"),
        "retina": images(sk, "retina.jpg"),
        "sky": images(sk, "moon.png", "hubble_deep_field.jpg"),
        "digits": digits(packages),
        "terrain": terrain(chance),
        "charts": charts(chance),
        "film_swirled": [swirled(film) for film in films[:EACH]],
        "film_mosaic": [mosaic(films, chance) for _ in range(EACH)],
        "film_sideways_inverted": [255 - np.rot90(film) for film in films[:EACH]],
        "ultrasound": dicom(["examples_ybr_color.dcm", "US1_UNCR.dcm", "examples_palette.dcm"]),
    }
    for name, pictures in sources.items():
        if pictures:
            yield name, parts_of(pictures, chance)


def refused(pictures: list[Picture], inferer: RadiographInferer, network: Classifier) -> NDArray[np.bool_]:
    return np.array([r.abstained for r in inferer([np.ascontiguousarray(p) for p in pictures], network)])


def risk_coverage(entries: list[Entry], inferer: RadiographInferer, network: Classifier) -> None:
    """Risk when only the surest share is answered; sureness is the distance of the log odds from the threshold's."""
    readings = inferer([e.pixels() for e in entries], network)
    shares = np.array([r.probabilities["pneumonia"] for r in readings]).clip(1e-6, 1 - 1e-6)
    kept = np.array([not r.abstained for r in readings])
    positive = np.array([e.label == "pneumonia" for e in entries])
    print(
        f"AUC of all {auc(shares, positive):.4f}, "
        f"without the {int((~kept).sum())} refused {auc(shares[kept], positive[kept]):.4f}"
    )
    cut = inferer.calibration["threshold"]
    wrong = (shares >= cut) != positive
    sure = np.abs(np.log(shares / (1 - shares)) - np.log(cut / (1 - cut)))
    order = np.argsort(-sure)
    print("coverage   errors   among normal   among pneumonia")
    for coverage in (1.0, 0.9, 0.8, 0.7, 0.6, 0.5):
        rows = order[: max(1, round(coverage * len(order)))]
        per_class = [
            wrong[rows][positive[rows] == side].mean() if (positive[rows] == side).any() else np.nan
            for side in (False, True)
        ]
        print(f"{coverage:7.0%} {wrong[rows].mean():9.1%} {per_class[0]:13.1%} {per_class[1]:17.1%}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--packages", type=Path, required=True)
    parser.add_argument("--variant", default="adult")
    options = parser.parse_args()
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "2")))
    inferer, network = ready(str(BUNDLE), options.variant)
    split = str(BUNDLE / "configs" / "split.json")
    adults = listed(str(DATA / "cxr"), inferer.classes, split)
    children = listed(str(DATA / "pneumoniamnist" / "pneumoniamnist_trainval.npz"), inferer.classes)
    sets = {
        "adults": [e for e in adults if e.part in ("val", "test")],
        "children": [e for e in children if e.part == "val"],
    }
    own = sets["adults" if options.variant == "adult" else "children"]
    films = [e.pixels() for e in own][:200]
    kinds = json.loads((BUNDLE / "configs" / "kinds.json").read_text())

    rows = []
    for name, pictures in unseen(options.packages, films):
        if name not in kinds["unseen"]:
            raise SystemExit(f"{name} is not among the kinds fixed as unseen")
        rows.append(("unseen", name, len(pictures), refused(pictures, inferer, network).mean()))
    square = [np.asarray(Image.fromarray(f).resize((64, 64), Image.Resampling.BOX)) / 255 for f in films]
    for name, pictures in other_kinds(square, EACH, seed=77).items():
        rows.append(("seen", name, len(pictures), refused(pictures, inferer, network).mean()))
    print(f"{'kind':30s} pictures   refused")
    for group in ("unseen", "seen"):
        for _, name, count, share in (row for row in rows if row[0] == group):
            print(f"{group + ' ' + name:30s} {count:8d} {share:9.1%}")
        print(f"{group + ', mean of kinds':30s} {'':8s} {np.mean([r[3] for r in rows if r[0] == group]):9.1%}")
    for name, entries in sets.items():
        share = refused([e.pixels() for e in entries], inferer, network).mean()
        print(f"real films wrongly refused, {name} not trained on: {share:.1%} of {len(entries)}")
    with (DATA / "dicom" / "cxr" / "index.csv").open(newline="") as file:
        names = [row["file"] for row in csv.DictReader(file)]
    import pydicom

    for name in names:
        pixels = pydicom.dcmread(DATA / "dicom" / "cxr" / name).pixel_array.astype(np.float32)
        print(f"{name}: {inferer([pixels], network)[0].reason or 'accepted'}")
    risk_coverage(own, inferer, network)


if __name__ == "__main__":
    main()
