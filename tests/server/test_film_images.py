"""A classifier behind the server: films of the folder, of the archive and that come along, answered and labelled."""

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
from PIL import Image
from pydicom.dataset import Dataset

from radloop.dicom.elements import with_meta

MODEL = "cxr_classifier"
UID = "1.2.826.0.1.3680043.8.498.77"


def shade(brightness: int, rows: int = 60, columns: int = 50) -> np.ndarray:
    """(rows, columns) of a mean brightness, with some structure."""
    wave = 30 * np.sin(np.arange(rows) / 5)[:, None] * np.ones(columns)
    return np.clip(brightness + wave, 0, 255).astype(np.uint8)


def write_film(path: Path, pixels: np.ndarray, uid: str = UID, photometric: str = "MONOCHROME2") -> Path:
    ds = Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.1", f"{uid}.3"
    ds.StudyInstanceUID, ds.SeriesInstanceUID = f"{uid}.1", f"{uid}.2"
    ds.Modality, ds.PatientName, ds.PatientID, ds.SeriesNumber = "CR", "Film", "7", 1
    ds.Rows, ds.Columns = pixels.shape
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, photometric
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 8, 8, 7, 0
    ds.PixelSpacing = [0.4, 0.3]
    ds.PixelData = pixels.tobytes()
    pydicom.dcmwrite(path, with_meta(ds), enforce_file_format=True)
    return path


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("films")
    Image.fromarray(shade(70)).save(folder / "dark.png")
    Image.fromarray(shade(160)).save(folder / "bright.jpg", quality=95)
    aside = np.concatenate([shade(20)[:, :25], shade(220)[:, 25:]], axis=1)
    Image.fromarray(aside).save(folder / "aside.png")
    write_film(folder / "film.dcm", shade(160))
    cine = np.random.default_rng(0).integers(0, 99, (40, 40, 3, 4)).astype(np.int16)
    nib.save(nib.Nifti1Image(cine, np.eye(4)), folder / "cine.nii.gz")
    whole = (folder / "dark.png").read_bytes()
    (folder / "torn.png").write_bytes(whole[: len(whole) // 2])
    return folder


@pytest.fixture(scope="module")
def running(serve_tiny: Any, films: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with serve_tiny(films, tmp_path_factory.mktemp("film-server")) as server:
        server.wait_ready()
        yield server


def test_info_tells_of_a_classifier(running: Any, tmp_path: Path) -> None:
    info = running.client(tmp_path).info()
    model = info["models"][MODEL]
    assert (model["type"], model["dimension"], model["state"]) == ("classification", 2, "ready")
    assert model["labels"] == {"dark": 0, "bright": 1}
    assert info["labels"] == []  # classes are no segments


def test_the_stock_client_gets_probabilities_and_an_image_of_zeros(running: Any, films: Path, tmp_path: Path) -> None:
    file, answer = running.client(tmp_path).infer(MODEL, "dark", {})
    assert list(answer["prediction"]) == answer["classes"] == ["dark", "bright"]
    assert sum(answer["prediction"].values()) == pytest.approx(1)
    assert (answer["label"], answer["abstained"], answer["heat_map"]) == ("dark", False, False)
    assert answer["image"] == "dark"
    assert answer["research_use_only"] is True
    image = nib.load(file)
    assert (image.shape, Path(file).name) == ((50, 60, 1), f"dark.{MODEL}.nii.gz")
    assert not np.asarray(image.dataobj).any()


@pytest.mark.parametrize("suffix", [None, ".nrrd"])
def test_a_heat_map_comes_when_it_is_asked_for(suffix: str | None, running: Any, films: Path, tmp_path: Path) -> None:
    asked = {"heat_map": True} | ({"result_extension": suffix} if suffix else {})
    file, answer = running.client(tmp_path).infer(MODEL, "dark", asked)
    assert answer["heat_map"] is True
    if suffix:
        assert Path(file).read_bytes().startswith(b"NRRD")
        return
    found = np.asarray(nib.load(file).dataobj)[..., 0].T
    picture = np.asarray(Image.open(films / "dark.png"), np.float32)
    np.testing.assert_allclose(found, (picture - picture.min()) / np.ptp(picture), atol=1e-6)


def test_an_abstention_names_no_class_in_any_part(running: Any, tmp_path: Path) -> None:
    file, answer = running.client(tmp_path).infer(MODEL, "aside", {"heat_map": True})
    assert (answer["abstained"], answer["label"], answer["prediction"]) == (True, None, {})
    assert "brighter on the right" in answer["reason"]
    assert not np.asarray(nib.load(file).dataobj).any()


def test_a_film_of_the_archive_is_an_image_by_the_uid_of_its_object(running: Any, tmp_path: Path) -> None:
    client, film = running.client(tmp_path), f"{UID}.3"
    listed = running.http().get("/datastore/", params={"output": "all"}).json()["objects"]
    assert {film, "dark", "bright", "aside", "cine"} <= listed.keys()
    file, answer = client.infer(MODEL, film, {"heat_map": True})
    assert (answer["label"], answer["image"]) == ("bright", film)
    image = nib.load(file)
    assert image.shape == (50, 60, 1)
    np.testing.assert_allclose(image.header.get_zooms()[:2], (0.3, 0.4), rtol=1e-5)
    fetched = running.http().get("/datastore/image", params={"image": film})
    (tmp_path / "fetched.dcm").write_bytes(fetched.content)
    assert pydicom.dcmread(tmp_path / "fetched.dcm").SOPInstanceUID == film
    assert running.http().post("/infer/cxr_classifier", params={"image": f"{UID}.9"}).status_code == 404


def test_another_server_offers_its_films_the_same_way(running: Any, serve_tiny: Any, tmp_path: Path) -> None:
    with serve_tiny(f"{running.base}/dicom-web", tmp_path) as far:
        far.wait_ready()
        assert f"{UID}.3" in far.http().get("/datastore/", params={"output": "all"}).json()["objects"]
        near, there = (
            server.http().post(f"/infer/{MODEL}", params={"image": f"{UID}.3", "output": "json"}).json()
            for server in (running, far)
        )
        assert near == there


@pytest.mark.parametrize("name", ["dark.png", "bright.jpg", "film.dcm"])
def test_a_film_that_comes_along_is_answered_as_one_that_lies_there(name: str, running: Any, films: Path) -> None:
    image = f"{UID}.3" if name == "film.dcm" else Path(name).stem
    lying = running.http().post(f"/infer/{MODEL}", params={"image": image, "output": "json"}).json()
    with (films / name).open("rb") as content:
        coming = (
            running.http().post(f"/infer/{MODEL}", params={"output": "json"}, files={"file": (name, content)}).json()
        )
    assert coming["prediction"] == lying["prediction"]


@pytest.mark.parametrize("image", ["torn", "cine"])
def test_what_is_no_film_is_refused_in_a_sentence(image: str, running: Any) -> None:
    refused = running.http().post(f"/infer/{MODEL}", params={"image": image})
    assert refused.status_code == 422
    assert image in refused.json()["detail"]
    seg = running.http().post(f"/infer/{MODEL}", params={"image": "dark", "output": "dicom_seg"})
    assert seg.status_code == 400


def submit(running: Any, tmp_path: Path, text: str, params: dict[str, Any]) -> Any:
    (tmp_path / "label.json").write_text(text)
    with (tmp_path / "label.json").open("rb") as label:
        return running.http().put(
            "/datastore/label",
            params={"image": "bright", "tag": "final"},
            files={"label": ("label.json", label)},
            data={"params": json.dumps(params)},
        )


def test_an_image_is_called_by_its_id_and_not_by_its_file_here(running: Any, films: Path) -> None:
    with (films / "cine.nii.gz").open("rb") as content:
        sent = {"file": ("x.nii.gz", content)}
        assert running.http().put("/datastore/image", params={"image": "beating"}, files=sent).status_code == 200
    refused = running.http().post(f"/infer/{MODEL}", params={"image": "beating"})
    assert refused.status_code == 422
    assert refused.json()["detail"].startswith("beating.nii.gz: ")


def test_a_cine_is_of_no_class(running: Any) -> None:
    sent = {"label": ("label.json", b'{"label": "dark"}')}
    refused = running.http().put("/datastore/label", params={"image": "cine"}, files=sent)
    assert refused.status_code == 422
    assert refused.json()["detail"].startswith("cine.nii.gz: ")
    assert running.http().head("/datastore/label", params={"image": "cine"}).status_code == 404


def test_a_class_is_submitted_kept_with_its_history_and_fetched(running: Any, tmp_path: Path) -> None:
    (tmp_path / "one.json").write_text('{"label": "dark"}')
    running.client(tmp_path).save_label("bright", str(tmp_path / "one.json"), "final", {"author": "anna"})
    assert (
        submit(running, tmp_path, '{"label": "bright"}', {"author": "ben", "from_version": "0.0.1"}).status_code == 200
    )
    fetched = running.http().get("/datastore/label", params={"label": "bright", "tag": "final"})
    assert fetched.json() == {"label": "bright"}
    info = running.http().get("/datastore/label/info", params={"label": "bright", "tag": "final"}).json()
    assert (info["label"], info["author"], info["from_version"]) == ("bright", "ben", "0.0.1")
    kept = sorted((running.data / "labels" / "bright").glob("*.json"))
    assert [json.loads(file.read_text())["label"] for file in kept] == ["dark", "bright"]
    listed = running.http().get("/datastore/", params={"output": "all"}).json()["objects"]["bright"]
    assert listed["labels"]["final"]["info"]["label"] == "bright"
    running.http().delete("/datastore/label", params={"id": "bright", "tag": "final"})
    assert running.http().get("/datastore/label", params={"label": "bright", "tag": "final"}).json() == {
        "label": "dark"
    }


@pytest.mark.parametrize("text", ['{"label": "fracture"}', '{"label": ""}', "{}", "dark", '{"label": 3}', ""])
def test_what_names_no_class_is_refused(text: str, running: Any, tmp_path: Path) -> None:
    assert submit(running, tmp_path, text, {}).status_code == 422


def test_a_batch_keeps_classes_and_names_what_it_could_not_read(running: Any) -> None:
    http = running.http()
    asked = http.post(f"/batch/infer/{MODEL}", json={"label_tag": "original"})
    assert asked.status_code == 200
    until = time.monotonic() + 120
    while (job := http.get(f"/radloop/jobs/{asked.json()['id']}").json())["state"] != "done":
        assert job["state"] in ("queued", "running"), job
        assert time.monotonic() < until, job
        time.sleep(0.1)
    result = job["result"]
    assert result["images"]["dark"]["label"] == "dark"
    assert result["images"]["aside"]["abstained"] is True
    assert {"torn", "cine"} <= result["refused"].keys()
    labels = http.get("/datastore/label", params={"label": "dark", "tag": "original"})
    assert labels.json() == {"label": "dark"}
    assert http.get("/datastore/label", params={"label": "aside", "tag": "original"}).status_code == 404


def test_an_image_can_be_added(running: Any, films: Path, tmp_path: Path) -> None:
    shutil.copy(films / "dark.png", tmp_path / "added.png")
    with (tmp_path / "added.png").open("rb") as content:
        added = running.http().put("/datastore/image", files={"file": ("added.png", content)})
    assert added.json() == {"image": "added"}
    assert running.http().post(f"/infer/{MODEL}", params={"image": "added", "output": "json"}).json()["label"] == "dark"
    with (films / "torn.png").open("rb") as content:
        refused = running.http().put("/datastore/image", files={"file": ("worse.png", content)})
    assert refused.status_code == 422


def test_the_stock_server_gives_the_same_answer(
    running: Any, films: Path, tmp_path: Path, stock_serve_tiny: Callable[..., Any]
) -> None:
    studies = tmp_path / "studies"
    studies.mkdir()
    shutil.copy(films / "dark.png", studies)
    with stock_serve_tiny(studies, tmp_path) as stock:
        client = stock.client(tmp_path)
        assert client.info()["models"][MODEL]["type"] == "classification"
        theirs, said = client.infer(MODEL, client.next_sample("first", {})["id"], {})
        ours, told = running.client(tmp_path).infer(MODEL, "dark", {})
    assert said["prediction"] == told["prediction"]
    np.testing.assert_array_equal(nib.load(theirs).dataobj, nib.load(ours).dataobj)
