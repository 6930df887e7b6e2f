"""Studies of the archive that cannot be used are listed beside the images, each with the sentence that says why."""

import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from faulty_studies import FOREIGN, SAYS, write_faulty
from other_programs import orthanc_in, send
from pydicom.data import get_testdata_file

from radloop.dicom.make import make_study
from radloop.dicom.make_film import make_film
from radloop.images import Cine
from radloop.synthesis import make_phantom

KINDS = {
    "missing-phase": "A phase is missing",
    "two-stacks": "two stacks of images in one series",
    "no-geometry": "does not say where it lies",
    "cut-short": "A phase is missing",
    "ct": "is CT: a short-axis cine is MR.",
    "ultrasound": "is US: a short-axis cine is MR.",
    "report": "is SR: a short-axis cine is MR.",
}
"""What is said of each, wherever the archive is."""


@pytest.fixture(scope="module")
def studies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("faulty")
    write_faulty(folder)
    return folder


def listed(server: Any, n_others: int, seconds: float = 60) -> dict[str, Any]:
    """The list of all cases, once it has so many that are none."""
    until = time.monotonic() + seconds
    while True:
        answer: dict[str, Any] = server.http().get("/radloop/cases").raise_for_status().json()
        if len(answer["others"]) == n_others and answer["cases"]:
            return answer
        assert time.monotonic() < until, (answer, server.log)
        time.sleep(0.2)


def test_each_is_listed_once_with_its_reason(serve: Callable[..., Any], studies: Path, tmp_path: Path) -> None:
    own = tmp_path / "studies"
    shutil.copytree(studies, own)
    with serve(own, tmp_path) as server:
        found = listed(server, len(SAYS))
        [sound] = found["cases"]
        for name, sentence in SAYS.items():
            [one] = [other for other in found["others"] if re.match(sentence, other["sentence"])]
            assert one["description"] == "SAX cine" or name in FOREIGN
            answer = server.http().post("/infer/cine_heart", params={"image": one["series"]})
            assert (answer.status_code, answer.json()["detail"]) == (422, one["sentence"])
        assert sound["image"] not in {other["series"] for other in found["others"]}

        shutil.rmtree(own / "ct")
        assert not [other for other in listed(server, len(SAYS) - 1)["others"] if "is CT" in other["sentence"]]


def test_films_and_cines_to_choose_between_are_images_and_not_faults(serve: Callable[..., Any], tmp_path: Path) -> None:
    """A study with two cines in other directions has none that is its own; each by itself can be used."""
    studies = tmp_path / "studies"
    studies.mkdir()
    film = make_film(studies / "film.dcm", np.full((60, 50), 90, np.uint8), spacing_mm=2)
    shutil.copy(str(get_testdata_file("CT_small.dcm", download=False)), studies)
    heart = make_phantom(5, ef=50, frames=6, matrix=(72, 64), spacing_mm=(3.2, 16)).cine
    first = make_study(heart, studies / "first", seed="first", beside=False)
    turned = heart.affine.copy()
    turned[:3, :3] = turned[:3, [1, 2, 0]]
    study = pydicom.dcmread(first[0], stop_before_pixels=True).StudyInstanceUID
    second = make_study(Cine(heart.voxels, turned, heart.times_ms), studies / "second", seed="second", beside=False)
    for file in second:
        ds = pydicom.dcmread(file)
        ds.StudyInstanceUID = study
        ds.save_as(file)
    with serve(studies, tmp_path) as server:
        found = listed(server, 1)
        series = {
            str(pydicom.dcmread(files[0], stop_before_pixels=True).SeriesInstanceUID) for files in (first, second)
        }
        assert {case["image"] for case in found["cases"]} == {film, *series}
        assert "CT_small.dcm is CT" in found["others"][0]["sentence"]


def test_of_another_archive_too(serve: Callable[..., Any], studies: Path, tmp_path: Path) -> None:
    with orthanc_in(tmp_path) as theirs:
        send(theirs, [file for file in sorted(studies.rglob("*.dcm")) if file.stat().st_size > 400])
        with serve(theirs, tmp_path) as server:
            found = listed(server, len(KINDS))
            assert len(found["cases"]) == 1
            for name, words in KINDS.items():
                same = [words == others for others in KINDS.values()].count(True)
                assert len([o for o in found["others"] if words in o["sentence"]]) == same, (name, found["others"])
            for study in {str(o["0020000D"]["Value"][0]) for o in server.http().get("/dicom-web/studies").json()}:
                server.http().get("/radloop/cases", params={"study": study}).raise_for_status()
