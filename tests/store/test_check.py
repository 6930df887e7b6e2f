"""What a crash, a person or a bad disk can leave in the data folder, and what `check` makes of it."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from radloop import store as store_room
from radloop.refusal import Refusal
from radloop.store import Store
from radloop.store.check import set_database_aside

Open = Callable[..., Store]
LabelFile = Callable[..., Path]


@pytest.fixture
def data(tmp_path: Path, studies: Path, opened: Open, label_file: LabelFile) -> Path:
    """A closed store with a history: two labels, one deleted, infos, an upload, a removed image."""
    with opened(studies) as store:
        store.add_label("heart", label_file(b"one"), author="anna", info={"reviewed": {"1": "all"}})
        store.remove_label(store.add_label("heart", label_file(b"two"), author="ben", info={}).id)
        store.set_label_info(store.label("heart").id, {"level": "hard"})
        store.add_image("up", label_file(b"upload"))
        store.set_image_info("up", {"modality": "MR"})
        store.add_label("up", label_file(b"three"), tag="original", author=None, info={})
        store.add_image("wrong", label_file(b"wrong"))
        store.remove_image("wrong")
    return tmp_path / "data"


def story(store: Store) -> object:
    """Everything a user of the store can see."""
    return [
        (image.id, image.path, image.info, store.labels(image.id, deleted=True)) for image in store.images()
    ], store.summary()


def faults(store: Store, *, repair: bool = False) -> list[tuple[str, bool]]:
    return [(finding.fault, finding.repaired) for finding in store.check(repair=repair)]


def test_a_store_in_order_has_no_findings(data: Path, studies: Path, opened: Open) -> None:
    assert faults(opened(studies)) == []


@pytest.mark.parametrize("how", ["deleted", "emptied", "garbage", "on purpose"])
def test_a_lost_database_is_made_anew_from_the_journals(how: str, data: Path, studies: Path, opened: Open) -> None:
    with opened(studies) as store:
        before = story(store)
    database = data / "store.sqlite"
    if how == "deleted":
        database.unlink()
    elif how == "emptied":
        database.write_bytes(b"")
    else:
        if how == "garbage":
            database.write_bytes(b"\x17" * 8192)
            with pytest.raises(Refusal) as refused:
                opened(studies)
            assert refused.value.code == "STORE_UNREADABLE"
        set_database_aside(data)
    store = opened(studies)
    assert story(store) == before
    assert faults(store) == []


def test_the_database_is_not_taken_away_from_a_running_server(data: Path, studies: Path, opened: Open) -> None:
    store = opened(studies)
    with pytest.raises(Refusal) as refused:
        set_database_aside(data)
    assert refused.value.code == "STORE_IN_USE"
    store.close()
    set_database_aside(data)


def test_a_row_lost_just_before_it_was_acknowledged_is_taken_up(data: Path, studies: Path, opened: Open) -> None:
    with opened(studies) as store:
        before = story(store)
        newest = store.label("up", "original").id
    with sqlite3.connect(data / "store.sqlite") as connection:
        connection.execute("DELETE FROM labels WHERE id = ?", [newest])
        connection.execute("DELETE FROM events WHERE id = ?", [newest])
    connection.close()
    store = opened(studies)
    assert faults(store) == [("UNLISTED", False)]
    assert faults(store, repair=True) == [("UNLISTED", True)]
    assert story(store) == before
    assert faults(store) == []


def test_late_news_does_not_undo_newer_ones(data: Path, studies: Path, opened: Open) -> None:
    with opened(studies) as store:
        label = store.label("heart")
        with sqlite3.connect(data / "store.sqlite") as connection:
            connection.execute("DELETE FROM events WHERE kind = 'label_info'")
        connection.close()
        store.set_label_info(label.id, {"level": "easy"})
        assert faults(store, repair=True) == [("UNLISTED", True)]
        assert store.label_info(label.id)["level"] == "easy"


def test_torn_and_cut_off_lines_are_set_aside(data: Path, studies: Path, opened: Open, label_file: LabelFile) -> None:
    path = data / "journal" / "heart.jsonl"
    line = json.loads(path.read_text().splitlines()[0])
    line["id"] = line["label"] = line["id"][:-8] + "00000000"
    line["body"]["name"] = "labels/heart/never-came.nii.gz"
    with path.open("a") as file:
        file.write(json.dumps(line) + '\n{"id": "20261123T')
    store = opened(studies)
    before = story(store)
    label = store.add_label("heart", label_file(b"after"), author="anna", info={})  # goes on after half a line
    assert sorted(faults(store, repair=True)) == [("CUT_OFF", True), ("TORN_LINE", True)]
    assert faults(store) == []
    assert (data / "set-aside" / "journal" / "heart.jsonl").read_bytes().count(b"\n") == 2
    store.remove_label(label.id)
    store.close()
    set_database_aside(data)
    again = opened(studies)
    assert [one.id for one in again.labels("heart")] == [one.id for one in before[0][1][3] if one.deleted is None]  # type: ignore[index]


def test_a_lost_journal_is_written_anew(data: Path, studies: Path, opened: Open) -> None:
    with opened(studies) as store:
        before = story(store)
        shutil.rmtree(data / "journal")
        assert {fault for fault, _ in faults(store, repair=True)} == {"UNWRITTEN"}
        assert faults(store) == []
    set_database_aside(data)
    assert story(opened(studies)) == before


def test_leftovers_and_strangers(data: Path, studies: Path, opened: Open) -> None:
    old = data / "labels" / "heart" / ".arriving-1-abc"
    young = data / "labels" / "heart" / ".arriving-2-abc"
    stranger = data / "labels" / "heart" / "mine.nii.gz"
    for path in (old, young, stranger):
        path.write_bytes(b"half")
    os.utime(old, (time.time() - 3600,) * 2)
    store = opened(studies)
    before = story(store)
    assert sorted(faults(store)) == [("LEFTOVER", False), ("ORPHAN", False)]
    assert sorted(faults(store, repair=True)) == [("LEFTOVER", True), ("ORPHAN", True)]
    assert not old.exists()
    assert young.exists()
    assert (data / "set-aside" / "labels" / "heart" / "mine.nii.gz").read_bytes() == b"half"
    assert faults(store) == []
    assert story(store) == before


def test_damage_is_told_and_not_hidden(data: Path, studies: Path, opened: Open) -> None:
    store = opened(studies)
    store.label("heart").path.write_bytes(b"ONE")
    store.image("up").path.unlink()
    (studies / "heart.nii.gz").write_bytes(b"other")
    expected = [("DAMAGED", False), ("FILE_MISSING", False), ("IMAGE_CHANGED", False)]
    assert sorted(faults(store)) == expected
    assert sorted(faults(store, repair=True)) == expected


def test_a_store_of_a_newer_program_is_left_alone(data: Path, studies: Path, opened: Open) -> None:
    with sqlite3.connect(data / "store.sqlite") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(Refusal) as refused:
        opened(studies)
    assert refused.value.code == "STORE_TOO_NEW"


def in_steps(file: Path, revision: str) -> str:
    """The URL of a database as the program made it when that was its newest form."""
    from alembic import command
    from alembic.config import Config

    url = f"sqlite:///{file}"
    engine = create_engine(url)
    with engine.begin() as connection:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", "radloop.store:migrations")
        command.upgrade(config, revision)
    engine.dispose()
    return url


def test_a_store_of_an_older_program_is_brought_to_the_newest_form(tmp_path: Path, studies: Path, opened: Open) -> None:
    from radloop.store.database import NEWEST

    (tmp_path / "data").mkdir()
    engine = create_engine(in_steps(tmp_path / "data" / "store.sqlite", "0001"))
    with engine.begin() as connection:
        row = {"id": "old", "root": str(studies), "name": "heart.nii.gz"}
        connection.execute(
            text(
                "INSERT INTO images (id, source, root, name, bytes, mtime_ns, info, added, present) "
                "VALUES (:id, 'studies', :root, :name, 1, 1, '{\"modality\": \"MR\"}', '2026-01-01', 1)"
            ),
            row,
        )
    engine.dispose()
    with opened(studies) as store:
        assert store.image("old").info == {"modality": "MR"}
        assert [row.id for row in store.images() if row.path.name == "heart.nii.gz"] == ["old"]
        with store.database.reading() as connection:
            assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one() == NEWEST


def test_the_steps_lead_to_the_tables_that_a_new_store_is_made_with(
    data: Path, studies: Path, opened: Open, tmp_path: Path
) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext
    from alembic.script import ScriptDirectory

    from radloop.store import audit, tokens  # noqa: F401  their tables are known once they are imported
    from radloop.store.database import NEWEST
    from radloop.store.tables import metadata

    steps = ScriptDirectory(str(Path(store_room.__file__).parent / "migrations"))
    assert steps.get_heads() == [NEWEST]
    made = opened(studies).database
    stepped = create_engine(in_steps(tmp_path / "stepped.sqlite", NEWEST))
    beside = text("SELECT type, name, tbl_name, iif(type = 'trigger', sql, '') FROM sqlite_master ORDER BY 1, 2")
    found = []
    for opening in (made.reading(), stepped.connect()):
        with opening as connection:
            assert compare_metadata(MigrationContext.configure(connection), metadata) == []
            version = connection.execute(text("SELECT version_num FROM alembic_version")).all()
            found.append((connection.execute(beside).all(), version))
    stepped.dispose()
    assert found[0] == found[1]
    assert len([row for row in found[0][0] if row.type == "trigger"]) == 3


def test_opening_a_store_again_needs_no_migration_tools(data: Path, studies: Path) -> None:
    code = "import sys, pathlib; from radloop.store import Store; Store(pathlib.Path(sys.argv[1])).close(); "
    code += "print('alembic' in sys.modules, 'sqlalchemy.orm' in sys.modules)"
    source = str(Path(store_room.__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-c", code, data], env={"PYTHONPATH": source}, capture_output=True, text=True
    )
    assert done.stdout == "False False\n", done.stderr
