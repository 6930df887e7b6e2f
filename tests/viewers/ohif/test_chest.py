"""A person's way through chest films in OHIF, in a real browser; then what is on the pictures, and in the store.

The classifier tells films by their brightness, and its heat map is the film itself: what is to be seen is known.
"""

import json
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from PIL import Image
from tiny_classifier import CHECKOUT, Installation

from radloop.dicom.make import make_study
from radloop.dicom.make_film import make_film
from radloop.store import Store
from radloop.synthesis import make_phantom
from radloop.synthesis.film import make_film as draw_chest

ROWS, COLUMNS = 256, 320
BLOCK = (40, 128, 280, 256)
"""Bright, to the lower border: left, upper, right, lower edge in pixels. The mean is 100.4: bright, at 68 %."""

MARGIN = 4
POINTS = {
    "inside left": (BLOCK[0] + MARGIN, 200),
    "inside right": (BLOCK[2] - MARGIN, 200),
    "inside top": (160, BLOCK[1] + MARGIN),
    "outside left": (BLOCK[0] - MARGIN, 200),
    "outside right": (BLOCK[2] + MARGIN, 200),
    "outside top": (160, BLOCK[1] - MARGIN),
}


def put(path: Path, pixels: np.ndarray, **said: str) -> pydicom.Dataset:
    """A film as a DICOM object whose header says more."""
    path.parent.mkdir(exist_ok=True)
    make_film(path, pixels, spacing_mm=1.0, seed=path.stem, patient=path.stem)
    film = pydicom.dcmread(path)
    for keyword, value in said.items():
        setattr(film, keyword, value)
    film.save_as(path)
    return film


def first_film() -> np.ndarray:
    pixels = np.full((ROWS, COLUMNS), 10, np.uint8)
    pixels[BLOCK[1] : BLOCK[3], BLOCK[0] : BLOCK[2]] = 251
    pixels[0, 0] = 0
    return pixels


@dataclass(frozen=True)
class Journey:
    report: dict[str, Any]
    data: Path
    pictures: Path

    def colours(self, picture: str, view: str) -> dict[str, np.ndarray]:
        """Red, green and blue at the points of the film, as the screen showed them."""
        screen = np.asarray(Image.open(self.pictures / f"{picture}.png").convert("RGB"), int)
        places = self.report["views"][view]
        return {name: screen[round(at["y"]), round(at["x"])] for name, at in places.items()}


@pytest.fixture(scope="module")
def journey(viewer: Path, tiny: Installation, tmp_path_factory: pytest.TempPathFactory) -> Journey:
    studies, data, pictures = (tmp_path_factory.mktemp(name) for name in ("studies", "data", "pictures"))
    pictures = Path(os.environ.get("RADLOOP_PICTURES") or pictures) / "chest"
    pictures.mkdir(exist_ok=True)
    plugin = tiny.folder / "plugin" / "ohif-radloop" / "dist"
    if not plugin.exists():
        plugin.symlink_to(CHECKOUT / "plugin" / "ohif-radloop" / "dist")
    (data / "viewer").symlink_to(viewer / "viewer")
    aside = np.repeat(np.repeat([[20, 220]], 90, axis=1), 180, axis=0).astype(np.uint8)
    one = {"PatientName": "Films^Sample", "PatientID": "films", "StudyInstanceUID": "1.2.826.0.1.3680043.8.498.771"}
    put(studies / "films" / "aside.dcm", aside, SeriesDescription="Aside", SeriesNumber="1", **one)
    put(studies / "films" / "first.dcm", first_film(), SeriesDescription="First", SeriesNumber="2", **one)
    put(studies / "films" / "lateral.dcm", aside, SeriesDescription="Other", ViewPosition="LL", **one)
    lies = {"PatientName": "Liar^Sample", "PhotometricInterpretation": "MONOCHROME1"}
    liar = put(studies / "liar" / "liar.dcm", draw_chest(3, side=256).pixels, **lies)
    heart = make_phantom(5, ef=50, frames=4, matrix=(48, 40), spacing_mm=(4, 20)).cine
    cine = pydicom.dcmread(make_study(heart, studies / "cine", seed="cine", beside=False)[0], stop_before_pixels=True)
    told = {"POINTS": json.dumps(POINTS), "LIAR": str(liar.StudyInstanceUID), "CINE": str(cine.StudyInstanceUID)}
    program = Path(__file__).with_name("chest.mjs")
    command = ["node", str(program), tiny.command()[0], str(studies), str(data), str(pictures)]
    environment = tiny.environment | told
    environment.pop("RADLOOP_HOME")
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=600)
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
    return Journey(json.loads((pictures / "report.json").read_text()), data, pictures)


@pytest.mark.parametrize("view", ["first", "moved"])
def test_the_heat_map_lies_where_the_evidence_is(journey: Journey, view: str) -> None:
    with_it, without = (journey.colours(f"{view}-{how}", view) for how in ("with", "without"))
    for name in POINTS:
        taken = without[name] - with_it[name]  # pale yellow lacks blue
        if name.startswith("inside"):
            assert taken[2] > 30, name
            assert abs(taken[0]) < 10, name
        else:
            assert np.abs(taken).max() < 10, name


def test_zoom_and_pan_moved_the_film_itself(journey: Journey) -> None:
    first, moved = journey.report["views"]["first"], journey.report["views"]["moved"]
    widths = [view["inside right"]["x"] - view["inside left"]["x"] for view in (first, moved)]
    assert abs(widths[1] / widths[0] - 1) > 0.1
    assert abs(moved["inside top"]["y"] - first["inside top"]["y"]) > 20


def test_the_slider_makes_it_opaque(journey: Journey) -> None:
    half, whole = (journey.colours(picture, "moved") for picture in ("moved-with", "opaque"))
    assert half["inside left"][2] - whole["inside left"][2] > 20


def test_an_abstained_film_shows_no_class_and_no_probability(journey: Journey) -> None:
    shown = journey.report["abstained"]
    assert "This is no film" in shown
    assert not re.search(r"\bbright\b|\bdark\b|%", shown), shown


def test_classes_are_kept_with_their_history(journey: Journey) -> None:
    with Store(journey.data) as store:
        rows = store.labels(journey.report["image"])
        assert [(row.info["label"], row.tag) for row in rows] == [("dark", "final"), ("bright", "final")]
        for row in rows:
            assert (row.info["author"], row.info["from_version"]) == ("Dr Ada", journey.report["version"])
        [aside] = store.labels(journey.report["aside"])
        assert aside.info["label"] == "dark"


def test_a_film_whose_header_lies_can_be_turned_round(journey: Journey) -> None:
    at = journey.report["liar"]
    negative, turned = (
        np.asarray(Image.open(journey.pictures / f"{name}.png").convert("L"), int)[round(at["y"]), round(at["x"])]
        for name in ("negative", "turned")
    )
    assert negative > 180  # air, which a header that says MONOCHROME1 makes bright
    assert turned < 60
