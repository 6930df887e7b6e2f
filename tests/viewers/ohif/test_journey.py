"""A person's way through a case in OHIF, in a real browser; then what the server kept of it."""

import base64
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest

from radloop import places
from radloop.dicom.make import make_study
from radloop.dicom.sr import read_sr
from radloop.images import read_label
from radloop.store import Store
from radloop.synthesis import make_phantom


@dataclass(frozen=True)
class Journey:
    report: dict[str, Any]
    studies: Path
    data: Path
    pictures: Path

    @property
    def labels(self) -> np.ndarray:
        """What was on the screen when it was submitted, (x, y, z, t)."""
        grid = self.report["grid"]
        raw = b"".join(base64.b64decode(plane) for plane in self.report["labels"])
        planes = np.frombuffer(raw, np.uint8)
        return planes.reshape(grid["frames"], grid["slices"], grid["rows"], grid["columns"]).transpose(3, 2, 1, 0)

    def objects(self, modality: str) -> list[Path]:
        files = self.studies.rglob("*.dcm")
        return [file for file in files if pydicom.dcmread(file, stop_before_pixels=True).Modality == modality]


@pytest.fixture(scope="module")
def journey(viewer: Path, tmp_path_factory: pytest.TempPathFactory) -> Journey:
    studies, data, pictures = (tmp_path_factory.mktemp(name) for name in ("studies", "data", "pictures"))
    pictures = Path(os.environ.get("RADLOOP_PICTURES") or pictures)
    pictures.mkdir(parents=True, exist_ok=True)
    cine = make_phantom(7, ef=58, frames=10, matrix=(96, 88), spacing_mm=(2.4, 14)).cine
    make_study(cine, studies / "cine", seed="cine", patient="Cine^Sample", jitter_ms=1.5)
    scouts = studies / "scouts"
    scouts.mkdir()
    for file in make_study(cine, tmp_path_factory.mktemp("other"), seed="scout", patient="Scout^Sample"):
        if "scout" in file.name:
            shutil.copy(file, scouts)
    (data / "viewer").symlink_to(viewer / "viewer")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RADLOOP_")}
    environment = {**kept, "PYTHONPATH": str(places.app()), "OMP_NUM_THREADS": "1"}
    program = Path(__file__).with_name("journey.mjs")
    command = ["node", str(program), sys.executable, str(studies), str(data), str(pictures)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=900)
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads((pictures / "report.json").read_text())
    return Journey(report, studies, data, pictures)


def test_two_clicks_from_the_study_list_to_an_ef(journey: Journey) -> None:
    assert journey.report["clicks"] == 2


def test_the_label_is_in_the_store_with_what_was_reviewed(journey: Journey) -> None:
    with Store(journey.data) as store:
        [row] = store.labels(journey.report["image"])
        grid, analysed = journey.report["grid"], journey.report["analysed"]
        assert np.array_equal(read_label(row.path), journey.labels)
        assert row.info["author"] == "Dr Ada"
        assert row.info["from_version"] == analysed["model_version"]
        assert row.info["assumed_reviewed"] is False
        whole = {str(analysed["ed_frame"]): "all", str(analysed["es_frame"]): "all"}
        assert row.info["reviewed"] == {**whole, "2": "all"}
        assert journey.report["reviewed"] == 3 * grid["slices"]


def test_seg_and_sr_are_in_the_archive_and_say_what_the_panel_said(journey: Journey) -> None:
    [seg_file], [sr_file] = journey.objects("SEG"), journey.objects("SR")
    seg = pydicom.dcmread(seg_file)
    drawn = np.zeros_like(journey.labels)
    grid = journey.report["grid"]
    for frame, pixels in zip(seg.PerFrameFunctionalGroupsSequence, seg.pixel_array, strict=True):
        number = frame.SegmentIdentificationSequence[0].ReferencedSegmentNumber
        t, _, z = frame.FrameContentSequence[0].DimensionIndexValues
        drawn[:, :, z - 1, t - 1][pixels.T == 1] = number
    assert len(seg.pixel_array) == 3 * grid["slices"] * grid["frames"]
    assert np.array_equal(drawn, journey.labels)
    assert {segment.SegmentAlgorithmType for segment in seg.SegmentSequence} == {"SEMIAUTOMATIC"}  # a person changed it
    assert read_sr(sr_file)["lv_ef"] == pytest.approx(journey.report["ef"], abs=0.01)


def test_the_csv_says_what_the_panel_said(journey: Journey) -> None:
    lines = dict(line.split(",")[:2] for line in (journey.pictures / "measurements.csv").read_text().splitlines())
    assert float(lines["LV EF"]) == pytest.approx(journey.report["ef"], abs=0.01)


def test_why_nothing_can_be_analysed_reaches_the_person(journey: Journey) -> None:
    assert "scout-1-001.dcm" in journey.report["why"]
