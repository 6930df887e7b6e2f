"""Who waits for whom: a worker that stands still holds up nothing but what was asked of it."""

import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import nibabel as nib
import numpy as np
import psutil
import pydicom
import pytest

from radloop.dicom.make import make_study
from radloop.synthesis import make_phantom

QUEUE = 45
"""More than the threads that FastAPI has for requests unless told otherwise."""


@pytest.fixture(scope="module")
def server(
    serve: Callable[..., Any], cine_file: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Any]:
    folder = tmp_path_factory.mktemp("waiting")
    heart = make_phantom(3, ef=55, frames=3, matrix=(40, 40), spacing_mm=(5, 16))
    make_study(heart.cine, folder / "studies" / "study", seed="waiting", beside=False)
    cine_file(folder / "studies" / "cine.nii.gz")
    with serve(folder / "studies", folder, queue=str(QUEUE)) as running:
        running.wait_ready()
        yield running


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def queue(server: Any) -> tuple[int, int]:
    said = server.http().get("/info/").json()["queue"]
    return said["waiting"], said["running"]


@contextmanager
def standing_still(server: Any) -> Iterator[None]:
    """While the block lasts, the worker does nothing at all."""
    children = psutil.Process(server.process.pid).children(recursive=True)
    [worker] = [child for child in children if "spawn_main" in " ".join(child.cmdline())]
    worker.suspend()
    try:
        yield
    finally:
        with suppress(psutil.NoSuchProcess):  # ended with its server
            worker.resume()


def ask(server: Any, path: str = "/infer/cine_heart?image=cine&output=json") -> socket.socket:
    """A request under way; closing it is leaving."""
    place = urlsplit(server.base)
    line = socket.create_connection((place.hostname, place.port), 120)
    line.sendall(f"POST {path} HTTP/1.1\r\nHost: {place.netloc}\r\nContent-Length: 0\r\n\r\n".encode())
    return line


def series(server: Any) -> str:
    one = next((server.studies / "study").rglob("*.dcm"))
    return str(pydicom.dcmread(one, stop_before_pixels=True).SeriesInstanceUID)


def status(line: socket.socket) -> int:
    with line:
        return int(line.recv(65536).split()[1])


def test_everything_else_is_answered_while_four_pictures_wait(server: Any) -> None:
    http = server.http()
    image = nib.load(server.studies / "cine.nii.gz")
    label = gzip.compress(nib.Nifti1Image(np.zeros(image.shape, np.uint8), image.affine).to_bytes())
    with standing_still(server):
        lines = [ask(server) for _ in range(4)]
        until(lambda: queue(server) == (3, 1))
        assert http.get("/info/").json()["queue"]["expected_wait_s"] > 0
        for method, path, more in [
            ("GET", "/healthz", {}),
            ("GET", "/metrics", {}),
            ("GET", "/datastore/?output=all", {}),
            ("GET", "/datastore/image?image=cine", {}),
            ("PUT", "/datastore/label?image=cine", {"files": {"label": ("l.nii.gz", label)}}),
            ("PUT", "/datastore/image?image=new", {"files": {"file": ("n.nii.gz", image.to_bytes())}}),
            ("PUT", "/session/", {"files": {"files": ("n.nii.gz", image.to_bytes())}}),
            ("POST", "/activelearning/first", {}),
            ("GET", "/radloop/jobs", {}),
            ("GET", "/dicom-web/studies", {}),
            ("DELETE", "/datastore/label?id=cine", {}),
        ]:
            if path.endswith("image=new"):
                more["files"]["file"] = ("n.nii", more["files"]["file"][1])
            assert http.request(method, path, **more).status_code == 200, path
        assert queue(server) == (3, 1)
    assert [status(line) for line in lines] == [200] * 4


def test_whoever_leaves_gives_up_his_place(server: Any) -> None:
    with standing_still(server):
        first = ask(server)
        until(lambda: queue(server) == (0, 1))
        leaving = [ask(server) for _ in range(QUEUE)]
        until(lambda: queue(server) == (QUEUE, 1))
        full = server.http().post("/infer/cine_heart", params={"image": "cine"})
        assert full.status_code == 429
        assert int(full.headers["retry-after"]) >= 1
        for line in leaving:
            line.close()
        until(lambda: queue(server) == (0, 1))
        second = ask(server)
        until(lambda: queue(server) == (1, 1))
    assert (status(first), status(second)) == (200, 200)
    until(lambda: not list((server.data / "scratch").iterdir()))


def test_a_panel_that_leaves_gives_up_its_place_too(server: Any) -> None:
    with standing_still(server):
        first = ask(server)
        until(lambda: queue(server) == (0, 1))
        leaving = [ask(server, f"/radloop/analyse?image={series(server)}") for _ in range(3)]
        until(lambda: queue(server) == (3, 1))
        for line in leaving:
            line.close()
        until(lambda: queue(server) == (0, 1))
    assert status(first) == 200
    until(lambda: not list((server.data / "scratch").iterdir()))


def test_a_large_upload_on_its_way_keeps_nobody_waiting_and_no_memory(server: Any) -> None:
    size, piece = 96 << 20, bytes(1 << 20)
    place = urlsplit(server.base)
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="big.nii.gz"\r\n\r\n'
    tail = b"\r\n--b--\r\n"
    process = psutil.Process(server.process.pid)
    with socket.create_connection((place.hostname, place.port), 120) as line:
        line.sendall(
            f"PUT /datastore/image?image=big HTTP/1.1\r\nHost: {place.netloc}\r\nConnection: close\r\n"
            "Content-Type: multipart/form-data; boundary=b\r\n"
            f"Content-Length: {len(head) + size + len(tail)}\r\n\r\n".encode()
        )
        line.sendall(head)
        before = process.memory_info().rss
        most = 0
        for sent in range(size >> 20):
            line.sendall(piece)
            if sent % 16 == 0:  # the rest is not there yet
                assert server.http().get("/info/").status_code == 200
                most = max(most, process.memory_info().rss)
        line.sendall(tail)
        answer = b"".join(iter(lambda: line.recv(65536), b""))
    most = max(most, process.memory_info().rss)
    assert answer.split()[1] in (b"415", b"422")
    assert most - before < size / 2
    assert not list((server.data / "scratch").iterdir())


@pytest.mark.parametrize(
    "path", ["/train/cine_heart", "/train/", "/batch/infer/cine_heart", "/scoring/dice", "/scoring/"]
)
def test_nothing_is_done_while_the_client_waits(server: Any, path: str) -> None:
    before = server.http().get("/radloop/jobs").json()
    assert server.http().post(path, params={"run_sync": True}, json={"max_epochs": 3}).status_code == 400
    assert server.http().get("/radloop/jobs").json() == before


@pytest.mark.parametrize("path", ["/train/", "/batch/infer", "/scoring/"])
def test_there_is_nothing_to_stop(server: Any, path: str) -> None:
    answer = server.http().delete(path)
    assert (answer.status_code, answer.json()) == (200, None)
    assert server.http().get(path, params={"check_if_running": True}).status_code == 404


def test_a_room_full_of_panels_leaves_room_for_others(server: Any) -> None:
    """Last of all: what they asked for is never worked off."""
    answers: list[int] = []

    def analyse() -> None:
        try:
            answer = server.http().post("/radloop/analyse", params={"image": series(server)})
            answers.append(answer.status_code if "retry-after" in answer.headers else 0)
        except httpx.TransportError:
            answers.append(0)

    with standing_still(server):
        panels = [threading.Thread(target=analyse, daemon=True) for _ in range(QUEUE + 1)]
        for panel in panels:
            panel.start()
        until(lambda: queue(server) == (QUEUE, 1))
        assert server.http().get("/datastore/", params={"output": "all"}).status_code == 200
        assert not answers
        assert status(ask(server)) == 429
        server.process.terminate()
        for panel in panels:
            panel.join(30)
        server.process.wait(30)
    assert answers == [503] * (QUEUE + 1)  # and are told so
