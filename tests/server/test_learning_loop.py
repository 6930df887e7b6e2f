"""The whole way once, with the real trainer: submit, train, look at the figures, publish, be answered by it."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from radloop.images import write_cine, write_label
from radloop.synthesis import make_phantom


def test_a_submitted_label_becomes_a_version_that_answers(serve: Callable[..., Any], tmp_path: Path) -> None:
    studies = tmp_path / "studies"
    studies.mkdir()
    for seed in range(2):
        phantom = make_phantom(seed, frames=4, matrix=(64, 64), spacing_mm=(3.2, 16.0))
        write_cine(studies / f"heart{seed}.nii.gz", phantom.cine)
        write_label(tmp_path / f"heart{seed}.nii.gz", phantom.label, phantom.cine)
    with serve(studies, tmp_path) as server:
        server.wait_ready()
        client, http = server.client(tmp_path), server.http()
        assert http.post("/train/cine_heart", json={}).status_code == 409  # nothing to learn from yet
        for seed in range(2):
            reviewed = {"reviewed": {"1": "all", "2": "all"}}
            client.save_label(f"heart{seed}", str(tmp_path / f"heart{seed}.nii.gz"), "final", reviewed)
        task = client.train_start("cine_heart", {"max_epochs": 1, "steps_per_epoch": 1})
        end = time.monotonic() + 400
        while client.train_status(check_if_running=True):
            assert time.monotonic() < end, client.train_status()
            time.sleep(0.2)
        done = client.train_status()
        assert (done["id"], done["status"]) == (task["id"], "DONE"), done
        version = done["result"]["version"]
        assert any("step 1, loss" in line for line in done["details"])
        assert not (server.data / "jobs" / task["id"] / "run").exists()

        before = http.get("/info/").json()["models"]["cine_heart"]["version"]
        assert before == done["result"]["parent"] != version
        [shipped, made] = http.get("/radloop/versions/cine_heart").json()["versions"]
        assert (shipped["serves"], made["serves"], made["state"]) == (True, False, "unpublished")
        assert len(made["data"]["train"]) == len(made["data"]["held_out"]) == 1
        assert 0 <= made["metrics"]["mean_dice"] <= 1

        assert http.post(f"/radloop/versions/cine_heart/{version}/publish").json()["serves"] == version
        _, answer = client.infer("cine_heart", "heart0", {})
        assert answer["model_version"] == version
        assert client.info()["train_stats"]["cine_heart"] == made["metrics"]
