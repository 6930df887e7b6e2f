"""A cine in DICOM is an image like any other: listed, fetched, analysed and labelled through MONAI Label's client.

Once from a folder, and once from other DICOMweb servers: a radloop over that folder, and an Orthanc.
"""

import json
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pydicom
import pytest
from other_programs import orthanc_in, send

from radloop.dicom.make import make_study
from radloop.images import read_cine, read_label, write_cine, write_label
from radloop.store import Store
from radloop.synthesis import make_phantom
from radloop.synthesis.phantom import Phantom

FORMS = ("one-series", "series-per-slice", "enhanced")
FRAMES = 3


@pytest.fixture(scope="module")
def heart() -> Phantom:
    return make_phantom(3, ef=55, frames=FRAMES, matrix=(64, 56), spacing_mm=(3.4, 14))


@pytest.fixture(scope="module")
def folder(heart: Phantom, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The heart as DICOM in three forms, and as NIfTI."""
    studies = tmp_path_factory.mktemp("dicom")
    for form in FORMS:
        make_study(heart.cine, studies / form, form=form, seed=form, patient=form)
    write_cine(studies / "plain.nii.gz", heart.cine)
    return studies


@pytest.fixture(scope="module")
def near(serve: Callable[..., Any], folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with serve(folder, tmp_path_factory.mktemp("near")) as server:
        server.wait_ready()
        yield server


@pytest.fixture(scope="module")
def far(serve: Callable[..., Any], near: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with serve(f"{near.base}/dicom-web", tmp_path_factory.mktemp("far")) as server:
        server.wait_ready()
        yield server


@pytest.fixture(scope="module")
def beside_orthanc(serve: Callable[..., Any], folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with orthanc_in(tmp_path_factory.mktemp("orthanc")) as theirs:
        for form in FORMS:
            send(theirs, sorted((folder / form).glob("*.dcm")))
        with serve(theirs, tmp_path_factory.mktemp("beside")) as server:
            server.wait_ready()
            yield server


@pytest.fixture(scope="module")
def of_file(near: Any) -> dict[str, Any]:
    """What is answered of the heart as NIfTI."""
    answer = near.http().post("/infer/cine_heart", params={"image": "plain", "output": "json"}).raise_for_status()
    told: dict[str, Any] = answer.json()
    return told


@pytest.fixture(params=["near", "far", "beside_orthanc"])
def running(request: pytest.FixtureRequest, folder: Path) -> Any:
    """A server that has found every cine."""
    server: Any = request.getfixturevalue(request.param)
    wait_for(lambda: {series(folder, form)[0] for form in FORMS} <= listed(server), 30, lambda: server.log)
    return server


def wait_for(condition: Callable[[], bool], seconds: float, say: Callable[[], str]) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, say()
        time.sleep(0.1)


def listed(server: Any) -> set[str]:
    return set(server.http().get("/datastore/", params={"output": "all"}).raise_for_status().json()["objects"])


def series(folder: Path, form: str) -> list[str]:
    """The UIDs of the series that make the cine, by their numbers."""
    headers = [pydicom.dcmread(f, stop_before_pixels=True) for f in (folder / form).glob("sax*.dcm")]
    return [uid for _, uid in sorted({(int(h.SeriesNumber), str(h.SeriesInstanceUID)) for h in headers})]


def test_every_cine_is_listed_once_and_nothing_else_is(running: Any, folder: Path, tmp_path: Path) -> None:
    cines = {series(folder, form)[0] for form in FORMS}
    files = {"plain"} if running.studies == folder else set()
    assert set(running.client(tmp_path).datastore()["objects"]) == cines | files
    assert running.client(tmp_path).info()["datastore"]["total"] == len(cines | files)
    drawn = {running.client(tmp_path).next_sample("random", {})["id"] for _ in range(20)}
    assert drawn <= cines | files
    assert drawn & cines
    cases = running.http().get("/radloop/cases").raise_for_status().json()["cases"]
    assert {case["image"]: case["n_frames"] for case in cases} == dict.fromkeys(cines | files, FRAMES)


@pytest.mark.parametrize("form", FORMS)
def test_a_cine_is_fetched_as_nifti(running: Any, folder: Path, heart: Phantom, tmp_path: Path, form: str) -> None:
    for uid in series(folder, form)[:2]:
        answer = running.http().get("/datastore/image", params={"image": uid}).raise_for_status()
        assert f'filename="{series(folder, form)[0]}.nii.gz"' in answer.headers["content-disposition"]
        (tmp_path / "cine.nii.gz").write_bytes(answer.content)
        cine = read_cine(tmp_path / "cine.nii.gz")
        assert np.array_equal(cine.voxels, heart.cine.voxels)
        assert np.allclose(cine.affine, heart.cine.affine, atol=1e-3)
        assert running.http().head("/datastore/image", params={"image": uid}).status_code == 200


@pytest.mark.parametrize("form", FORMS)
def test_one_exam_gives_one_answer_however_it_arrives(
    of_file: dict[str, Any], running: Any, folder: Path, tmp_path: Path, form: str
) -> None:
    uid, *others = series(folder, form)
    file, answer = running.client(tmp_path).infer("cine_heart", uid, {})
    assert Path(file).name == f"{uid}.cine_heart.nii.gz"
    assert answer["image"] == uid
    for name in ("lv_ef", "rv_ef", "lv_edv_ml", "lv_esv_ml", "lv_mass_g"):
        assert answer[name] == pytest.approx(of_file[name], abs=0.01), name
    assert nib.load(file).shape == (64, 56, *nib.load(file).shape[2:3], FRAMES)
    panel = running.http().post("/radloop/analyse", params={"image": uid}).raise_for_status().json()["measurements"]
    assert {name: answer[name] for name in panel} == panel
    for other in others[:1]:
        again = running.http().post("/infer/cine_heart", params={"image": other, "output": "json"}).json()
        assert again == answer


def test_the_answer_is_that_of_the_command(near: Any, folder: Path, radloop, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    done = radloop("infer", "cine_heart", folder / "series-per-slice", "-o", tmp_path / "out", "--json")
    uid = series(folder, "series-per-slice")[0]
    answer = near.http().post("/infer/cine_heart", params={"image": uid, "output": "json"}).json()
    told = json.loads(done.stdout)
    assert {name: answer[name] for name in told} == told


def test_objects_that_come_along_are_analysed_like_those_that_are_there(near: Any, folder: Path) -> None:
    uid = series(folder, "enhanced")[0]
    there = near.http().post("/infer/cine_heart", params={"image": uid, "output": "json"}).json()
    [file] = (folder / "enhanced").glob("sax*.dcm")
    sent = {"file": ("IM0001", file.read_bytes())}
    alone = near.http().post("/infer/cine_heart", params={"output": "json"}, files=sent).json()
    assert alone == there
    files = [("files", (f.name, f.read_bytes())) for f in (folder / "one-series").glob("*.dcm")]
    session = near.http().put("/session/", files=files).raise_for_status().json()["session_id"]
    answer = near.http().post("/infer/cine_heart", params={"session_id": session, "output": "json"}).json()
    assert answer["image"] == series(folder, "one-series")[0]
    assert answer["lv_ef"] == pytest.approx(there["lv_ef"], abs=0.01)


def test_a_label_is_kept_on_the_grid_of_the_cine(running: Any, folder: Path, heart: Phantom, tmp_path: Path) -> None:
    uid, other, *_ = series(folder, "series-per-slice")
    client = running.client(tmp_path)
    write_label(tmp_path / "label.nii.gz", heart.label, heart.cine)
    assert client.save_label(other, str(tmp_path / "label.nii.gz"), params={"reviewed": {"1": "all"}}) == {
        "image": uid,
        "label": uid,
    }
    for name in (uid, other):
        assert np.array_equal(read_label(Path(client.download_label(name, "final"))), heart.label)
    assert client.datastore()["objects"][uid]["labels"].keys() == {"final"}
    states = {c["image"]: c["state"] for c in running.http().get("/radloop/cases").json()["cases"]}
    assert states[uid] == "submitted" != states[series(folder, "enhanced")[0]]
    with Store(running.data) as store:  # models learn from both: the picture lies beside the label, on one grid
        [(image, label)] = [pair for pair in store.labelled() if pair[0].id == uid]
        assert np.array_equal(read_cine(image.path).voxels, heart.cine.voxels)
        assert np.array_equal(read_label(label.path), heart.label)

    moved = nib.load(tmp_path / "label.nii.gz")
    affine = moved.affine.copy()
    affine[:3, 3] += 50
    nib.save(nib.Nifti1Image(np.asarray(moved.dataobj), affine), tmp_path / "elsewhere.nii.gz")
    sent = {"label": ("label.nii.gz", (tmp_path / "elsewhere.nii.gz").read_bytes())}
    refused = running.http().put("/datastore/label", params={"image": uid}, files=sent)
    assert refused.status_code == 422
    assert "lies elsewhere" in refused.json()["detail"]


def test_what_is_no_cine_is_refused_in_words(running: Any, folder: Path) -> None:
    scout = pydicom.dcmread(next((folder / "enhanced").glob("scout*.dcm")), stop_before_pixels=True)
    answer = running.http().post("/infer/cine_heart", params={"image": str(scout.SeriesInstanceUID)})
    assert answer.status_code == 422
    assert "cine" in answer.json()["detail"]
    assert running.http().get("/datastore/image", params={"image": "1.2.3"}).status_code == 404


def test_cines_come_and_go_with_their_objects(
    serve: Callable[..., Any], folder: Path, heart: Phantom, tmp_path: Path
) -> None:
    studies = tmp_path / "studies"
    studies.mkdir()
    with serve(studies, tmp_path) as server:
        assert listed(server) == set()
        shutil.copytree(folder / "enhanced", studies / "new")
        [uid] = series(folder, "enhanced")
        wait_for(lambda: listed(server) == {uid}, 30, lambda: server.log)
        write_label(tmp_path / "label.nii.gz", heart.label, heart.cine)
        server.client(tmp_path).save_label(uid, str(tmp_path / "label.nii.gz"))
        shutil.rmtree(studies / "new")
        wait_for(lambda: listed(server) == set(), 30, lambda: server.log)
        shutil.copytree(folder / "enhanced", studies / "again")
        wait_for(lambda: listed(server) == {uid}, 30, lambda: server.log)
        assert server.client(tmp_path).datastore()["objects"][uid]["labels"].keys() == {"final"}


def test_an_archive_that_is_away_is_said_and_the_server_lives(serve: Callable[..., Any], tmp_path: Path) -> None:
    with serve("http://someone:secret@127.0.0.1:9/dicom-web", tmp_path) as server:
        assert listed(server) == set()
        answer = server.http().post("/infer/cine_heart", params={"image": "1.2.3"})
        assert answer.status_code == 502
        assert "does not answer" in answer.json()["detail"]
        assert "secret" not in server.log + answer.text


def test_a_seg_is_answered_for_dicom_and_for_nothing_else(near: Any, folder: Path, tmp_path: Path) -> None:
    uid = series(folder, "enhanced")[0]
    file, _ = near.client(tmp_path).infer("cine_heart", uid, {})
    sent = near.http().post("/infer/cine_heart", params={"image": uid, "output": "dicom_seg"}).raise_for_status()
    (tmp_path / "seg.dcm").write_bytes(sent.content)
    seg = pydicom.dcmread(tmp_path / "seg.dcm")
    assert (seg.Modality, len(seg.SegmentSequence)) == ("SEG", 3)
    assert seg.pixel_array.astype(bool).sum() == np.count_nonzero(read_label(Path(file)))
    refused = near.http().post("/infer/cine_heart", params={"image": "plain", "output": "dicom_seg"})
    assert refused.status_code == 400
