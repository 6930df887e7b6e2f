"""Ways out of the folders and into the log: addresses, names and keys that the other tests do not try."""

import io
import json
import socket
import tarfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import nibabel as nib
import numpy as np
import psutil
import pytest

from radloop.store import Store


def asked(server: Any, target: str, method: str = "GET") -> tuple[int, bytes]:
    """Status and answer of a request whose target is sent as it stands; other clients put ``..`` in order first."""
    place = urlsplit(server.base)
    with socket.create_connection((place.hostname, place.port), 60) as line:
        line.sendall(f"{method} {target} HTTP/1.1\r\nHost: {place.netloc}\r\nConnection: close\r\n\r\n".encode())
        answer = b"".join(iter(lambda: line.recv(65536), b""))
    return int(answer.split()[1]), answer.partition(b"\r\n\r\n")[2]


CLIMBING = [
    "/../../../../etc/passwd",
    "//etc/passwd",
    "/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
    "/ohif/../../../../../etc/passwd",
    "/ohif/..%2f..%2f..%2f..%2fetc%2fpasswd",
    "/ohif/plugin/../../../pyproject.toml",
    "/ohif/plugin/%2e%2e/%2e%2e/%2e%2e/pyproject.toml",
    "/ohif/plugin//etc/passwd",
    "/ohif/..%5c..%5cetc%5cpasswd.txt",
    "/static/..%2f..%2fmain.py",
    "/session/%252e%252e",
    "/session/..%00",
    "/session/.?image=true",
    "/model/..%2f..%2fmodel.pt",
    "/model/info/..",
    "/radloop/jobs/..%2f../log",
    "/radloop/jobs/%2e%2e/log",
    "/radloop/versions/..%2f..",
    "/datastore/../../store.sqlite",
    "/datastore/image?image=..%2fstore",
    "/datastore/label?label=cine&tag=..%2f..%2fstore",
    "/dicom-web/studies/..%2f..%2fdata",
]


@pytest.mark.parametrize("target", CLIMBING)
def test_no_address_climbs(server: Any, target: str) -> None:
    status, body = asked(server, target)
    # An address of the viewer's own is answered with the viewer, or with a page that says that there is none.
    assert status in (400, 404) or (target.startswith("/ohif/") and b"<!doctype html>" in body.lower())
    assert not [word for word in (b"root:", b"[project]", b"SQLite", b"import ") if word in body]


NAMES = [
    "../../escaped.nii.gz",
    "..\\..\\escaped.nii.gz",
    "/tmp/escaped.nii.gz",
    "C:\\escaped.nii.gz",
    ".escaped.nii.gz",
]


@pytest.mark.parametrize("name", NAMES)
def test_the_name_of_an_upload_is_a_name(server: Any, name: str) -> None:
    http, picture = server.http(), (server.studies / "cine.nii.gz").read_bytes()
    image = http.put("/datastore/image", files={"file": (name, picture)})
    assert image.json() == {"image": "escaped"}
    assert http.delete("/datastore/image", params={"id": "escaped"}).status_code == 200
    two = [("files", (name, picture)), ("files", (name, picture))]
    session = http.put("/session/", files=two).json()
    assert session["session_info"]["image"] == "files"
    assert http.delete(f"/session/{session['session_id']}").status_code == 200
    outside = [file for file in server.data.parent.rglob("*escaped*") if not file.is_relative_to(server.data)]
    assert not outside
    assert not Path("/tmp/escaped.nii.gz").exists()


@pytest.mark.parametrize(
    "image", ["cine.nii.gz", "./cine", "cine/", "file:///etc/hostname", "CINE", "cine ", "labels/x"]
)
def test_an_image_is_called_by_its_id_only(server: Any, image: str) -> None:
    http = server.http()
    assert http.post("/infer/cine_heart", params={"image": image, "output": "json"}).status_code in (400, 404)
    for method, path in [
        ("POST", "/radloop/analyse"),
        ("GET", "/radloop/label"),
        ("HEAD", "/datastore/image"),
        ("HEAD", "/datastore/label"),
    ]:
        assert http.request(method, path, params={"image": image, "id": "../x"}).status_code in (400, 404), path


def test_a_session_that_is_there_says_what_one_that_is_not_says(server: Any) -> None:
    (server.data / "sessions" / "strange").mkdir(parents=True, exist_ok=True)
    told = {
        server.http().post("/infer/cine_heart", params={"session_id": name}).text
        for name in ("strange", "nosuch", "../sessions/strange", str(server.data / "sessions"), "..")
    }
    assert told == {'{"detail":"There is no such session, or it has expired."}'}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/batch/infer/cine_heart", {"label_tag": "../../tag"}),
        ("/batch/infer/cine_heart", {"label_tag": ".."}),
        ("/scoring/dice", {"y": "../../tag"}),
        ("/scoring/dice", {"y_pred": "a/b"}),
    ],
)
def test_a_tag_is_a_name_in_jobs_too(server: Any, path: str, body: dict[str, str]) -> None:
    before = server.http().get("/radloop/jobs").json()
    assert server.http().post(path, json=body).status_code == 400
    assert server.http().get("/radloop/jobs").json() == before


@pytest.mark.parametrize(
    "params",
    [
        {"session": "x"},
        {"file": "/etc/hostname"},
        {"description": "x"},
        {"save_label": False},
        {"label_tag": "final"},
        {"frame": 1, "image": None},
        {"result_extension": "/../../x.nii.gz"},
        {"result_extension": ".nii.gz/../../x"},
        {"result_extension": ".py"},
    ],
)
def test_other_keys_that_would_stand_for_something_else(server: Any, params: dict[str, Any]) -> None:
    sent = {"params": json.dumps(params)}
    answer = server.http().post("/infer/cine_heart", params={"image": "cine"}, data=sent)
    assert answer.status_code == 400
    assert next(reversed(params)) in answer.json()["detail"]


def test_a_model_is_named_by_the_address_only(server: Any) -> None:
    http = server.http()
    asks = {"params": '{"model": "cine_heart"}'}
    assert http.post("/infer/nosuch", params={"image": "cine"}, data=asks).status_code == 404
    for path in ("/train/nosuch", "/batch/infer/nosuch"):
        assert http.post(path, json={"model": "cine_heart", "name": "cine_heart"}).status_code == 404


def tar_with(kind: bytes, name: str, link: str = "") -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        member = tarfile.TarInfo(name)
        member.type, member.linkname = kind, link
        archive.addfile(member)
    return packed.getvalue()


def zip_with(name: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(name, "x")
    return packed.getvalue()


@pytest.mark.parametrize(
    ("name", "archive"),
    [
        ("a.zip", zip_with("../../climbed.txt")),
        ("a.tar.gz", tar_with(tarfile.SYMTYPE, "climbed.nii.gz", "/etc/passwd")),
        ("a.nii.gz", tar_with(tarfile.LNKTYPE, "climbed.nii.gz", "/etc/passwd")),
        ("a.nii.gz", zip_with("/tmp/climbed.txt")),
    ],
)
def test_archives_stay_closed(server: Any, name: str, archive: bytes) -> None:
    http, upload = server.http(), [("files", (name, archive))]
    assert http.put("/session/", params={"uncompress": True}, files=upload).status_code == 400
    session = http.put("/session/", files=upload).json()["session_id"]
    answer = http.post("/infer/cine_heart", params={"session_id": session, "output": "json"})
    assert answer.status_code in (415, 422)
    http.delete(f"/session/{session}")
    assert not list(server.data.parent.rglob("*climbed*"))


FAKE = "\r\n2026-01-01 00:00:00,000 INFO radloop.requests: FAKE LINE\x1b[31m"


def test_nobody_writes_lines_of_his_own_into_the_log(server: Any) -> None:
    http = server.http()
    picture = (server.studies / "cine.nii.gz").read_bytes()
    for method, path, more in [
        ("POST", "/infer/cine_heart", {"params": {"image": FAKE}}),
        ("POST", f"/infer/{quote(FAKE, safe='')}", {"params": {"image": "cine"}}),
        ("PUT", "/datastore/image", {"params": {"image": FAKE}, "files": {"file": ("x.nii.gz", picture)}}),
        ("PUT", "/datastore/image", {"params": {"image": "x"}, "files": {"file": (FAKE, picture[:99])}}),
        ("PUT", "/datastore/label", {"params": {"image": "cine", "tag": FAKE}, "files": {"label": ("l.nii", b"x")}}),
        ("GET", f"/session/{quote(FAKE, safe='')}", {}),
        ("POST", f"/activelearning/{quote(FAKE, safe='')}", {"json": {"client_id": FAKE}}),
        ("POST", f"/train/{quote(FAKE, safe='')}", {"json": {"name": FAKE}}),
        ("GET", f"/radloop/jobs/{quote(FAKE, safe='')}", {}),
        ("GET", f"/{quote(FAKE, safe='')}", {}),
        ("POST", "/infer/cine_heart", {"files": {"file": (FAKE + ".nii.gz", b"no picture")}}),
        ("POST", "/login", {"data": {"name": FAKE, "token": FAKE, "next": FAKE}}),
    ]:
        answer = http.request(method, path, headers={"User-Agent": "FAKE LINE", "Referer": "FAKE LINE"}, **more)
        assert answer.status_code in (303, 400, 401, 403, 404, 415, 422), path
    assert "FAKE" not in server.log
    assert "\x1b" not in server.log


TOY = "import radloop.server.training as training; training.OPENER = 'toy_trainer:open'\n"


def test_nothing_of_a_request_reaches_the_trainers_environment(
    serve: Callable[..., Any], cine_file: Callable[..., Path], tmp_path: Path
) -> None:
    studies, marker = tmp_path / "studies", tmp_path / "marker"
    studies.mkdir()
    picture = nib.load(cine_file(studies / "heart.nii.gz"))
    for name in ("sitecustomize.py", "usercustomize.py", "toy_trainer.py", "torch.py"):  # as if somebody had got it in
        (studies / name).write_text(f"open({str(marker)!r}, 'w').close()\n")
    nib.save(nib.Nifti1Image(np.zeros(picture.shape, np.uint8), picture.affine), tmp_path / "label.nii.gz")
    with Store(tmp_path / "data", studies) as store:
        store.add_label("heart", tmp_path / "label.nii.gz", author="anna", info={})
    with serve(studies, tmp_path, before=TOY) as server:
        http = server.http()
        for name in ("sitecustomize.py", "x.nii.gz/../../sitecustomize.py"):
            code = {"file": (name, b"import os\n")}
            assert http.put("/datastore/image", params={"image": "sitecustomize"}, files=code).status_code in (415, 422)
        asks = {
            "max_epochs": 1000,
            "bundle_path": str(studies),
            "PYTHONPATH": str(studies),
            "gpus": "7",
            "env": {"LD_PRELOAD": str(marker)},
            "client_id": "dr.private",
        }
        job = http.post("/train/cine_heart", json=asks).json()["id"]
        noted = server.data / "jobs" / job / "pid"
        until = time.monotonic() + 60
        while not (noted.exists() and noted.read_text()):
            assert time.monotonic() < until
            time.sleep(0.05)
        trainer, own = psutil.Process(int(noted.read_text())), psutil.Process(server.process.pid).environ()
        given = trainer.environ()
        for name in ("PYTHONPATH", "LD_PRELOAD", "CUDA_VISIBLE_DEVICES"):
            assert given.get(name) == own.get(name), name
        for family in (trainer, *trainer.parents()[:2]):
            assert "dr.private" not in " ".join(family.cmdline())
        assert not [value for value in given.values() if str(studies) in value and value != str(studies)]
        http.delete("/train/")
    assert not marker.exists()
