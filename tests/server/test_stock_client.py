"""Everything that MONAI Label's own client asks, answered as it expects, by a server in a process of its own."""

import json
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest

from radloop.images import read_label


def test_info_lists_the_model_its_labels_and_the_images(server: Any, tmp_path: Path) -> None:
    info = server.client(tmp_path).info()
    model = info["models"]["cine_heart"]
    assert model["type"] == "segmentation"
    assert model["labels"] == {"RV": 1, "MYO": 2, "LV": 3}
    assert [detail["code"] for detail in model["label_details"]] == ["53085002", "49848007", "87878005"]
    assert model["state"] == "ready"
    assert info["labels"] == ["RV", "MYO", "LV"]
    assert info["datastore"]["total"] >= 9
    assert {"first", "random"} <= info["strategies"].keys()


def test_infer_brings_the_label_of_every_frame_and_the_measurements(server: Any, tmp_path: Path) -> None:
    file, answer = server.client(tmp_path).infer("cine_heart", "cine", {})
    image, label = nib.load(server.studies / "cine.nii.gz"), nib.load(file)
    assert Path(file).name == "cine.cine_heart.nii.gz"
    assert label.shape == image.shape
    np.testing.assert_allclose(label.affine, image.affine, atol=1e-5)
    np.testing.assert_allclose(label.header.get_zooms(), image.header.get_zooms(), rtol=1e-5)
    assert label.get_data_dtype() == np.uint8
    assert answer["image"] == "cine"
    assert answer["model_version"] == server.client(tmp_path).info()["models"]["cine_heart"]["version"]
    assert answer["n_frames"] == 5
    assert answer["label_names"] == {"RV": 1, "MYO": 2, "LV": 3}
    assert answer["research_use_only"] is True
    if answer["curves"]:
        voxel_ml = 1.5 * 1.5 * 8 / 1000
        in_file = (np.asarray(label.dataobj) == 3).sum(axis=(0, 1, 2)) * voxel_ml
        np.testing.assert_allclose(answer["curves"]["lv_ml"], in_file, rtol=1e-6)


def test_outputs_are_the_same_answer_in_parts(server: Any, tmp_path: Path) -> None:
    file, answer = server.client(tmp_path).infer("cine_heart", "cine", {})
    http = server.http()
    as_json = http.post("/infer/cine_heart", params={"image": "cine", "output": "json"})
    assert as_json.json() == answer
    as_image = http.post("/infer/cine_heart", params={"image": "cine", "output": "image"})
    assert as_image.headers["content-disposition"] == 'attachment; filename="cine.cine_heart.nii.gz"'
    (tmp_path / "image.nii.gz").write_bytes(as_image.content)
    np.testing.assert_array_equal(read_label(tmp_path / "image.nii.gz"), read_label(Path(file)))
    both = http.post("/infer/cine_heart", params={"image": "cine", "output": "all"})
    assert both.headers["content-type"].startswith("multipart/form-data")


def test_one_frame_and_stock_viewers(server: Any, tmp_path: Path) -> None:
    client = server.client(tmp_path)
    whole = read_label(Path(client.infer("cine_heart", "cine", {})[0]))
    file, answer = client.infer("cine_heart", "cine", {"frame": 4})
    assert nib.load(file).shape == whole.shape[:3]
    np.testing.assert_array_equal(read_label(Path(file))[..., 0], whole[..., 3])

    # As 3D Slicer's module asks.
    file, answer = client.infer("cine_heart", "cine", {"result_extension": ".nrrd", "result_dtype": "uint8"})
    assert Path(file).read_bytes().startswith(b"NRRD")
    shown = read_label(Path(file))
    assert shown.shape == (*whole.shape[:3], 1)
    np.testing.assert_array_equal(shown[..., 0], whole[..., (answer["ed_frame"] or 1) - 1])
    np.testing.assert_allclose(read_cine_grid(Path(file)), nib.load(server.studies / "cine.nii.gz").affine, atol=1e-4)


def read_cine_grid(file: Path) -> np.ndarray:
    import SimpleITK as sitk

    image = sitk.ReadImage(str(file))
    affine = np.eye(4)
    affine[:3, :3] = np.array(image.GetDirection()).reshape(3, 3) * np.array(image.GetSpacing())
    affine[:3, 3] = image.GetOrigin()
    return np.diag([-1.0, -1.0, 1.0, 1.0]) @ affine  # ITK counts towards left and back, NIfTI towards right and front


def test_a_volume_is_answered_with_a_volume(server: Any, tmp_path: Path) -> None:
    file, answer = server.client(tmp_path).infer("cine_heart", "still", {})
    assert nib.load(file).shape == (48, 40, 3)
    assert answer["n_frames"] == 1
    assert answer["lv_ef"] is None
    assert "ONE_FRAME" in [warning["code"] for warning in answer["warnings"]]


def test_a_picture_that_comes_along_gets_the_same_answer_and_is_not_kept(server: Any, tmp_path: Path) -> None:
    client = server.client(tmp_path)
    file, answer = client.infer("cine_heart", "", {}, file=str(server.studies / "cine.nii.gz"))
    kept, there = client.infer("cine_heart", "cine", {})
    assert answer == there
    np.testing.assert_array_equal(read_label(Path(file)), read_label(Path(kept)))
    assert list((server.data / "scratch").iterdir()) == []


def test_labels_come_back_as_they_were_sent_and_none_is_lost(server: Any, tmp_path: Path) -> None:
    client = server.client(tmp_path)
    file, answer = client.infer("cine_heart", "cine2", {})
    reviewed = {"1": "all", "3": [2, 3]}
    params = {"from_version": answer["model_version"], "reviewed": reviewed}
    assert client.save_label("cine2", file, params=params) == {"image": "cine2", "label": "cine2"}
    back = client.download_label("cine2", "final")
    np.testing.assert_array_equal(read_label(Path(back)), read_label(Path(file)))
    info = server.http().get("/datastore/label/info", params={"label": "cine2", "tag": "final"}).json()
    assert info["from_version"] == answer["model_version"]
    assert info["reviewed"] == reviewed
    assert info["assumed_reviewed"] is False

    image = nib.load(server.studies / "cine2.nii.gz")
    empty = nib.Nifti1Image(np.zeros(image.shape, np.uint8), image.affine)
    nib.save(empty, tmp_path / "second.nii.gz")
    client.save_label("cine2", str(tmp_path / "second.nii.gz"))  # as stock clients: nothing said about review
    assert not read_label(Path(client.download_label("cine2", "final"))).any()
    info = server.http().get("/datastore/label/info", params={"label": "cine2", "tag": "final"}).json()
    assert info["assumed_reviewed"] is True
    listed = client.datastore()["objects"]["cine2"]
    assert listed["labels"].keys() == {"final"}

    deleted = server.http().delete("/datastore/label", params={"id": "cine2", "tag": "final"})
    assert deleted.status_code == 200
    np.testing.assert_array_equal(read_label(Path(client.download_label("cine2", "final"))), read_label(Path(file)))
    assert len(list(server.data.rglob("labels/cine2/*.nii.gz"))) == 2


def test_one_frame_of_a_cine_can_be_submitted(server: Any, tmp_path: Path) -> None:
    client = server.client(tmp_path)
    file, _ = client.infer("cine_heart", "cine", {"frame": 2})
    client.save_label("cine", file, tag="one", params={"frame": 2})
    info = server.http().get("/datastore/label/info", params={"label": "cine", "tag": "one"}).json()
    assert info["reviewed"] == {"2": "all"}
    client.save_label("cine", file, tag="one")
    info = server.http().get("/datastore/label/info", params={"label": "cine", "tag": "one"}).json()
    assert info["reviewed"] == {}


def test_next_sample_is_an_image_without_a_label_and_tells_no_path(server: Any, tmp_path: Path) -> None:
    client = server.client(tmp_path)
    labelled = {name for name, one in client.datastore()["objects"].items() if "final" in one["labels"]}
    for strategy in ("first", "random"):
        sample = client.next_sample(strategy, {})
        assert sample["id"] not in labelled
        picture = server.http().get("/datastore/image", params={"image": sample["id"]})
        assert picture.content == (server.studies / f"{sample['id']}.nii.gz").read_bytes()
        assert str(server.studies) not in json.dumps(sample)


def test_sessions_are_made_used_and_removed(server: Any, tmp_path: Path) -> None:
    client = server.client(tmp_path)
    made = client.create_session(str(server.studies / "cine.nii.gz"))
    name = made["session_id"]
    assert made["session_info"]["image"] == "cine.nii.gz"
    assert str(server.data) not in json.dumps(made)
    assert client.get_session(name)["name"] == name
    picture = server.http().get(f"/session/{name}", params={"image": True})
    assert picture.content == (server.studies / "cine.nii.gz").read_bytes()
    file, answer = client.infer("cine_heart", "ignored", {}, session_id=name)
    kept, there = client.infer("cine_heart", "cine", {})
    assert answer == there
    np.testing.assert_array_equal(read_label(Path(file)), read_label(Path(kept)))
    client.remove_session(name)
    assert server.http().get(f"/session/{name}").status_code == 404
    assert not (server.data / "sessions" / name).exists()


def test_an_image_is_added_once(server: Any, tmp_path: Path, cine_file: Callable[..., Path]) -> None:
    client = server.client(tmp_path)
    mine = cine_file(tmp_path / "mine.nii.gz")
    assert client.upload_image(str(mine), "added") == {"image": "added"}
    assert server.http().get("/datastore/image", params={"image": "added"}).content == mine.read_bytes()
    assert client.infer("cine_heart", "added", {})[1]["image"] == "added"
    again = server.http().put("/datastore/", params={"image": "added"}, files={"file": ("x.nii.gz", b"garbage")})
    assert again.status_code == 409
    assert server.http().get("/datastore/image", params={"image": "added"}).content == mine.read_bytes()
    assert server.http().delete("/datastore/image", params={"id": "added"}).status_code == 200
    assert server.http().get("/datastore/image", params={"image": "added"}).status_code == 404


def test_images_are_checked_and_described(server: Any) -> None:
    import hashlib

    http = server.http()
    digest = hashlib.sha256((server.studies / "cine.nii.gz").read_bytes()).hexdigest()
    for check_sum, status in (
        (None, 200),
        (f"SHA256:{digest}", 200),
        (digest, 200),
        ("SHA256:00", 404),
        ("MD5:0", 400),
    ):
        params = {"image": "cine"} | ({"check_sum": check_sum} if check_sum else {})
        assert http.head("/datastore/image", params=params).status_code == status
    assert http.put("/datastore/image/info", params={"image": "cine"}, data={"info": '{"site": 3}'}).status_code == 200
    assert http.get("/datastore/image/info", params={"image": "cine"}).json()["site"] == 3


@pytest.mark.parametrize("path", ["/datastore/label/info", "/datastore/updatelabelinfo"])
def test_what_is_known_of_a_label_can_be_added_to(server: Any, tmp_path: Path, path: str) -> None:
    client = server.client(tmp_path)
    file, _ = client.infer("cine_heart", "cine", {})
    client.save_label("cine", file, tag="noted")
    field = "params" if path.endswith("updatelabelinfo") else "info"
    put = server.http().put(path, params={"label": "cine", "tag": "noted"}, data={field: '{"status": "approved"}'})
    assert put.status_code == 200
    listed = client.datastore()["objects"]["cine"]["labels"]["noted"]["info"]
    assert listed["status"] == "approved"


def test_the_dataset_is_a_zip_of_images_with_final_labels(server: Any, tmp_path: Path) -> None:
    client = server.client(tmp_path)
    file, _ = client.infer("cine_heart", "still", {})
    client.save_label("still", file)
    answer = server.http().get("/datastore/dataset")
    names = zipfile.ZipFile(BytesIO(answer.content)).namelist()
    assert {"still.nii.gz", "labels/final/still.nii.gz"} <= set(names)
    assert list((server.data / "scratch").iterdir()) == []
    listed = server.http().get("/datastore/", params={"output": "train"}).json()
    assert {"image": "still", "label": "still"} in listed
