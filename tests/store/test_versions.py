"""Versions of a model: kept whole, never changed, published and taken back, and found again whatever is lost."""

import json
import os
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from radloop.refusal import Refusal
from radloop.store import Store
from radloop.store.check import set_database_aside
from radloop.store.copies import backup, restore
from radloop.store.versions import (
    add_version,
    check_whole,
    history,
    note_shipped,
    publish,
    rollback,
    served,
    version,
)
from radloop.store.writer import one_writer

MODEL = "heart_model"


@pytest.fixture
def weights(tmp_path: Path) -> Callable[[bytes], Path]:
    def make(content: bytes) -> Path:
        file = tmp_path / "weights.pt"
        file.write_bytes(content)
        return file

    return make


def trained(store: Store, file: Path, parent: str) -> str:
    about: dict[str, Any] = {"data": {"train": ["a"]}, "metrics": {"mean_dice": 0.9}, "configuration": {"seed": 0}}
    return add_version(store, MODEL, file, parent=parent, **about).name


def answering(store: Store) -> list[str]:
    return [row.name for row in served(store, MODEL)]


def test_names_count_up_from_the_bundles_version(tmp_path: Path, weights: Callable[[bytes], Path]) -> None:
    with Store(tmp_path / "data") as store:
        assert note_shipped(store, MODEL, "0.2.0", weights(b"shipped")).name == "0.2.0"
        assert trained(store, weights(b"one"), "0.2.0") == "0.2.0+1"
        assert trained(store, weights(b"two"), "0.2.0+1") == "0.2.0+2"
        second = version(store, MODEL, "0.2.0+2")
        assert (second.parent, second.origin, second.metrics) == ("0.2.0+1", "trained", {"mean_dice": 0.9})
        assert second.weights.read_bytes() == b"two"
        assert stat.S_IMODE(second.weights.stat().st_mode) == 0o444
        with pytest.raises(Refusal, match=r"there are: 0\.2\.0, 0\.2\.0\+1"):
            version(store, MODEL, "0.9")


def test_work_that_is_done_again_makes_no_second_version(tmp_path: Path, weights: Callable[[bytes], Path]) -> None:
    with Store(tmp_path / "data") as store:
        note_shipped(store, MODEL, "0.2.0", weights(b"shipped"))
        assert [trained(store, weights(b"one"), "0.2.0") for _ in "ab"] == ["0.2.0+1"] * 2
        assert trained(store, weights(b"one"), "0.2.0+1") == "0.2.0+2"


def test_only_what_is_published_answers_and_rollback_steps_back(
    tmp_path: Path, weights: Callable[[bytes], Path]
) -> None:
    with Store(tmp_path / "data") as store:
        note_shipped(store, MODEL, "0.2.0", weights(b"shipped"))
        for content in (b"one", b"two"):
            trained(store, weights(content), "0.2.0")
        assert answering(store) == ["0.2.0"]
        publish(store, MODEL, "0.2.0+2", "anna")
        publish(store, MODEL, "0.2.0+1", None)
        assert answering(store) == ["0.2.0+1", "0.2.0+2", "0.2.0"]
        with pytest.raises(Refusal, match="served already"):
            publish(store, MODEL, "0.2.0+1", None)
        assert rollback(store, MODEL, None).name == "0.2.0+2"
        assert rollback(store, MODEL, None).name == "0.2.0"
        with pytest.raises(Refusal, match="no version was published before"):
            rollback(store, MODEL, None)
        assert answering(store) == ["0.2.0"]


def test_newer_weights_in_an_upgrade_answer_unless_something_was_published(
    tmp_path: Path, weights: Callable[[bytes], Path]
) -> None:
    with Store(tmp_path / "data") as store:
        note_shipped(store, MODEL, "0.2.0", weights(b"shipped"))
        note_shipped(store, MODEL, "0.3.0", weights(b"newer"))
        assert answering(store) == ["0.3.0"]
        assert note_shipped(store, MODEL, "0.3.0", weights(b"other")).name.startswith("0.3.0+shipped.")
        note_shipped(store, MODEL, "0.3.0", weights(b"newer"))
        assert answering(store) == ["0.3.0"]
        name = trained(store, weights(b"ours"), "0.3.0")
        publish(store, MODEL, name, None)
        note_shipped(store, MODEL, "0.4.0", weights(b"newest"))
        assert answering(store) == [name, "0.4.0"]
        assert len(history(store, MODEL)) == 5


def test_weights_that_are_not_what_was_kept_are_never_published(
    tmp_path: Path, weights: Callable[[bytes], Path]
) -> None:
    with Store(tmp_path / "data") as store:
        note_shipped(store, MODEL, "0.2.0", weights(b"shipped"))
        row = version(store, MODEL, trained(store, weights(b"one"), "0.2.0"))
        check_whole(row)
        row.weights.chmod(0o644)
        row.weights.write_bytes(b"other")
        with pytest.raises(Refusal, match="missing or damaged"):
            publish(store, MODEL, row.name, None)
        assert [found.fault for found in store.check()] == ["DAMAGED"]
        row.weights.unlink()
        with pytest.raises(Refusal, match="missing or damaged"):
            publish(store, MODEL, row.name, None)
        assert answering(store) == ["0.2.0"]


def test_versions_outlive_the_database_and_go_with_a_backup(tmp_path: Path, weights: Callable[[bytes], Path]) -> None:
    shipped, data = weights(b"shipped"), tmp_path / "data"
    with Store(data) as store:
        note_shipped(store, MODEL, "0.2.0", shipped)
        ours = tmp_path / "ours.pt"
        ours.write_bytes(b"ours")
        publish(store, MODEL, trained(store, ours, "0.2.0"), "anna")
        backup(store, tmp_path / "backup")
        before = history(store, MODEL), served(store, MODEL)
    set_database_aside(data)
    with Store(data) as store:
        note_shipped(store, MODEL, "0.2.0", shipped)
        assert (history(store, MODEL), served(store, MODEL)) == before
        assert trained(store, weights(b"others"), "0.2.0") == "0.2.0+2"
    restore(tmp_path / "backup", tmp_path / "restored")
    with Store(tmp_path / "restored") as store:
        assert [row.name for row in served(store, MODEL)] == ["0.2.0+1", "0.2.0"]
        assert all(row.weights.is_file() for row in history(store, MODEL))


def test_a_version_that_was_cut_off_is_not_there_or_whole(tmp_path: Path, weights: Callable[[bytes], Path]) -> None:
    """What kill -9 can leave: a folder under a temporary name, a folder without its row, half a line."""
    shipped, data = weights(b"shipped"), tmp_path / "data"
    with Store(data) as store:
        row = note_shipped(store, MODEL, "0.2.0", shipped)
        top = data / "versions" / MODEL
        (top / ".arriving-1-ab").mkdir()
        (top / ".arriving-1-ab" / "model.pt").write_bytes(b"half")
        whole = top / "0.2.0+7"
        whole.mkdir()
        (whole / "model.pt").write_bytes(b"shipped")
        about = json.loads((top / "0.2.0" / "version.json").read_text())
        about |= {
            "name": "0.2.0+7",
            "origin": "trained",
            "parent": "0.2.0",
            "file": f"versions/{MODEL}/0.2.0+7/model.pt",
        }
        (whole / "version.json").write_text(json.dumps(about))
        with (top / "publications.jsonl").open("a") as lines:
            lines.write('{"id": "2026')
        note_shipped(store, MODEL, "0.2.0", shipped)
        assert [one.name for one in history(store, MODEL)] == ["0.2.0", "0.2.0+7"]
        assert answering(store) == [row.name]
        publish(store, MODEL, "0.2.0+7", None)
        assert answering(store) == ["0.2.0+7", "0.2.0"]
        assert trained(store, shipped, "0.2.0+7") == "0.2.0+8"
    set_database_aside(data)
    with Store(data) as store:
        note_shipped(store, MODEL, "0.2.0", shipped)
        assert answering(store) == ["0.2.0+7", "0.2.0"]


@pytest.mark.parametrize("failing", ["fsync", "rename"])
def test_a_failing_disk_leaves_no_half_version(
    tmp_path: Path, weights: Callable[[bytes], Path], monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    """Every sync and rename in turn."""
    shipped = weights(b"shipped")
    with Store(tmp_path / "data") as store:
        note_shipped(store, MODEL, "0.2.0", shipped)
        refused = 0
        for fail_at in range(1, 20):
            calls, kept = 0, len(history(store, MODEL))
            real = getattr(os, failing)

            def fail(*arguments: Any, at: int = fail_at, real: Any = real) -> Any:
                nonlocal calls
                calls += 1
                if calls == at:
                    raise OSError(28, "No space left on device")
                return real(*arguments)

            with monkeypatch.context() as patch:
                patch.setattr(os, failing, fail)
                with suppress(Refusal):  # the disk is full
                    trained(store, shipped, "0.2.0")
            note_shipped(store, MODEL, "0.2.0", shipped)
            for row in history(store, MODEL):
                check_whole(row)
            refused += len(history(store, MODEL)) == kept
            if calls < fail_at:
                break
        assert refused > 0
        assert trained(store, shipped, "0.2.0")


def test_one_writer_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("radloop.store.writer._WAIT_S", 0.0)
    with Store(tmp_path / "data") as store:
        with one_writer(store, MODEL), pytest.raises(Refusal, match="being trained"), one_writer(store, MODEL):
            pass
        with one_writer(store, MODEL), one_writer(store, "another"):
            pass
