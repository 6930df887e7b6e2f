"""The audit table only grows, and what was done to it afterwards is found."""

import csv
import io
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from radloop.store import Store
from radloop.store.audit import FIRST, Audit, plain_id
from radloop.store.carried_over import carry_over
from radloop.store.check import set_database_aside
from radloop.store.tokens import Tokens

Opened = Callable[..., Store]


def filled(store: Store, rows: int = 5) -> Audit:
    audit = Audit(store.database)
    for n in range(rows):
        audit.note("anna", "label submitted", f"heart{n}", model_version="0.1.0", status=200)
    return audit


def by_force(store: Store, *statements: str) -> None:
    """As somebody with the file in their hands would: without the triggers, then with them again."""
    with sqlite3.connect(store.data / "store.sqlite", isolation_level=None) as file:
        for name in ("audit_update", "audit_delete", "audit_insert"):
            file.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            file.execute(statement)
    file.close()


def test_rows_follow_each_other(opened: Opened) -> None:
    audit = filled(opened())
    rows = list(audit.rows())
    assert [row.number for row in rows] == [1, 2, 3, 4, 5]
    assert [row.previous for row in rows] == [FIRST, *(row.hash for row in rows[:-1])]
    verdict = audit.verify()
    assert (verdict.rows, verdict.last, verdict.fault) == (5, rows[-1].hash, None)
    assert audit.verify(holds=rows[2].hash).fault is None


def test_an_empty_table_is_in_order(opened: Opened) -> None:
    assert Audit(opened().database).verify().fault is None


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET who = 'bob' WHERE number = 3",
        "DELETE FROM audit WHERE number = 3",
        "DELETE FROM audit",
        "INSERT OR REPLACE INTO audit SELECT * FROM audit WHERE number = 3",
        "INSERT INTO audit SELECT 0, at, who, did, id, model_version, status, previous, hash FROM audit LIMIT 1",
    ],
)
def test_rows_cannot_be_changed_taken_out_or_put_in_between(opened: Opened, statement: str) -> None:
    store = opened()
    audit = filled(store)
    with pytest.raises(IntegrityError, match="audit only grows"), store.database.writing() as connection:
        connection.execute(text(statement))
    assert audit.verify().rows == 5


@pytest.mark.parametrize(
    ("statement", "row"),
    [
        ("UPDATE audit SET who = 'bob' WHERE number = 3", 3),
        ("UPDATE audit SET status = 403 WHERE number = 1", 1),
        ("UPDATE audit SET at = '2020-01-01T00:00:00.000+00:00' WHERE number = 5", 5),
        ("DELETE FROM audit WHERE number = 2", 2),
        ("UPDATE audit SET number = number + 1 WHERE number = 5", 5),
        ("UPDATE audit SET hash = previous WHERE number = 4", 4),
    ],
)
def test_what_was_done_by_force_is_found(opened: Opened, statement: str, row: int) -> None:
    store = opened()
    audit = filled(store)
    by_force(store, statement)
    assert f"row {row} is" in (audit.verify().fault or "")


def test_an_end_cut_off_is_missed_by_who_noted_the_last_hash(opened: Opened) -> None:
    store = opened()
    audit = filled(store)
    noted = audit.verify().last
    by_force(store, "DELETE FROM audit WHERE number > 3")
    assert audit.verify().fault is None
    assert "cut off" in (audit.verify(holds=noted).fault or "")


@given(st.text())
def test_what_is_no_id_is_left_out(text: str) -> None:
    kept = plain_id(text)
    assert kept in (text, "")
    assert not set(kept) - set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")


def test_csv_holds_every_row_and_no_formula(opened: Opened) -> None:
    audit = filled(opened())
    audit.note("=cmd()", "logged in")
    sheet = io.StringIO()
    assert audit.export(sheet) == 6
    rows = list(csv.DictReader(io.StringIO(sheet.getvalue())))
    assert rows[0]["id"] == "heart0"
    assert rows[0]["model_version"] == "0.1.0"
    assert rows[5]["who"] == "'=cmd()"


def test_a_database_made_anew_keeps_tokens_and_audit(opened: Opened) -> None:
    store = opened()
    last = filled(store).verify().last
    token, secret = Tokens(store.database).create("anna", "reader", days=1)
    store.close()
    old = set_database_aside(store.data)
    again = opened()
    assert Audit(again.database).verify().rows == 0
    assert carry_over(old, again.database) == {"tokens": 1, "audit": 5}
    assert Audit(again.database).verify(holds=last).fault is None
    assert Tokens(again.database).of(secret) == token
    old.write_bytes(b"damaged")
    assert carry_over(old, again.database) is None
    assert carry_over(Path("nosuch"), again.database) is None


def test_many_at_once_make_one_chain(opened: Opened) -> None:
    import threading

    stores = [opened(), opened()]
    threads = [threading.Thread(target=filled, args=(stores[n % 2], 10)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    verdict = Audit(stores[0].database).verify()
    assert (verdict.rows, verdict.fault) == (40, None)
