"""Jobs as rows: every move from state to state, and no other."""

from itertools import pairwise
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from radloop.refusal import Refusal
from radloop.store import Store
from radloop.store.jobs import MOVES, State, add_job, job, list_jobs, move, note, queue_of

STATES: tuple[State, ...] = get_args(State)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(tmp_path_factory.mktemp("jobs") / "data")


@settings(deadline=None, max_examples=30)
@given(some.lists(some.sampled_from(STATES), max_size=8))
def test_a_job_goes_only_where_it_may(store: Store, wanted: list[State]) -> None:
    row = add_job(store, "train", "m", {"seed": 1}, None)
    state: State = row.state
    for to in wanted:
        if to in MOVES[state]:
            state = move(store, row.id, to).state
            assert state == to
        else:
            with pytest.raises(Refusal, match="cannot become"):
                move(store, row.id, to)
            assert job(store, row.id).state == state
    ended = job(store, row.id)
    assert (ended.ended is None) == (state in ("queued", "running"))


def test_a_resumed_job_stands_at_the_end_of_the_queue_and_keeps_its_id(tmp_path: Path) -> None:
    with Store(tmp_path / "data") as store:
        ids = [add_job(store, "train", "m", {}, None).id for _ in range(3)]
        add_job(store, "scoring", "dice", {}, None)
        move(store, ids[0], "running")
        note(store, ids[0], 0.5, "half")
        assert (job(store, ids[0]).progress, job(store, ids[0]).message) == (0.5, "half")
        move(store, ids[0], "interrupted", message="cut off")
        move(store, ids[0], "queued")
        assert [row.id for row in queue_of(store, "train")] == [ids[1], ids[2], ids[0]]
        listed = [row.id for row in list_jobs(store, "train")]
        assert listed == ids
        assert all(one < other for one, other in pairwise(listed))


def test_what_has_ended_is_not_changed_by_late_news(tmp_path: Path) -> None:
    with Store(tmp_path / "data") as store:
        row = add_job(store, "train", "m", {}, None)
        move(store, row.id, "running")
        move(store, row.id, "done", progress=1.0, result={"version": "1"})
        note(store, row.id, 0.2, "late")
        done = job(store, row.id)
        assert (done.progress, done.result, done.seconds is not None) == (1.0, {"version": "1"}, True)
