"""The short form of ``kill_rounds.py``: some rounds around a worker and a trainer that only pretend."""

from pathlib import Path

import kill_rounds


def test_nothing_acknowledged_is_lost_when_processes_are_killed(tmp_path: Path) -> None:
    outcome = kill_rounds.rounds(tmp_path, 8, stub=True, seed=3, say=print)
    assert outcome["violations"] == []
    assert outcome["labels acknowledged"] > 8
    assert outcome["with requests in flight"] >= 4
