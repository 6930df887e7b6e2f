"""Training as a job, around a trainer that only counts: asked for by the stock client, killed, found again, resumed."""

import hashlib
import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import psutil
import pytest

from radloop.store import Store

TOY = "import radloop.server.training as training; training.OPENER = 'toy_trainer:open'\n"


@pytest.fixture
def labelled(serve: Callable[..., Any], cine_file: Callable[..., Path], tmp_path: Path) -> Callable[[], Any]:
    """A function that starts the server of a store with one submitted label; each call starts it anew."""
    studies = tmp_path / "studies"
    studies.mkdir()
    cine_file(studies / "heart.nii.gz")

    def start() -> Any:
        return serve(studies, tmp_path, before=TOY)

    picture = nib.load(studies / "heart.nii.gz")
    label = nib.Nifti1Image(np.zeros(picture.shape, np.uint8), picture.affine, picture.header)
    label.set_data_dtype(np.uint8)
    nib.save(label, tmp_path / "label.nii.gz")
    with Store(tmp_path / "data", studies) as store:
        store.add_label("heart", tmp_path / "label.nii.gz", author="anna", info={})
    return start


def until(said: Callable[[], Any], wanted: Any, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while (now := said()) != wanted:
        assert time.monotonic() < end, f"{now!r} and not {wanted!r}"
        time.sleep(0.05)


def status(server: Any) -> str:
    return str(server.http().get("/train/").json()["status"])


def train(server: Any, **params: Any) -> dict[str, Any]:
    answer = server.http().post("/train/cine_heart", json=params)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def begun(server: Any, job: str) -> int:
    """Wait until a job's own process is at work; its process id."""
    folder = server.data / "jobs" / job
    until(lambda: (folder / "at").exists(), True)
    return int((folder / "pid").read_text())


def test_the_stock_client_starts_follows_and_stops_training(labelled: Callable[[], Any], tmp_path: Path) -> None:
    with labelled() as server:
        client = server.client(tmp_path)
        assert client.train_status(check_if_running=True) is False
        assert server.http().get("/train/").status_code == 404
        assert server.http().delete("/train/").json() is None
        task = client.train_start("cine_heart", {"max_epochs": 3, "bundle_path": "/somewhere", "device": "cuda"})
        assert task["status"] == "SUBMITTED"
        assert task["request"] == {"model": "cine_heart", "max_epochs": 3, "steps_per_epoch": 20, "seed": 0}
        assert client.train_status(check_if_running=True) is True
        until(lambda: client.train_status()["status"], "DONE")
        done = client.train_status()
        assert done["id"] == task["id"]
        assert done["progress"] == 1
        assert done["result"] == {"version": done["result"]["version"]}
        assert "step 3" in done["details"]
        assert client.train_status(check_if_running=True) is False

        endless = client.train_start("cine_heart", {"max_epochs": 1000})
        begun(server, endless["id"])
        assert client.train_stop()["status"] == "STOPPED"
        assert client.train_status()["status"] == "STOPPED"
        assert client.info()["trainers"]["cine_heart"]["config"]["max_epochs"] > 0


def test_what_cannot_be_trained_is_refused_at_once(labelled: Callable[[], Any], server: Any) -> None:
    with labelled() as ours:
        http = ours.http()
        assert http.post("/train/nosuch").status_code == 404
        assert http.post("/train/cine_heart", json={"max_epochs": "many"}).status_code == 400
        assert http.post("/train/cine_heart", params={"run_sync": True}).status_code == 400
        assert http.post("/scoring/nosuch").status_code == 404
        assert http.post("/batch/infer/nosuch").status_code == 404
        assert http.get("/radloop/jobs/nosuch").status_code == 404
        assert http.get("/radloop/jobs/nosuch/events").status_code == 404
        assert http.get("/radloop/jobs").json() == {"jobs": []}


def test_jobs_wait_their_turn_and_tell_their_place_and_progress(labelled: Callable[[], Any]) -> None:
    with labelled() as server:
        http = server.http()
        train(server, max_epochs=1)
        until(lambda: status(server), "DONE")  # so that a usual time is known
        first = train(server, max_epochs=40)
        begun(server, first["id"])
        assert http.post("/train/cine_heart", json={}).status_code == 429
        assert "retry-after" in http.post("/train/cine_heart", json={}).headers
        second = http.post("/train/cine_heart", params={"enqueue": True}, json={"max_epochs": 1}).json()
        third = http.post("/train/cine_heart", params={"enqueue": True}, json={"max_epochs": 1}).json()
        waiting = http.get(f"/radloop/jobs/{third['id']}").json()
        assert (waiting["state"], waiting["place"]) == ("queued", 2)
        assert waiting["expected_wait_s"] > 0
        assert http.get("/info/").json()["jobs"]["train"] == 3
        cancelled = http.post(f"/radloop/jobs/{second['id']}/cancel").json()
        assert cancelled["state"] == "cancelled"
        assert http.post(f"/radloop/jobs/{second['id']}/cancel").status_code == 409

        seen = []
        with http.stream("GET", f"/radloop/jobs/{first['id']}/events") as stream:
            assert stream.headers["content-type"].startswith("text/event-stream")
            seen = [json.loads(line[6:]) for line in stream.iter_lines() if line.startswith("data: ")]
        progress = [event["progress"] for event in seen]
        assert len(progress) > 2
        assert progress == sorted(progress)
        assert seen[-1]["state"] == "done"
        until(lambda: http.get(f"/radloop/jobs/{third['id']}").json()["state"], "done")
        assert "step 40" in http.get(f"/radloop/jobs/{first['id']}/log").text
        assert [job["id"] for job in http.get("/radloop/jobs").json()["jobs"]][:2] == [third["id"], second["id"]]


def test_a_trainer_that_is_killed_can_be_resumed_and_goes_on(labelled: Callable[[], Any]) -> None:
    with labelled() as server:
        http = server.http()
        job = train(server, max_epochs=30)["id"]
        os.kill(begun(server, job), signal.SIGKILL)
        until(lambda: status(server), "INTERRUPTED")
        assert len(http.get("/radloop/versions/cine_heart").json()["versions"]) == 1
        kept = int((server.data / "jobs" / job / "at").read_text())
        assert http.post(f"/radloop/jobs/{job}/resume").json()["state"] in ("queued", "running")
        until(lambda: status(server), "DONE")
        log = http.get(f"/radloop/jobs/{job}/log").text.splitlines()
        assert [line for line in log if line.startswith("step")].count("step 1") == 1
        assert f"step {kept + 1}" in log
        assert http.post(f"/radloop/jobs/{job}/resume").status_code == 409
        [_, made] = http.get("/radloop/versions/cine_heart").json()["versions"]
        assert (made["state"], made["serves"]) == ("unpublished", False)


def test_a_trainer_that_fails_says_so_without_details_from_inside(labelled: Callable[[], Any]) -> None:
    with labelled() as server:
        train(server, max_epochs=30, seed=1)
        until(lambda: status(server), "ERROR")
        job = server.http().get("/radloop/jobs").json()["jobs"][0]
        assert job["state"] == "failed"
        assert "secret" not in job["message"]


def test_a_killed_server_leaves_no_trainer_and_its_jobs_are_found_again(labelled: Callable[[], Any]) -> None:
    with labelled() as server:
        first = train(server, max_epochs=1000)["id"]
        second = server.http().post("/train/cine_heart", params={"enqueue": True}, json={"max_epochs": 2}).json()["id"]
        trainer = psutil.Process(begun(server, first))
        os.kill(server.process.pid, signal.SIGKILL)
        trainer.wait(10)
        server.process.wait()
    with labelled() as server:
        http = server.http()
        lost = http.get(f"/radloop/jobs/{first}").json()
        assert lost["state"] == "interrupted"
        tasks = http.get("/train/", params={"all": True}).json()
        assert [task["id"] for task in tasks] == [first, second]
        assert tasks[0]["status"] == "INTERRUPTED"
        until(lambda: http.get(f"/radloop/jobs/{second}").json()["state"], "done")
        assert len(http.get("/radloop/versions/cine_heart").json()["versions"]) == 2


def test_a_server_that_is_stopped_stops_its_trainer(labelled: Callable[[], Any]) -> None:
    with labelled() as server:
        job = train(server, max_epochs=1000)["id"]
        trainer = psutil.Process(begun(server, job))
        server.process.send_signal(signal.SIGTERM)
        server.process.wait(20)
        assert not trainer.is_running()
    with labelled() as server:
        assert server.http().get(f"/radloop/jobs/{job}").json()["state"] == "interrupted"


def test_weights_cannot_be_uploaded_or_deleted(server: Any) -> None:
    http = server.http()
    for method in ("PUT", "DELETE", "POST"):
        answer = http.request(method, "/model/cine_heart", files={"file": ("model.pt", b"x")})
        assert answer.status_code == 405, method
    served = http.get("/model/cine_heart")
    info = http.get("/model/info/cine_heart").json()
    assert info["checksum"] == "SHA256:" + hashlib.sha256(served.content).hexdigest()
    assert info["version"] == http.get("/info/").json()["models"]["cine_heart"]["version"]
    assert http.get("/model/nosuch").status_code == 404
    assert http.get("/model/..%2f..%2fx").status_code == 404


def test_the_log_is_told_as_text_and_as_a_page_without_scripts(labelled: Callable[[], Any]) -> None:
    with labelled() as server:
        http = server.http()
        job = train(server, max_epochs=1)["id"]
        until(lambda: status(server), "DONE")
        text = http.get("/logs/", params={"text": True}).text
        assert f"job {job} is done" in text
        page = http.get("/logs/")
        assert page.headers["content-type"].startswith("text/html")
        assert job in page.text
        assert "<script" not in page.text
        assert http.get("/logs/", params={"lines": 1, "html": False}).text.count("\n") == 1
        assert http.get("/logs/gpu").status_code in (200, 404)
