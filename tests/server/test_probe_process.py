"""The life of the server's process: what lies in its way when it starts, and what stays when it is ended."""

import gzip
import os
import random
import re
import signal
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import nibabel as nib
import numpy as np
import psutil
import pytest

from radloop.store import Store
from radloop.store.jobs import list_jobs

TOY = "import radloop.server.training as training; training.OPENER = 'toy_trainer:open'\n"


@pytest.fixture
def studies(tmp_path: Path, cine_file: Callable[..., Path]) -> Path:
    folder = tmp_path / "studies"
    folder.mkdir()
    cine_file(folder / "heart.nii.gz")
    return folder


def label_of(studies: Path) -> bytes:
    image = nib.load(studies / "heart.nii.gz")
    return gzip.compress(nib.Nifti1Image(np.zeros(image.shape, np.uint8), image.affine).to_bytes())


def submit(http: httpx.Client, content: bytes, **params: str) -> httpx.Response:
    return http.put("/datastore/label", params={"image": "heart", **params}, files={"label": ("l.nii.gz", content)})


def test_strays_in_its_folders_do_not_keep_it_from_starting(
    serve: Callable[..., Any], tmp_path: Path, studies: Path
) -> None:
    data = tmp_path / "data"
    for room in (
        "sessions",
        "images",
        "labels",
        "jobs",
        "versions",
        "scratch",
        "drafts",
        "cines",
        "versions/cine_heart",
    ):
        place = data / room
        (place / "junk").mkdir(parents=True)
        (place / "junk" / "x").write_bytes(b"\0")
        (place / "file").write_bytes(b"\0")
        (place / "nowhere").symlink_to(tmp_path / "nowhere")
        (place / "round").symlink_to(place)
    for n, note in enumerate(("", "{", "[]", "{}", '{"file": 5}', "\0")):
        torn = data / "sessions" / f"torn{n}"
        torn.mkdir()
        (torn / "session.json").write_text(note)
        os.utime(torn, (0, 0))
    with serve(studies, tmp_path) as server:
        http = server.http()
        assert http.get("/datastore/", params={"output": "all"}).json()["objects"].keys() == {"heart"}
        assert http.get("/info/").status_code == http.get("/radloop/jobs").status_code == 200
        assert submit(http, label_of(studies)).status_code == 200
        session = http.put("/session/", files={"files": ("x.nii.gz", b"x")}).json()["session_id"]
        assert http.get(f"/session/{session}").status_code == 200
        assert not [place for place in (data / "sessions").iterdir() if place.name.startswith("torn")]
        assert "Traceback" not in server.log


def test_a_server_killed_while_labels_arrive_loses_none_and_starts_again(
    serve: Callable[..., Any], tmp_path: Path, studies: Path
) -> None:
    moments, content = random.Random(7), label_of(studies)
    picture = (studies / "heart.nii.gz").read_bytes()
    labels: list[str] = []
    images: list[str] = []
    for turn in range(3):
        with serve(studies, tmp_path) as server:
            with server.http() as http:
                listed = http.get("/datastore/", params={"output": "all"}).json()["objects"]
                assert set(images) <= listed.keys()
                assert set(labels) <= listed["heart"]["labels"].keys()
                # What might have made the list unreadable for ever, had it been kept.
                for info in ('{"x": NaN}', '{"x": "\\ud800"}', '{"x": ' + "[" * 400 + "]" * 400 + "}"):
                    assert http.put("/datastore/image/info?image=heart", data={"info": info}).status_code == 400
            if turn == 2:
                break
            threads = [threading.Thread(target=_submit_for_ever, args=(server, n, content, labels)) for n in range(3)]
            threads.append(threading.Thread(target=_upload_for_ever, args=(server, turn, picture, images)))
            for thread in threads:
                thread.start()
            enough, until = len(labels) + 4, time.monotonic() + 60
            while len(labels) < enough:
                assert time.monotonic() < until
                time.sleep(0.01)
            time.sleep(moments.uniform(0, 0.2))
            server.process.kill()
            server.process.wait()
            for thread in threads:
                thread.join()
    with Store(tmp_path / "data", studies) as store:
        assert all(found.repaired for found in store.check(repair=True))
        kept = {label.tag: label for label in store.labels("heart")}
        assert all(kept[tag].path.read_bytes() == content for tag in labels)
        assert all(store.image(image).path.read_bytes() == picture for image in images)


def _submit_for_ever(server: Any, number: int, content: bytes, told: list[str]) -> None:
    with suppress(httpx.TransportError), server.http() as http:
        while True:
            tag = f"tag{number}-{time.monotonic_ns()}"
            submit(http, content, tag=tag).raise_for_status()
            told.append(tag)


def _upload_for_ever(server: Any, turn: int, picture: bytes, told: list[str]) -> None:
    with suppress(httpx.TransportError), server.http() as http:
        while True:
            image = f"image{turn}-{time.monotonic_ns()}"
            sent = {"file": ("x.nii.gz", picture)}
            http.put("/datastore/image", params={"image": image}, files=sent).raise_for_status()
            told.append(image)


def test_a_server_asked_to_end_does_so_whatever_is_under_way(
    serve: Callable[..., Any], tmp_path: Path, studies: Path
) -> None:
    with serve(studies, tmp_path, before=TOY) as server:
        http, place = server.http(), urlsplit(server.base)
        assert submit(http, label_of(studies)).status_code == 200
        job = http.post("/train/cine_heart", json={"max_epochs": 1000}).json()["id"]
        until = time.monotonic() + 60
        while not (server.data / "jobs" / job / "at").exists():
            assert time.monotonic() < until
            time.sleep(0.05)
        half = socket.create_connection((place.hostname, place.port), 30)
        half.sendall(
            f"PUT /datastore/image?image=half HTTP/1.1\r\nHost: {place.netloc}\r\nContent-Length: 1000000\r\n"
            "Content-Type: multipart/form-data; boundary=b\r\n\r\n--b\r\n".encode()
        )
        below = psutil.Process(server.process.pid).children(recursive=True)
        with http.stream("GET", f"/radloop/jobs/{job}/events") as events:
            lines = events.iter_lines()
            next(lines)
            server.process.send_signal(signal.SIGTERM)
            assert server.process.wait(30) in (0, -signal.SIGTERM)
        half.close()
        _, alive = psutil.wait_procs(below, timeout=10)
        assert not [one for one in alive if one.status() != psutil.STATUS_ZOMBIE]
        assert not re.findall(r"^[\w.]*(?:Error|Exception|Interrupt)\b", server.log, re.MULTILINE)
    with Store(tmp_path / "data", studies) as store:
        assert [(row.id, row.state) for row in list_jobs(store)] == [(job, "interrupted")]
        assert [image.id for image in store.images()] == ["heart"]


def test_two_servers_of_one_folder_see_what_either_was_told(
    serve: Callable[..., Any], tmp_path: Path, studies: Path
) -> None:
    content, picture = label_of(studies), (studies / "heart.nii.gz").read_bytes()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "data").symlink_to(tmp_path / "data")
    with serve(studies, tmp_path) as one, serve(studies, tmp_path / "other") as other:
        servers = [one.http(), other.http()]
        for n in range(6):
            teller, hearer = servers[n % 2], servers[(n + 1) % 2]
            assert submit(teller, content, tag=f"tag{n}").status_code == 200
            assert hearer.get("/datastore/label", params={"label": "heart", "tag": f"tag{n}"}).content == content
            sent = {"file": ("x.nii.gz", picture)}
            assert teller.put("/datastore/image", params={"image": f"new{n}"}, files=sent).status_code == 200
            assert hearer.get("/datastore/image", params={"image": f"new{n}"}).content == picture
        lists = [http.get("/datastore/", params={"output": "all"}).json()["objects"] for http in servers]
        assert lists[0] == lists[1]
        assert len(lists[0]["heart"]["labels"]) == 6
        assert submit(servers[0], content).status_code == 200
        assert servers[1].post("/train/cine_heart").status_code == 503  # the first one runs the jobs


def test_what_is_written_for_a_label_does_not_grow_with_the_images(
    serve: Callable[..., Any], tmp_path: Path, studies: Path
) -> None:
    content, written = label_of(studies), []
    with serve(studies, tmp_path) as server, server.http() as http:

        def total() -> int:
            return int(http.get("/datastore/").json()["total"])

        for many in (0, 2000):
            for n in range(many):
                os.link(studies / "heart.nii.gz", studies / f"im{n:05}.nii.gz")
            until = time.monotonic() + 60
            while total() <= many:  # they are noticed without a restart
                assert time.monotonic() < until
                time.sleep(0.1)
            before = psutil.Process(server.process.pid).io_counters().write_chars
            for n in range(8):
                assert submit(http, content, tag=f"tag{many}-{n}").status_code == 200
                assert f"tag{many}-{n}" in http.get("/datastore/").json()["label_tags"]
            written.append(psutil.Process(server.process.pid).io_counters().write_chars - before)
            assert len(http.get("/datastore/", params={"output": "all"}).json()["objects"]) == many + 1
    assert written[1] < 2 * written[0]
