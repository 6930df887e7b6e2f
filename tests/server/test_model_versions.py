"""Versions behind a running server: published, taken back, damaged; every answer says which version gave it."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from radloop.models import card
from radloop.store import Store
from radloop.store.versions import add_version, note_shipped, version

MODEL = "cine_heart"


@pytest.fixture
def home(tmp_path: Path, installation: Path) -> Path:
    """A data folder with four versions: slightly other weights, those of something else, no numbers, and no weights."""
    about = card(MODEL)
    shipped = installation / "bundles" / MODEL / "models" / "model.pt"
    weights = torch.load(shipped, weights_only=True)["model"]
    with Store(tmp_path / "data") as store:
        base = note_shipped(store, MODEL, about.version, shipped).name
        other = {name: weight * 1.001 for name, weight in weights.items()}
        no_numbers = {name: weight * float("nan") for name, weight in weights.items()}
        for content in ({"model": other}, {"model": {"layer": torch.zeros(3)}}, {"model": no_numbers}):
            torch.save(content, tmp_path / "new.pt")
            add_version(store, MODEL, tmp_path / "new.pt", parent=base, data={}, metrics={}, configuration={})
        (tmp_path / "new.pt").write_bytes(b"no weights at all")
        add_version(store, MODEL, tmp_path / "new.pt", parent=base, data={}, metrics={}, configuration={})
    return tmp_path


@pytest.fixture
def start(serve: Callable[..., Any], cine_file: Callable[..., Path], home: Path) -> Callable[[], Any]:
    studies = home / "studies"
    studies.mkdir()
    cine_file(studies / "cine.nii.gz")
    cine_file(studies / "slow.nii.gz", (96, 96, 5, 12))
    return lambda: serve(studies, home)


def answered(server: Any, image: str = "cine") -> str:
    answer = server.http().post(f"/infer/{MODEL}", params={"image": image, "output": "json"})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["model_version"])


def said(server: Any) -> tuple[str, str | None]:
    model = server.http().get("/info/").json()["models"][MODEL]
    assert model["state"] == "ready"
    return model["version"], model["reason"]


def publish(server: Any, name: str) -> int:
    return int(server.http().post(f"/radloop/versions/{MODEL}/{name}/publish").status_code)


def test_versions_are_published_and_taken_back_without_a_restart(
    start: Callable[[], Any], radloop: Callable[..., Any]
) -> None:
    base = card(MODEL).version
    with start() as server:
        server.wait_ready()
        http = server.http()
        assert answered(server) == base
        running: list[str] = []
        request = threading.Thread(target=lambda: running.append(answered(server, "slow")))
        request.start()
        while http.get("/info/").json()["queue"]["running"] == 0:
            pass
        assert publish(server, f"{base}+1") == 200
        request.join()
        assert running == [base]  # it ended with the version that it began with
        assert answered(server) == f"{base}+1"
        assert said(server) == (f"{base}+1", None)
        assert http.get(f"/model/info/{MODEL}").json()["version"] == f"{base}+1"

        # What does not load is not published.
        for bad in (f"{base}+2", f"{base}+3", f"{base}+4"):
            assert publish(server, bad) == 409
        assert publish(server, f"{base}+1") == 409
        assert publish(server, "9.9") == 404
        assert answered(server) == f"{base}+1"

        # The command line publishes beside the server.
        radloop("models", "rollback", MODEL, "--data", server.data)
        assert answered(server) == base
        radloop("models", "publish", MODEL, f"{base}+1", "--data", server.data)
        assert answered(server) == f"{base}+1"
        assert http.post(f"/radloop/versions/{MODEL}/rollback").json()["serves"] == base
        assert answered(server) == base
        assert http.post(f"/radloop/versions/{MODEL}/rollback").status_code == 409
    with start() as server:
        server.wait_ready()
        assert said(server) == (base, None)


def test_a_damaged_version_is_never_served_and_the_server_says_so(start: Callable[[], Any]) -> None:
    base = card(MODEL).version
    with start() as server:
        server.wait_ready()
        assert publish(server, f"{base}+1") == 200
    with Store(server.data) as store:
        weights = version(store, MODEL, f"{base}+1").weights
    content = weights.read_bytes()
    weights.chmod(0o644)
    weights.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))  # it may even load
    with start() as server:
        server.wait_ready()
        name, reason = said(server)
        assert name == base
        assert reason is not None
        assert f"{base}+1" in reason
        assert f"{base} answers instead" in reason
        assert f"{base} answers instead" in server.http().get("/readyz").json()["reason"]
        assert str(server.data) not in reason
        assert answered(server) == base
        assert server.http().get(f"/model/info/{MODEL}").json()["version"] == base


def test_versions_are_listed_with_what_was_published(start: Callable[[], Any]) -> None:
    with start() as server:
        server.wait_ready()
        listed = server.http().get(f"/radloop/versions/{MODEL}").json()
        assert [one["state"] for one in listed["versions"]] == ["published"] + 4 * ["unpublished"]
        assert [one["serves"] for one in listed["versions"]] == [True] + 4 * [False]
        assert listed["publications"][0]["kind"] == "shipped"
        assert server.http().get("/radloop/versions").json()["models"][0] == listed
        assert server.http().get("/radloop/versions/nosuch").status_code == 404
