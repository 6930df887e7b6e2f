"""The panel's words on a real server: hearts of known volumes as DICOM, one study in each form."""

import base64
import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pydicom
import pytest
from dicomweb_client.web import DICOMwebClient
from other_programs import orthanc_in, send

from radloop.dicom.make import make_study
from radloop.dicom.sr import read_sr
from radloop.images import read_cine, read_label
from radloop.server.planes import pack
from radloop.store import Store
from radloop.synthesis import make_phantom
from radloop.synthesis.phantom import Phantom

FORMS = ("one-series", "series-per-slice", "enhanced")


@pytest.fixture(scope="module")
def heart() -> Phantom:
    return make_phantom(3, ef=55, frames=6, matrix=(64, 56), spacing_mm=(3.4, 14))


@pytest.fixture(scope="module")
def studies(heart: Phantom, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dicom")
    for form in FORMS:
        make_study(heart.cine, folder / form, form=form, seed=form, patient=form)
    return folder


@pytest.fixture(scope="module")
def running(serve: Any, studies: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with serve(studies, tmp_path_factory.mktemp("desk")) as server:
        server.wait_ready()
        yield server


@pytest.fixture(scope="module")
def beside_orthanc(serve: Any, studies: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A server that has its studies, the same ones, in an Orthanc."""
    with orthanc_in(tmp_path_factory.mktemp("orthanc")) as theirs:
        send(theirs, sorted(studies.rglob("*.dcm")))
        with serve(theirs, tmp_path_factory.mktemp("beside")) as server:
            server.wait_ready()
            yield server


@pytest.fixture
def http(running: Any) -> Iterator[httpx.Client]:
    with running.http() as client:
        yield client


def study_of(studies: Path, form: str) -> str:
    return str(pydicom.dcmread(next((studies / form).glob("*.dcm")), stop_before_pixels=True).StudyInstanceUID)


def case_of(studies: Path, http: httpx.Client, form: str) -> dict[str, Any]:
    answer = http.get("/radloop/cases", params={"study": study_of(studies, form)})
    [case] = answer.raise_for_status().json()["cases"]
    return dict(case)


@pytest.mark.parametrize("form", FORMS)
def test_a_cine_is_found_and_each_plane_has_its_place(
    studies: Path, http: httpx.Client, heart: Phantom, form: str
) -> None:
    case = case_of(studies, http, form)
    x, y, z, t = heart.cine.voxels.shape
    assert (case["columns"], case["rows"], case["slices"], case["frames"]) == (x, y, z, t)
    assert case["voxel_ml"] == pytest.approx(heart.cine.voxel_ml, rel=1e-5)
    files = {}
    for file in (studies / form).glob("*.dcm"):
        whole = pydicom.dcmread(file)
        files[whole.SOPInstanceUID] = whole
    for n in (0, z + 1, t * z - 1):
        plane = case["planes"][n]
        pixels = files[plane["instance"]].pixel_array
        shown = pixels[plane["frame"] - 1] if pixels.ndim == 3 else pixels
        assert np.array_equal(shown.T, heart.cine.voxels[:, :, n % z, n // z])


@pytest.mark.parametrize("form", FORMS)
def test_drawn_hearts_have_the_volumes_that_they_were_made_with(
    studies: Path, http: httpx.Client, heart: Phantom, form: str
) -> None:
    image = case_of(studies, http, form)["image"]
    body = {"planes": pack(heart.label), "from_version": "0.1.0"}
    said = http.post("/radloop/measure", params={"image": image}, json=body).raise_for_status().json()
    for name, value in heart.truth.items():
        assert said[name] == pytest.approx(value, abs=0.01), name


def test_analysing_and_measuring_say_the_same(studies: Path, http: httpx.Client) -> None:
    image = case_of(studies, http, "one-series")["image"]
    analysis = http.post("/radloop/analyse", params={"image": image}).raise_for_status().json()
    version = analysis["measurements"]["model_version"]
    body = {"planes": analysis["planes"], "from_version": version}
    assert http.post("/radloop/measure", params={"image": image}, json=body).json() == analysis["measurements"]
    assert version


@pytest.mark.parametrize(("where", "form"), [("running", "series-per-slice"), ("beside_orthanc", "enhanced")])
def test_from_a_drawing_to_the_store_and_the_archive(
    request: pytest.FixtureRequest, studies: Path, heart: Phantom, tmp_path: Path, where: str, form: str
) -> None:
    server = request.getfixturevalue(where)
    http = server.http()
    case = case_of(studies, http, form)
    image, reviewed = case["image"], {"1": "all", "4": [2, 3]}
    submission = {"planes": pack(heart.label), "author": "Dr A", "from_version": "0.1.0", "reviewed": reviewed}
    kept = http.put("/radloop/labels", params={"image": image}, json=submission).raise_for_status().json()
    with Store(server.data) as store:
        row = store.label_by_id(kept["id"])
        assert np.array_equal(read_label(row.path), heart.label)
        assert (row.info["reviewed"], row.info["assumed_reviewed"], row.info["author"]) == (reviewed, False, "Dr A")
        # Models learn from both: the picture lies beside the label, on one grid.
        assert np.array_equal(read_cine(store.image(image).path).voxels, heart.cine.voxels)
    opened = http.get("/radloop/label", params={"image": image, "id": kept["id"]}).raise_for_status().json()
    assert gzip.decompress(base64.b64decode(opened["planes"])) == gzip.decompress(base64.b64decode(pack(heart.label)))
    assert opened["measurements"]["lv_ef"] == pytest.approx(heart.truth["lv_ef"], abs=0.01)
    after = case_of(studies, http, form)
    assert (after["state"], after["labels"]) == ("submitted", [kept])

    body = {"planes": pack(heart.label), "from_version": "0.1.0", "edited": True}
    exported = http.post("/radloop/export", params={"image": image}, json=body).raise_for_status().json()
    study = study_of(studies, form)
    for address in {f"{server.base}/dicom-web", str(server.studies)} - {str(studies)}:
        archive = DICOMwebClient(address)
        [sr] = archive.retrieve_series(study, exported["sr_series"])
        sr.save_as(tmp_path / "sr.dcm")
        assert read_sr(tmp_path / "sr.dcm")["lv_ef"] == pytest.approx(heart.truth["lv_ef"], abs=0.01)
        [seg] = archive.retrieve_series(study, exported["seg_series"])
        numbers = [
            f.SegmentIdentificationSequence[0].ReferencedSegmentNumber for f in seg.PerFrameFunctionalGroupsSequence
        ]
        assert len(numbers) == 3 * len(case["planes"])
        for structure in (1, 2, 3):
            drawn = seg.pixel_array[np.array(numbers) == structure].sum()
            assert drawn == np.count_nonzero(heart.label == structure)


def test_a_case_that_a_model_has_seen_is_no_new_one(serve: Any, studies: Path, tmp_path: Path) -> None:
    def states(http: httpx.Client) -> dict[str, str]:
        return {case["image"]: case["state"] for case in http.get("/radloop/cases").json()["cases"]}

    with serve(studies, tmp_path) as server, server.http() as http:
        server.wait_ready()
        inferred, analysed, untouched = (case_of(studies, http, form)["image"] for form in FORMS)
        http.post("/infer/cine_heart", params={"image": inferred, "output": "json"}).raise_for_status()
        http.post("/radloop/analyse", params={"image": analysed}).raise_for_status()
        assert states(http) == {inferred: "analysed", analysed: "analysed", untouched: "new"}
    again = tmp_path / "again"
    again.mkdir()
    with serve(studies, again, home=str(server.data)) as server, server.http() as http:
        assert [case_of(studies, http, form)["state"] for form in FORMS] == ["analysed", "analysed", "new"]
        assert states(http) == {inferred: "analysed", analysed: "analysed", untouched: "new"}


def test_what_is_no_cine_says_why(studies: Path, http: httpx.Client) -> None:
    assert http.post("/radloop/analyse", params={"image": "1.2.3"}).status_code == 404
    scout = next(f for f in (studies / "one-series").glob("*.dcm") if "scout" in f.name)
    series = pydicom.dcmread(scout, stop_before_pixels=True).SeriesInstanceUID
    answer = http.post("/radloop/analyse", params={"image": series})
    assert answer.status_code == 422
    assert scout.name in answer.json()["detail"]
    nothing = http.get("/radloop/cases", params={"study": "1.2.3"}).json()
    assert (nothing["cases"], nothing["others"]) == ([], [])
