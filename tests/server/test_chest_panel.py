"""The words of the panel *Chest X-ray* on a real server whose classifier tells films by their brightness."""

import base64
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pydicom
import pytest

from radloop.dicom.make_film import make_film

STUDY = "1.2.826.0.1.3680043.8.498.88"
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"


def block(rows: int, columns: int) -> np.ndarray:
    """Bright in the lower left quarter: brighter on the left, which the classifier answers."""
    pixels = np.full((rows, columns), 10, np.uint8)
    pixels[rows // 2 :, : columns // 2] = 240
    pixels[0, 0] = 0
    return pixels


def put(folder: Path, name: str, pixels: np.ndarray, **said: Any) -> None:
    path = folder / f"{name}.dcm"
    make_film(path, pixels, spacing_mm=1.0, seed=name, patient="Films")
    film = pydicom.dcmread(path)
    film.StudyInstanceUID, film.SeriesDescription = STUDY, name
    for keyword, value in said.items():
        setattr(film, keyword, value)
    film.save_as(path)


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("films")
    put(folder, "a lateral", block(60, 50), ViewPosition="LL", Modality="DX")
    put(folder, "captured", block(60, 50), SOPClassUID=SECONDARY_CAPTURE, Modality="OT", ViewPosition="")
    put(folder, "frontal", block(1200, 900))
    put(folder, "of a CT", block(60, 50), SOPClassUID=SECONDARY_CAPTURE, Modality="CT")
    put(folder, "mammogram", block(60, 50), SOPClassUID="1.2.840.10008.5.1.4.1.1.1.2")
    put(folder, "right", block(60, 50)[:, ::-1])
    return folder


@pytest.fixture(scope="module")
def running(serve_tiny: Any, films: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with serve_tiny(films, tmp_path_factory.mktemp("chest-server")) as server:
        server.wait_ready()
        yield server


@pytest.fixture
def http(running: Any) -> Iterator[httpx.Client]:
    with running.http() as client:
        yield client


def listed(http: httpx.Client) -> dict[str, dict[str, Any]]:
    answer = http.get("/radloop/films", params={"study": STUDY}).raise_for_status().json()
    assert answer["classes"] == ["dark", "bright"]
    return {film["description"]: film for film in answer["films"]}


def classified(http: httpx.Client, name: str) -> dict[str, Any]:
    where = {"image": listed(http)[name]["image"]}
    return dict(http.post("/radloop/classify", params=where).raise_for_status().json())


def test_the_films_of_a_study_are_listed_frontal_ones_first(http: httpx.Client) -> None:
    found = listed(http)
    assert set(found) == {"a lateral", "captured", "frontal", "right"}
    assert list(found)[-1] == "a lateral"
    assert [film["lateral"] for film in found.values()] == [False, False, False, True]
    assert (found["frontal"]["view"], found["captured"]["view"]) == ("PA", "")
    assert http.get("/radloop/films", params={"study": f"{STUDY}.9"}).json()["films"] == []


def test_films_behind_another_server_are_the_same(
    running: Any, http: httpx.Client, serve_tiny: Any, tmp_path: Path
) -> None:
    with serve_tiny(f"{running.base}/dicom-web", tmp_path) as far:
        far.wait_ready()
        with far.http() as there:
            near, beyond = ({film["image"] for film in listed(one).values()} for one in (http, there))
            assert near == beyond
            answers = [classified(one, "frontal") for one in (http, there)]
    assert answers[0] == answers[1]


@pytest.mark.parametrize(("name", "size"), [("captured", (60, 50)), ("frontal", (512, 384))])
def test_the_evidence_covers_the_film_evenly(http: httpx.Client, name: str, size: tuple[int, int]) -> None:
    reading = classified(http, name)
    answer, evidence = reading["answer"], reading["evidence"]
    assert answer["label"] == max(answer["prediction"], key=lambda one: answer["prediction"][one])
    assert (evidence["rows"], evidence["columns"]) == size
    pixels = np.frombuffer(gzip.decompress(base64.b64decode(evidence["pixels"])), np.uint8).reshape(size)
    expected = np.where(block(*size) > 100, 255, 11)  # 10 of 240
    assert np.abs(pixels[1:, 1:].astype(int) - expected[1:, 1:]).max() <= 1


def test_an_abstention_names_no_class_and_has_no_evidence(http: httpx.Client) -> None:
    for name in ("right", "a lateral"):
        reading = classified(http, name)
        assert reading["evidence"] is None
        answer = reading["answer"]
        assert (answer["abstained"], answer["label"], answer["prediction"]) == (True, None, {})
        assert answer["reason"]


def test_what_people_said_is_told_newest_first(http: httpx.Client) -> None:
    film = listed(http)["captured"]
    assert film["labels"] == []
    for label, author in (("dark", "anna"), ("bright", "ben")):
        http.put(
            "/datastore/label",
            params={"image": film["image"]},
            files={"label": ("class.json", json.dumps({"label": label}))},
            data={"params": json.dumps({"author": author, "from_version": "0.0.1", "model": "cxr_classifier"})},
        ).raise_for_status()
    film = listed(http)["captured"]
    assert film["state"] == "submitted"
    said = [(one["label"], one["author"], one["from_version"]) for one in film["labels"]]
    assert said == [("bright", "ben", "0.0.1"), ("dark", "anna", "0.0.1")]


def test_what_is_no_film_is_refused_in_a_sentence(http: httpx.Client) -> None:
    assert http.post("/radloop/classify", params={"image": f"{STUDY}.9"}).status_code == 404
    refused = http.get("/radloop/films", params={"study": "no uid"})
    assert refused.status_code == 400
    assert "not a UID" in refused.json()["detail"]
