"""The panel's HTTP with a desk that holds one small heart: what is kept, what is refused, what is said."""

import base64
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from radloop.answers import Measurements
from radloop.answers.panel import Case, Cases, Exported, Plane, Submission, SubmittedLabel
from radloop.heart import measure
from radloop.images import Cine, LabelMap
from radloop.refusal import Refusal
from radloop.server import panel
from radloop.server.drafts import Drafts
from radloop.server.planes import pack, unpack
from radloop.server.problems import answer_problems

GRID = (6, 5, 3, 4)  # x, y, z, t


def heart() -> LabelMap:
    label = np.zeros(GRID, np.uint8)
    for t, width in enumerate([4, 2, 1, 3]):
        label[:width, :2, :, t] = 3
        label[:, 4, :, t] = 2
    return label


class OneHeart:
    """A desk with one cine, ``a``; what is submitted and exported is remembered."""

    def __init__(self) -> None:
        self.kept: list[tuple[SubmittedLabel, LabelMap]] = []
        self.exported: list[tuple[panel.Figures, Measurements]] = []

    def cases(self, study: str) -> Cases:
        planes = [Plane(series="s", instance=f"{t}.{z}", frame=1) for t in range(4) for z in range(3)]
        case = Case(
            image="a", description="cine", state="submitted" if self.kept else "new", frames=4, slices=3, rows=5,
            columns=6, voxel_ml=0.01, times_ms=None, planes=planes, labels=self.labels("a"), draft=False,
        )  # fmt: skip
        return Cases(cases=[case], others=[], segments=[])

    def grid(self, image: str) -> panel.Grid:
        if image != "a":
            raise Refusal("NO_SUCH_IMAGE", f"There is no image {image}.", http_status=404)
        return GRID

    def analyse(self, image: str) -> tuple[LabelMap, Measurements]:
        self.grid(image)
        return heart(), self.measure(image, panel.Figures(heart(), "0.1.0"))

    def measure(self, image: str, figures: panel.Figures) -> Measurements:
        cine = Cine(np.zeros(GRID), np.diag([1.0, 1.0, 10.0, 1.0]))
        chosen = {"ed_frame": figures.ed_frame, "es_frame": figures.es_frame}
        return measure(figures.labels, cine, image=image, model_version=figures.from_version, **chosen)

    def labels(self, image: str) -> list[SubmittedLabel]:
        return [label for label, _ in reversed(self.kept)]

    def label(self, image: str, label: str) -> tuple[SubmittedLabel, LabelMap]:
        return next(one for one in self.kept if one[0].id == label)

    def submit(self, image: str, labels: LabelMap, submission: Submission) -> SubmittedLabel:
        kept = SubmittedLabel(
            id=str(len(self.kept)), author=submission.author, submitted="2026-01-01T00:00:00+00:00",
            from_version=submission.from_version, reviewed=submission.reviewed, assumed_reviewed=False,
        )  # fmt: skip
        self.kept.append((kept, labels))
        return kept

    def export(self, image: str, figures: panel.Figures, measurements: Measurements) -> Exported:
        self.exported.append((figures, measurements))
        return Exported(seg_series="1.1", sr_series="1.2", sentence="SEG and SR are in the archive.")


@pytest.fixture
def desk() -> OneHeart:
    return OneHeart()


@pytest.fixture
def client(desk: OneHeart, tmp_path: Path) -> Iterator[TestClient]:
    app = FastAPI()
    app.include_router(panel.router(desk, Drafts(tmp_path / "drafts")))
    answer_problems(app)
    with TestClient(app, raise_server_exceptions=False) as one:
        yield one


def contours(label: LabelMap, **more: Any) -> dict[str, Any]:
    return {"planes": pack(label), **more}


@given(arrays(np.uint8, st.tuples(*[st.integers(1, 5)] * 4), elements=st.integers(0, 3)))
def test_planes_come_back_as_they_went(label: LabelMap) -> None:
    assert np.array_equal(unpack(pack(label), label.shape), label)


def test_planes_lie_on_the_wire_as_pictures_do() -> None:
    label = np.zeros((4, 3, 2, 2), np.uint8)  # columns, rows, slices, frames
    label[1, 2, 0, 1] = 3
    raw = np.frombuffer(gzip.decompress(base64.b64decode(pack(label))), np.uint8).reshape(2, 2, 3, 4)
    assert np.argwhere(raw).tolist() == [[1, 0, 2, 1]]  # frame, slice, row, column


def damaged() -> dict[str, str]:
    ours = pack(heart())
    return {
        "no base64": "??",
        "no gzip": base64.b64encode(b"hello").decode(),
        "cut": base64.b64encode(base64.b64decode(ours)[:-9]).decode(),
        "too few": pack(heart()[..., :3]),
        "too many": pack(np.zeros((60, 50, 30, 40), np.uint8)),
        "no label": pack(heart() + 2),
    }


@pytest.mark.parametrize("fault", damaged())
def test_damaged_planes_are_refused_in_a_sentence(client: TestClient, desk: OneHeart, fault: str) -> None:
    body = {"planes": damaged()[fault]}
    submission = {**body, "author": "A", "from_version": None, "reviewed": {}}
    for answer in (
        client.post("/radloop/measure?image=a", json=body),
        client.put("/radloop/draft?image=a", json=body),
        client.put("/radloop/labels?image=a", json=submission),
    ):
        assert answer.status_code == 422
        assert answer.json()["detail"].endswith(".")
    assert not desk.kept
    assert client.get("/radloop/draft?image=a").json() is None


def test_analyse_and_measure_say_the_same(client: TestClient) -> None:
    analysis = client.post("/radloop/analyse?image=a").json()
    assert analysis["measurements"]["lv_ef"] == 75
    again = client.post("/radloop/measure?image=a", json={"planes": analysis["planes"], "from_version": "0.1.0"})
    assert again.json() == analysis["measurements"]


def test_what_a_person_chose_is_followed_and_said(client: TestClient) -> None:
    label = heart()
    label[:, :, 0, :] = 0
    said = client.post(
        "/radloop/measure?image=a",
        json=contours(label, es_frame=2, left_out={"1": [1], "2": [1], "3": [1], "4": [1]}, edited=True),
    ).json()
    assert (said["ed_frame"], said["es_frame"], said["lv_ef"]) == (1, 2, 50)
    by_code = {warning["code"]: warning["text"] for warning in said["warnings"]}
    assert by_code["PHASES_BY_HAND"] == "A person chose end systole (frame 2)."
    assert by_code["SLICES_LEFT_OUT"] == "A person left out slice 1 in 4 frames."
    assert by_code["EDITED"]


@pytest.mark.parametrize(
    "wrong", [{"ed_frame": 5}, {"es_frame": 0}, {"left_out": {"9": "all"}}, {"left_out": {"1": [4]}}]
)
def test_places_that_the_image_has_not_are_refused(client: TestClient, wrong: dict[str, Any]) -> None:
    assert client.post("/radloop/measure?image=a", json=contours(heart(), **wrong)).status_code == 422


def test_a_label_is_kept_with_what_was_reviewed(client: TestClient, desk: OneHeart) -> None:
    reviewed = {"1": "all", "3": [2, 3]}
    body = contours(heart(), author="Dr A", from_version="0.1.0", reviewed=reviewed)
    kept = client.put("/radloop/labels?image=a", json=body).json()
    assert (kept["author"], kept["reviewed"], kept["assumed_reviewed"]) == ("Dr A", reviewed, False)
    assert np.array_equal(desk.kept[0][1], heart())
    opened = client.get("/radloop/label", params={"image": "a", "id": kept["id"]}).json()
    assert opened["label"] == kept
    assert np.array_equal(unpack(opened["planes"], GRID), heart())
    assert opened["measurements"]["lv_ef"] == 75
    assert opened["measurements"]["warnings"][0]["code"] == "EDITED"
    assert client.get("/radloop/labels?image=a").json() == [kept]


def test_a_label_of_nobody_is_refused(client: TestClient, desk: OneHeart) -> None:
    body = contours(heart(), author="  ", from_version=None, reviewed={})
    assert client.put("/radloop/labels?image=a", json=body).status_code == 422
    assert not desk.kept


def test_a_draft_outlives_the_server_and_ends_with_the_submission(desk: OneHeart, tmp_path: Path) -> None:
    def server() -> TestClient:
        app = FastAPI()
        app.include_router(panel.router(desk, Drafts(tmp_path)))
        return TestClient(app)

    draft = contours(heart(), reviewed={"2": [1]}, left_out={"4": [3]}, ed_frame=2, author="Dr A", number=0)
    assert server().put("/radloop/draft?image=a", json=draft).json() == {"number": 1}
    case = server().get("/radloop/cases?study=x").json()["cases"][0]
    assert (case["draft"], case["state"]) == (True, "reviewed")
    back = server().get("/radloop/draft?image=a").json()
    assert {key: back[key] for key in draft} == draft | {"number": 1}
    body = contours(heart(), author="Dr A", from_version=None, reviewed={"2": [1]})
    server().put("/radloop/labels?image=a", json=body).raise_for_status()
    assert server().get("/radloop/draft?image=a").json() is None
    assert server().get("/radloop/cases?study=x").json()["cases"][0]["state"] == "submitted"


def test_of_two_windows_the_later_does_not_wipe_out_the_earlier(client: TestClient) -> None:
    first, second = contours(heart(), author="A"), contours(heart(), author="B")
    assert client.put("/radloop/draft?image=a", json=first).json() == {"number": 1}
    answer = client.put("/radloop/draft?image=a", json=second)
    assert answer.status_code == 409
    assert "reload" in answer.json()["detail"]
    assert client.get("/radloop/draft?image=a").json()["author"] == "A"
    assert client.put("/radloop/draft?image=a", json={**first, "number": 1}).json() == {"number": 2}


def test_a_draft_is_forgotten_on_demand(client: TestClient) -> None:
    client.put("/radloop/draft?image=a", json=contours(heart()))
    assert client.delete("/radloop/draft?image=a").status_code == 204
    assert client.get("/radloop/draft?image=a").json() is None
    assert client.delete("/radloop/draft?image=a").status_code == 204


def test_what_is_exported_is_what_was_on_the_screen(client: TestClient, desk: OneHeart) -> None:
    label = heart()
    label[0, 0, 1, 2] = 0
    answer = client.post("/radloop/export?image=a", json=contours(label, edited=True, es_frame=3))
    assert answer.json()["sentence"] == "SEG and SR are in the archive."
    [(figures, measurements)] = desk.exported
    assert np.array_equal(figures.labels, label)
    assert measurements.es_frame == 3
    assert {warning.code for warning in measurements.warnings} >= {"PHASES_BY_HAND", "EDITED"}


@pytest.mark.parametrize("image", ["b", "../a", "a" * 5000, "ä\n"])
def test_an_unknown_image_is_refused(client: TestClient, image: str) -> None:
    for answer in (
        client.post("/radloop/measure", params={"image": image}, json=contours(heart())),
        client.put("/radloop/draft", params={"image": image}, json=contours(heart())),
        client.post("/radloop/export", params={"image": image}, json=contours(heart())),
    ):
        assert answer.status_code == 404


def test_the_plugin_speaks_these_words() -> None:
    """The committed schema, from which its TypeScript types are made, is that of the words as they are."""
    import importlib.util

    folder = Path(__file__).parents[2] / "plugin" / "ohif-radloop"
    spec = importlib.util.spec_from_file_location("write_schema", folder / "write_schema.py")
    assert spec is not None
    assert spec.loader is not None
    program = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(program)
    assert json.loads((folder / "answers.schema.json").read_text()) == json.loads(program.schema())
