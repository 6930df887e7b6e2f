"""A server whose workers are slow, die or are asked for more than they can do."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

SLOW = (128, 128, 8, 16)
"""Enough voxels for the network to work on for more than a second."""


@pytest.fixture
def busy(
    serve: Callable[..., Any],
    tmp_path: Path,
    cine_file: Callable[..., Path],
    request: pytest.FixtureRequest,
) -> Iterator[Any]:
    """A server with a slow image and a small one; settings by parameter."""
    studies = tmp_path / "studies"
    studies.mkdir()
    cine_file(studies / "slow.nii.gz", SLOW)
    cine_file(studies / "small.nii.gz")
    with serve(studies, tmp_path, **getattr(request, "param", {})) as server:
        server.wait_ready()
        yield server


def workers(server: Any) -> list[psutil.Process]:
    children = psutil.Process(server.process.pid).children(recursive=True)
    return [child for child in children if "spawn_main" in " ".join(child.cmdline())]


def infer(server: Any, image: str, timeout: float = 300) -> httpx.Response:
    with httpx.Client(base_url=server.base, timeout=timeout, trust_env=False) as http:
        return http.post("/infer/cine_heart", params={"image": image, "output": "json"})


def running(server: Any) -> int:
    return int(server.http().get("/info/").json()["queue"]["running"])


def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def in_background(action: Callable[[], Any]) -> tuple[threading.Thread, list[Any]]:
    results: list[Any] = []
    thread = threading.Thread(target=lambda: results.append(action()))
    thread.start()
    return thread, results


def test_a_worker_that_dies_is_replaced_and_its_request_still_answered(busy: Any) -> None:
    thread, results = in_background(lambda: infer(busy, "slow"))
    until(lambda: running(busy) == 1)
    time.sleep(0.3)
    (worker,) = workers(busy)
    worker.kill()
    thread.join()
    assert results[0].status_code == 200
    assert infer(busy, "small").status_code == 200
    (other,) = workers(busy)
    assert other.pid != worker.pid


def test_a_worker_that_dies_idle_is_replaced(busy: Any) -> None:
    (worker,) = workers(busy)
    worker.kill()
    until(lambda: bool(workers(busy)) and workers(busy)[0].pid != worker.pid)
    assert infer(busy, "small").status_code == 200


def test_others_are_answered_while_a_cine_is_analysed(busy: Any) -> None:
    thread, results = in_background(lambda: infer(busy, "slow"))
    until(lambda: running(busy) == 1)
    answered = 0
    while thread.is_alive():
        busy.http().get("/info/").raise_for_status()
        answered += 1
    assert results[0].status_code == 200
    assert answered > 5


def test_a_client_that_leaves_takes_its_request_along(busy: Any) -> None:
    with pytest.raises(httpx.ReadTimeout):
        infer(busy, "slow", timeout=0.3)
    until(lambda: running(busy) == 0)
    assert infer(busy, "small").status_code == 200
    until(lambda: not list((busy.data / "scratch").iterdir()))
    assert "Traceback" not in busy.log


@pytest.mark.parametrize("busy", [{"queue": "1"}], indirect=True)
def test_a_full_queue_says_when_to_come_back(busy: Any) -> None:
    threads = [in_background(lambda: infer(busy, "slow")) for _ in range(6)]
    for thread, _ in threads:
        thread.join()
    answers = [results[0] for _, results in threads]
    assert {answer.status_code for answer in answers} == {200, 429}
    for answer in answers:
        if answer.status_code == 429:
            assert int(answer.headers["retry-after"]) >= 1
            assert answer.json().keys() == {"detail"}


@pytest.mark.parametrize("busy", [{"time_limit_s": "0.2"}], indirect=True)
def test_a_request_over_its_time_is_given_up(busy: Any) -> None:
    answer = infer(busy, "slow")
    assert answer.status_code == 503
    assert "time limit" in answer.json()["detail"]


def test_stopping_leaves_no_process_and_no_file(busy: Any) -> None:
    (worker,) = workers(busy)
    thread, _ = in_background(lambda: _ignoring_the_end(busy))
    until(lambda: running(busy) == 1)
    busy.process.terminate()
    assert busy.process.wait(20) in (0, -15)
    thread.join()
    until(lambda: not worker.is_running())
    assert not (busy.data / "scratch").exists()
    assert "Traceback" not in busy.log


def test_a_killed_server_takes_its_workers_along(busy: Any) -> None:
    (worker,) = workers(busy)
    busy.process.kill()
    busy.process.wait()
    until(lambda: not worker.is_running(), 20)


def _ignoring_the_end(server: Any) -> None:
    try:
        infer(server, "slow")
    except httpx.TransportError:
        pass
