"""The pool with a service that sleeps, dies and refuses on demand."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from pathlib import Path
from typing import Any

import psutil
import pytest

import radloop
from radloop.refusal import Refusal
from radloop.workers import Busy, Pool, Unavailable

LIMIT_S = 60.0


@pytest.fixture
def pool_of(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Pool]]:
    """``pool_of(options, **settings)``: a started pool of the toy service."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    pools: list[Pool] = []

    def make(options: dict[str, Any] | None = None, **settings: Any) -> Pool:
        pools.append(Pool("toy_service:open", options or {}, **settings))
        pools[-1].start()
        return pools[-1]

    yield make
    for pool in pools:
        pool.close()


def ask(pool: Pool, what: str, *, time_limit_s: float = LIMIT_S, **arguments: Any) -> dict[str, Any]:
    return pool.submit(what, arguments, time_limit_s=time_limit_s).future.result(timeout=LIMIT_S)


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)


def test_what_is_asked_is_answered_by_a_process_of_lower_priority(pool_of: Callable[..., Pool]) -> None:
    pool = pool_of(niceness=3)
    answer = ask(pool, "echo", value=[1, "two", None])
    assert answer["value"] == [1, "two", None]
    assert answer["pid"] != os.getpid()
    assert answer["nice"] == min(19, os.nice(0) + 3)
    assert pool.facts == {"pid": answer["pid"]}
    assert ask(pool, "echo", value=0)["pid"] == answer["pid"]


def test_refusals_arrive_as_they_were_raised(pool_of: Callable[..., Pool]) -> None:
    pool = pool_of()
    with pytest.raises(Refusal) as raised:
        ask(pool, "refuse")
    assert (raised.value.code, raised.value.sentence, raised.value.http_status) == (
        "TOO_SMALL",
        "x.nii.gz: is too small.",
        415,
    )


def test_a_fault_of_the_service_is_not_told_in_detail_and_ends_nothing(pool_of: Callable[..., Pool]) -> None:
    pool = pool_of()
    pid = ask(pool, "echo", value=0)["pid"]
    with pytest.raises(RuntimeError, match="ZeroDivisionError") as raised:
        ask(pool, "fail")
    assert "secret" not in str(raised.value)
    assert ask(pool, "echo", value=0)["pid"] == pid


def test_a_request_whose_worker_dies_is_asked_once_more(pool_of: Callable[..., Pool], tmp_path: Path) -> None:
    pool = pool_of()
    first = ask(pool, "echo", value=0)["pid"]
    assert ask(pool, "die", note=str(tmp_path / "once"), times=1)["pid"] != first
    with pytest.raises(Unavailable, match="ended twice"):
        ask(pool, "die", note=str(tmp_path / "twice"), times=2)
    assert ask(pool, "echo", value=1)["value"] == 1


def test_a_cancelled_request_stops_and_the_worker_goes_on(pool_of: Callable[..., Pool]) -> None:
    pool = pool_of()
    pid = ask(pool, "echo", value=0)["pid"]
    job = pool.submit("sleep", {"seconds": 50}, time_limit_s=LIMIT_S)
    until(lambda: job.fraction > 0)
    waiting = pool.submit("echo", {"value": "never"}, time_limit_s=LIMIT_S)
    waiting.cancel()
    job.cancel()
    with pytest.raises(Unavailable):
        job.future.result(timeout=LIMIT_S)
    with pytest.raises(CancelledError):
        waiting.future.result(timeout=LIMIT_S)
    assert ask(pool, "echo", value=0)["pid"] == pid


def test_a_request_that_does_not_let_go_is_ended_with_its_process(
    pool_of: Callable[..., Pool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("radloop.workers.pool.GRACE_S", 0.2)
    pool = pool_of()
    pid = ask(pool, "echo", value=0)["pid"]
    with pytest.raises(Unavailable, match="time limit"):
        ask(pool, "stubborn", seconds=50, time_limit_s=0.1)
    assert ask(pool, "echo", value=0)["pid"] != pid


def test_a_full_queue_is_said_at_once(pool_of: Callable[..., Pool]) -> None:
    pool = pool_of(waiting_limit=1)
    ask(pool, "echo", value=0)
    running = pool.submit("sleep", {"seconds": 50}, time_limit_s=LIMIT_S)
    until(lambda: running.fraction > 0)
    pool.submit("echo", {"value": 0}, time_limit_s=LIMIT_S)
    with pytest.raises(Busy) as raised:
        pool.submit("echo", {"value": 0}, time_limit_s=LIMIT_S)
    assert raised.value.retry_after_s > 0
    assert pool.counts() == (1, 1, 1)


def test_two_workers_work_at_once(pool_of: Callable[..., Pool]) -> None:
    pool = pool_of(count=2)
    until(lambda: pool.counts()[2] == 2)
    jobs = [pool.submit("sleep", {"seconds": 50}, time_limit_s=LIMIT_S) for _ in range(2)]
    until(lambda: all(job.fraction > 0 for job in jobs))


@pytest.mark.parametrize(
    ("options", "said"),
    [({"refuse": "the weights are missing"}, "weights are missing"), ({"exit": True}, "ended before")],
)
def test_a_service_that_does_not_open_is_a_reason_not_a_hang(
    pool_of: Callable[..., Pool], options: dict[str, Any], said: str
) -> None:
    pool = pool_of(options)
    until(lambda: pool.fault is not None)
    assert said in str(pool.fault)
    with pytest.raises(Unavailable, match=said):
        ask(pool, "echo", value=0)
    assert pool.counts()[2] == 0


def test_closing_ends_the_processes_and_answers_everyone(pool_of: Callable[..., Pool]) -> None:
    pool = pool_of()
    pid = ask(pool, "echo", value=0)["pid"]
    running = pool.submit("sleep", {"seconds": 50}, time_limit_s=LIMIT_S)
    until(lambda: running.fraction > 0)
    waiting = pool.submit("echo", {"value": 0}, time_limit_s=LIMIT_S)
    pool.close()
    for job in (running, waiting):
        with pytest.raises(Unavailable):
            job.future.result(timeout=0)
    assert not psutil.pid_exists(pid)


def test_a_process_that_is_killed_takes_its_workers_along(tmp_path: Path) -> None:
    script = """
import sys, time
from radloop.workers import Pool
if __name__ == "__main__":
    pool = Pool("toy_service:open", {})
    pool.start()
    print(pool.submit("echo", {"value": 0}, time_limit_s=60).future.result()["pid"], flush=True)
    pool.submit("stubborn", {"seconds": 60}, time_limit_s=60)
    time.sleep(60)
"""
    (tmp_path / "starter.py").write_text(script)
    path = os.pathsep.join((str(Path(radloop.__file__).parents[1]), str(Path(__file__).parent)))
    starter = subprocess.Popen(
        [sys.executable, str(tmp_path / "starter.py")], env={**os.environ, "PYTHONPATH": path}, stdout=subprocess.PIPE
    )
    assert starter.stdout is not None
    worker = psutil.Process(int(starter.stdout.readline()))
    starter.kill()
    starter.wait()
    until(lambda: not worker.is_running())
