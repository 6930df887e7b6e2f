"""Batch inference and scoring: every image is done or named, the labels are kept, and a killed batch goes on."""

import os
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import psutil
import pytest


@pytest.fixture
def start(serve: Callable[..., Any], cine_file: Callable[..., Path], tmp_path: Path) -> Callable[[], Any]:
    """Three good cines, and one that is truncated, before two of them in the alphabet."""
    studies = tmp_path / "studies"
    studies.mkdir()
    for name in ("a", "c", "d"):
        cine_file(studies / f"{name}.nii.gz")
    whole = (studies / "a.nii.gz").read_bytes()
    (studies / "b.nii.gz").write_bytes(whole[: len(whole) // 2])
    return lambda: serve(studies, tmp_path)


def until_ended(server: Any, address: str, seconds: float = 240) -> dict[str, Any]:
    end = time.monotonic() + seconds
    while True:
        task: dict[str, Any] = server.http().get(address).json()
        if task["status"] not in ("SUBMITTED", "RUNNING"):
            return task
        assert time.monotonic() < end, task
        time.sleep(0.1)


def test_a_batch_does_all_it_can_and_its_labels_are_scored(start: Callable[[], Any], tmp_path: Path) -> None:
    with start() as server:
        http = server.http()
        assert http.get("/batch/infer").status_code == 404
        # What MONAI Label's own server is asked by default.
        asked = {"device": "cuda", "multi_gpu": True, "gpus": "all", "save_label": True, "label_tag": "original"}
        task = http.post("/batch/infer/cine_heart", json=asked).json()
        assert task["status"] in ("SUBMITTED", "RUNNING")
        assert http.post("/batch/infer/cine_heart", json=asked).status_code == 429
        done = until_ended(server, "/batch/infer")
        assert (done["id"], done["status"]) == (task["id"], "DONE")
        assert done["result"]["images"].keys() == {"a", "c", "d"}
        assert list(done["result"]["refused"]) == ["b"]
        assert "truncated" in done["result"]["refused"]["b"]

        listed = http.get("/datastore/", params={"output": "all"}).json()["objects"]
        info = listed["a"]["labels"]["original"]["info"]
        assert info["from_version"] == http.get("/info/").json()["models"]["cine_heart"]["version"]
        assert info["reviewed"] == {}  # nobody looked: it teaches nothing
        assert http.post("/train/cine_heart", json={}).status_code == 409

        # A person submits another label of a: both voxel for voxel alike except in one frame.
        client = server.client(tmp_path)
        predicted = Path(client.download_label("a", "original"))
        label = nib.load(predicted)
        ours = np.asarray(label.dataobj).copy()
        ours[..., 0] = 0
        ours[:4, :4, 0, 0] = 3
        nib.save(nib.Nifti1Image(ours, label.affine, label.header), tmp_path / "ours.nii.gz")
        client.save_label("a", str(tmp_path / "ours.nii.gz"), "final", {})
        assert http.post("/scoring/dice", json={}).status_code == 200
        scored = until_ended(server, "/scoring/")["result"]["images"]
        assert list(scored) == ["a"]
        theirs = np.asarray(label.dataobj)
        sizes = (ours == 3).sum() + (theirs == 3).sum()
        assert scored["a"]["lv"] == pytest.approx(2 * ((ours == 3) & (theirs == 3)).sum() / sizes)
        assert http.get("/datastore/image/info", params={"image": "a"}).json()["dice"] == scored["a"]["dice"]

        only = http.post("/batch/infer/cine_heart", params={"images": "labeled"}, json={"save_label": False}).json()
        assert only["request"]["images"] == "labeled"
        assert until_ended(server, "/batch/infer")["result"]["images"].keys() == {"a"}
        assert len(server.http().get("/datastore/", params={"output": "all"}).json()["objects"]["a"]["labels"]) == 2
        most = http.post("/batch/infer/cine_heart", params={"images": "unlabeled"}, json={"max_batch_size": 2}).json()
        assert until_ended(server, "/batch/infer")["id"] == most["id"]
        assert until_ended(server, "/batch/infer")["result"]["refused"].keys() == {"b"}


def test_a_batch_whose_process_is_killed_goes_on_with_what_it_had_not_done(
    start: Callable[[], Any], tmp_path: Path
) -> None:
    for n in range(12):
        shutil.copy(tmp_path / "studies" / "a.nii.gz", tmp_path / "studies" / f"e{n}.nii.gz")
    with start() as server:
        http = server.http()
        job = http.post("/batch/infer/cine_heart", json={}).json()["id"]
        done = server.data / "jobs" / job / "done.jsonl"
        while not done.exists() or done.read_text().count("\n") < 2:
            time.sleep(0.02)
        for process in psutil.Process(server.process.pid).children():
            if process.nice() > 0:  # jobs stand back further than workers, whose niceness is 0 here
                os.kill(process.pid, signal.SIGKILL)
        assert until_ended(server, "/batch/infer")["status"] == "INTERRUPTED"
        http.post(f"/radloop/jobs/{job}/resume")
        result = until_ended(server, "/batch/infer")["result"]
        assert len(result["images"]) == 15
        assert len(done.read_text().splitlines()) == 16  # each once, the refused one too
