"""A server whose workers are slow, die or are asked for more than they can do."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

SLOW = (96, 96, 5, 12)
"""Enough voxels for the network to work on for about a second."""


@pytest.fixture(scope="module")
def busy(
    serve: Callable[..., Any],
    tmp_path_factory: pytest.TempPathFactory,
    cine_file: Callable[..., Path],
) -> Iterator[Any]:
    """A server with a slow image and a small one, of whose requests one may wait."""
    folder = tmp_path_factory.mktemp("busy")
    with serve(slow_studies(folder, cine_file), folder, queue="1") as server:
        server.wait_ready()
        yield server


def slow_studies(folder: Path, cine_file: Callable[..., Path]) -> Path:
    studies = folder / "studies"
    studies.mkdir()
    cine_file(studies / "slow.nii.gz", SLOW)
    cine_file(studies / "small.nii.gz")
    return studies


def workers(server: Any) -> list[psutil.Process]:
    children = psutil.Process(server.process.pid).children(recursive=True)
    alive = [child for child in children if child.status() != psutil.STATUS_ZOMBIE]
    return [child for child in alive if "spawn_main" in " ".join(child.cmdline())]


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


@contextmanager
def suspended(server: Any) -> Iterator[None]:
    """Its worker stands still: however fast a processor is, it has not answered by then."""
    (worker,) = workers(server)
    worker.suspend()
    try:
        yield
    finally:
        worker.resume()


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
    until(lambda: bool({other.pid for other in workers(busy)} - {worker.pid}))
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
    with suspended(busy), pytest.raises(httpx.ReadTimeout):
        infer(busy, "slow", timeout=0.3)
    until(lambda: running(busy) == 0)
    assert infer(busy, "small").status_code == 200
    until(lambda: not list((busy.data / "scratch").iterdir()))
    assert "Traceback" not in busy.log


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


def test_time_limits_and_stopping(serve: Callable[..., Any], tmp_path: Path, cine_file: Callable[..., Path]) -> None:
    with serve(slow_studies(tmp_path, cine_file), tmp_path, time_limit_s="0.5") as server:
        server.wait_ready()
        with suspended(server):
            thread, results = in_background(lambda: infer(server, "slow"))
            until(lambda: running(server) == 1)
            time.sleep(0.7)
        thread.join()
        assert results[0].status_code == 503
        assert "time limit" in results[0].json()["detail"]

        (worker,) = workers(server)
        thread, _ = in_background(lambda: _ignoring_the_end(server))
        until(lambda: running(server) == 1)
        server.process.terminate()
        assert server.process.wait(20) in (0, -15)
        thread.join()
        until(lambda: not worker.is_running())
        assert not (server.data / "scratch").exists()
        assert "Traceback" not in server.log


def _ignoring_the_end(server: Any) -> None:
    with suppress(httpx.TransportError):
        infer(server, "slow")
