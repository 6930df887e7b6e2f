"""What a server must not do, and the sentence it says instead."""

import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest


def problem(answer: Any, status: int | tuple[int, ...]) -> str:
    statuses = (status,) if isinstance(status, int) else status
    assert answer.status_code in statuses, f"{answer.status_code} {answer.text[:300]}"
    body = answer.json()
    assert body.keys() == {"detail"}
    assert isinstance(body["detail"], str)
    assert "Traceback" not in body["detail"]
    return body["detail"]


@pytest.mark.parametrize("image", ["truncated", "empty", "words", "notfinite", "constant", "tiny"])
@pytest.mark.parametrize("output", ["json", "all"])
def test_files_that_cannot_be_analysed_are_named(server: Any, image: str, output: str) -> None:
    answer = server.http().post("/infer/cine_heart", params={"image": image, "output": output})
    detail = problem(answer, 422)
    assert detail.startswith(f"{image}.nii.gz: ")
    assert str(server.studies) not in detail
    assert "Traceback" not in server.log


@pytest.mark.parametrize("image", ["truncated", "empty", "words", "notfinite", "constant", "tiny"])
def test_the_same_files_are_not_taken_as_images_sessions_or_labels(server: Any, image: str) -> None:
    http = server.http()
    whole = (server.studies / f"{image}.nii.gz").read_bytes()
    upload = {"file": ("bad.nii.gz", whole)}
    problem(http.put("/datastore/image", params={"image": "bad"}, files=upload), 422)
    problem(http.get("/datastore/image", params={"image": "bad"}), 404)
    problem(http.post("/infer/cine_heart", files=upload), 422)
    problem(http.put("/datastore/label", params={"image": "cine"}, files={"label": ("bad.nii.gz", whole)}), 422)
    assert list((server.data / "scratch").iterdir()) == []
    assert "Traceback" not in server.log


NOT_IDS = ["../x", "..", "/etc/hostname", "a/b", "nosuch", "\nFAKE LOG LINE", "x" * 200, "%2e%2e", ".hidden", "cine\0"]


@pytest.mark.parametrize("image", NOT_IDS)
def test_an_id_is_looked_up_and_never_a_path(server: Any, image: str) -> None:
    http = server.http()
    outside = sorted(server.studies.parent.iterdir())
    whole = (server.studies / "cine.nii.gz").read_bytes()
    for answer in (
        http.post("/infer/cine_heart", params={"image": image}),
        http.get("/datastore/image", params={"image": image}),
        http.get("/datastore/image/info", params={"image": image}),
        http.get("/datastore/label", params={"label": image, "tag": "final"}),
        http.get("/datastore/label/info", params={"label": image, "tag": "final"}),
        http.delete("/datastore/image", params={"id": image}),
        http.delete("/datastore/label", params={"id": image, "tag": "final"}),
        http.put("/datastore/image/info", params={"image": image}, data={"info": "{}"}),
        http.put("/datastore/label", params={"image": image}, files={"label": ("l.nii.gz", whole)}),
    ):
        problem(answer, (400, 404))
    if image != "nosuch":
        problem(http.put("/datastore/image", params={"image": image}, files={"file": ("x.nii.gz", whole)}), 400)
    assert sorted(server.studies.parent.iterdir()) == outside
    assert not list(server.data.rglob("x*.nii.gz"))


def test_a_path_that_is_there_says_what_one_that_is_not_says(server: Any) -> None:
    http = server.http()
    there = problem(http.post("/infer/cine_heart", params={"image": str(server.studies / "cine.nii.gz")}), 404)
    nowhere = problem(http.post("/infer/cine_heart", params={"image": str(server.studies / "xine.nii.gz")}), 404)
    assert there.replace("cine.nii", "xine.nii") == nowhere


@pytest.mark.parametrize("tag", ["../../tag", "..", "a/b", "\n"])
def test_a_tag_is_a_name(server: Any, tag: str) -> None:
    label = np.zeros((48, 40, 3, 5), np.uint8)
    image = nib.load(server.studies / "cine.nii.gz")
    whole = nib.Nifti1Image(label, image.affine).to_bytes()
    answer = server.http().put(
        "/datastore/label", params={"image": "cine", "tag": tag}, files={"label": ("l.nii", whole)}
    )
    problem(answer, 400)


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ("{nonsense", "params is not JSON"),
        ("[1, 2]", "must be a JSON object"),
        ('{"frame": NaN}', "NaN"),
        ('{"frame": 0}', "frame"),
        ('{"frame": "2"}', "frame"),
        ('{"frame": 2.5}', "frame"),
        ('{"frame": true}', "frame"),
        ('{"result_extension": ".exe"}', "result_extension"),
        ('{"image": "/etc/hostname"}', "image"),
        ('{"model": "other"}', "model"),
        ('{"label": "x"}', "label"),
        ('{"device": "cuda"}', "device"),
        ('{"logging": "FOO"}', "logging"),
        ('{"save_label": true, "label_tag": "../../x"}', "label_tag"),
        ("[" * 100_000, "params"),
    ],
)
def test_params_are_checked_and_stand_for_nothing_else(server: Any, params: str, said: str) -> None:
    answer = server.http().post("/infer/cine_heart", params={"image": "cine"}, data={"params": params})
    assert said in problem(answer, 400)


def test_a_frame_that_is_not_there(server: Any) -> None:
    answer = server.http().post("/infer/cine_heart", params={"image": "cine"}, data={"params": '{"frame": 6}'})
    assert problem(answer, 422) == "cine has 5 frames; there is no frame 6."


def test_params_of_megabytes(server: Any) -> None:
    for size in (300_000, 5_000_000):
        params = json.dumps({"x": "y" * size})
        problem(server.http().post("/infer/cine_heart", params={"image": "cine"}, data={"params": params}), (400, 413))


def test_models_strategies_and_routes_that_are_not_there(server: Any) -> None:
    http = server.http()
    assert "cine_heart" in problem(http.post("/infer/nosuch", params={"image": "cine"}), 404)
    assert "first" in problem(http.post("/activelearning/nosuch", json={}), 404)
    problem(http.post("/infer/cine_heart"), 400)
    problem(http.post("/infer/cine_heart", params={"image": "cine", "output": "xyz"}), 422)
    problem(http.post("/infer/cine_heart", params={"image": "cine", "output": "dicom_seg"}), 400)
    for method, path in (
        ("POST", "/reload"),
        ("GET", "/proxy/dicom/qido/studies"),
        ("GET", "/static/..%2f..%2fapp.py"),
        ("GET", "/session/..%2f.."),
        ("GET", "/session/%2e%2e"),
        ("GET", "/docs"),
    ):
        problem(http.request(method, path), 404)


def test_labels_must_lie_on_the_images_grid(server: Any, tmp_path: Path) -> None:
    http = server.http()
    image = nib.load(server.studies / "cine.nii.gz")
    moved = image.affine.copy()
    moved[0, 3] += 20
    good = np.zeros(image.shape, np.uint8)
    wrong = {
        "shape.nii.gz": nib.Nifti1Image(np.zeros((48, 40, 4, 5), np.uint8), image.affine),
        "frames.nii.gz": nib.Nifti1Image(np.zeros((48, 40, 3, 4), np.uint8), image.affine),
        "moved.nii.gz": nib.Nifti1Image(good, moved),
        "values.nii.gz": nib.Nifti1Image(good + 9, image.affine),
        "half.nii.gz": nib.Nifti1Image(good + np.float32(0.5), image.affine),
    }
    before = http.get("/datastore/", params={"output": "all"}).json()["objects"]["cine"]["labels"]
    for name, label in wrong.items():
        nib.save(label, tmp_path / name)
        upload = {"label": (name, (tmp_path / name).read_bytes())}
        assert problem(http.put("/datastore/label", params={"image": "cine"}, files=upload), 422).startswith(name)
    problem(http.put("/datastore/label", params={"image": "cine"}, files={"label": ("x.txt", b"hello")}), (415, 422))
    assert http.get("/datastore/", params={"output": "all"}).json()["objects"]["cine"]["labels"] == before


def test_what_is_said_about_a_label_is_checked(server: Any, tmp_path: Path) -> None:
    image = nib.load(server.studies / "cine.nii.gz")
    nib.save(nib.Nifti1Image(np.zeros(image.shape, np.uint8), image.affine), tmp_path / "l.nii.gz")
    whole = (tmp_path / "l.nii.gz").read_bytes()
    for params in (
        '{"reviewed": {"0": "all"}}',
        '{"reviewed": {"1": [0]}}',
        '{"reviewed": 7}',
        '{"reviewed": {"6": "all"}}',
        '{"reviewed": {"1": [1, 4]}}',
        '{"frame": 6}',
        '{"x": NaN}',
    ):
        answer = server.http().put(
            "/datastore/label", params={"image": "cine"}, files={"label": ("l.nii.gz", whole)}, data={"params": params}
        )
        problem(answer, 400)


def test_no_nan_is_kept(server: Any) -> None:
    http = server.http()
    problem(http.put("/datastore/image/info", params={"image": "cine"}, data={"info": '{"x": NaN}'}), 400)
    assert http.get("/datastore/", params={"output": "all"}).status_code == 200


def test_code_is_no_image(server: Any) -> None:
    answer = server.http().put("/datastore/image", params={"image": "m"}, files={"file": ("m.py", b"import os\n" * 99)})
    problem(answer, (415, 422))


def test_archives_are_not_unpacked(server: Any, tmp_path: Path) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        member = tarfile.TarInfo("../escaped.txt")
        member.size = 1
        archive.addfile(member, io.BytesIO(b"x"))
    upload = [("files", ("a.tar", packed.getvalue()))]
    problem(server.http().put("/session/", params={"uncompress": True}, files=upload), 400)
    assert not list(server.data.rglob("escaped.txt"))


def test_other_hosts_and_pages_of_others_are_refused(server: Any) -> None:
    http = server.http()
    problem(http.get("/info/", headers={"Host": "evil.example"}), 400)
    problem(http.get("/info/", headers={"Origin": "http://evil.example"}), 403)
    mine = http.get("/info/", headers={"Origin": server.base})
    assert mine.status_code == 200
    assert "access-control-allow-origin" not in mine.headers
    assert http.get("/info/", headers={"Host": server.base.replace("http://127.0.0.1", "localhost")}).status_code == 200


def test_answers_carry_the_headers_that_keep_them_to_themselves(server: Any) -> None:
    http = server.http()
    for path in ("/info/", "/datastore/image?image=cine", "/nosuch"):
        headers = http.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert "server" not in headers


def test_the_schema_names_every_answer(server: Any) -> None:
    schema = server.http().get("/openapi.json").json()
    infer = schema["paths"]["/infer/{model}"]["post"]["responses"]
    answers = infer["200"]["content"]["application/json"]["schema"]["anyOf"]
    assert [answer["$ref"].rsplit("/", 1)[1] for answer in answers] == ["InferAnswer", "Classification"]
    assert {"400", "404", "413", "422", "429", "503"} <= infer.keys()
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            for status, answer in operation["responses"].items():
                if status[0] in "45" and path != "/readyz" and not (path.startswith("/dicom-web") and status == "409"):
                    [content] = answer["content"].values()
                    assert content["schema"]["$ref"].endswith("/Problem"), (method, path, status)


def test_uploads_have_a_limit(
    serve: Callable[..., Any], studies: Path, tmp_path: Path, cine_file: Callable[..., Path]
) -> None:
    with serve(studies, tmp_path, upload_limit_mb="1") as small:

        def pieces() -> Any:
            for _ in range(64):
                yield b"\0" * 65536

        http = small.http()
        upload = {"file": ("big.nii.gz", b"\0" * (2 << 20))}
        problem(http.put("/datastore/image", params={"image": "big"}, files=upload), 413)
        headers = {"Content-Type": "multipart/form-data; boundary=x"}
        problem(http.put("/datastore/image", params={"image": "big"}, content=pieces(), headers=headers), (400, 413))
        assert http.get("/info/").status_code == 200


def test_sessions_end(serve: Callable[..., Any], studies: Path, tmp_path: Path) -> None:
    import time

    upload = [("files", ("patient.nii.gz", (studies / "cine.nii.gz").read_bytes()))]
    with serve(studies, tmp_path) as first:
        short = first.http().put("/session/", params={"expiry": 1}, files=upload).json()["session_id"]
        long = first.http().put("/session/", files=upload).json()["session_id"]
        time.sleep(2.1)
        problem(first.http().get(f"/session/{short}"), 404)
        first.process.kill()
        first.process.wait()
    (tmp_path / "server.log").unlink()
    with serve(studies, tmp_path) as second:
        problem(second.http().get(f"/session/{short}"), 404)
        assert second.http().get(f"/session/{long}").status_code == 200
        assert not (tmp_path / "data/sessions" / short).exists()
