"""Who did what to which id with which model version, when: rows that are only added, each with the hash of the one
before it, so that a row changed, taken out or put in later is found."""

import csv
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import IO, Any

from sqlalchemy import DDL, BigInteger, Column, Integer, String, Table, event, select

from radloop.store.database import Database
from radloop.store.tables import metadata

FIRST = "0" * 64
"""What stands for the hash before the first row."""

audit = Table(
    "audit",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),  # 1, 2, 3 … without gaps
    Column("at", String(32), nullable=False),  # UTC, ISO 8601
    Column("who", String(64), nullable=False),
    Column("did", String(64), nullable=False),
    Column(
        "id", String(128), nullable=False
    ),  # of an image, study, series, session, token, job; "" where there is none
    Column("model_version", String(64), nullable=False),
    Column("status", Integer, nullable=False),  # of HTTP; 0 for the command line
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
)
for trigger in (
    "CREATE TRIGGER audit_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'audit only grows'); END",
    "CREATE TRIGGER audit_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'audit only grows'); END",
    # INSERT OR REPLACE would take a row away without asking the trigger above.
    "CREATE TRIGGER audit_insert BEFORE INSERT ON audit WHEN EXISTS (SELECT 1 FROM audit WHERE number >= NEW.number) "
    "BEGIN SELECT RAISE(ABORT, 'audit only grows'); END",
):
    event.listen(audit, "after_create", DDL(trigger).execute_if(dialect="sqlite"))  # type: ignore[no-untyped-call]


@dataclass(frozen=True)
class AuditRow:
    """One thing that was done. The columns are those of the table."""

    number: int
    at: str
    who: str
    did: str
    id: str
    model_version: str
    status: int
    previous: str
    hash: str

    def right_hash(self) -> str:
        """SHA-256 of the row without its hash, as JSON, keys in the order of the columns."""
        told = {name: value for name, value in asdict(self).items() if name != "hash"}
        return hashlib.sha256(json.dumps(told, separators=(",", ":")).encode()).hexdigest()


@dataclass(frozen=True)
class Verdict:
    """``fault`` names the first row that is not as it was written; ``last`` is the hash of the last row."""

    rows: int
    last: str
    fault: str | None


class Audit:
    """The audit table of a store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def note(self, who: str, did: str, id: str = "", *, model_version: str = "", status: int = 0) -> None:
        """Add a row; it is on disk when this returns. What is no plain id is left out: it may be a patient's name."""
        with self._database.writing() as connection:
            newest = connection.execute(select(audit).order_by(audit.c.number.desc()).limit(1)).mappings().first()
            row = AuditRow(
                number=newest["number"] + 1 if newest else 1,
                at=datetime.now(UTC).isoformat(timespec="milliseconds"),
                who=who,
                did=did,
                id=plain_id(id),
                model_version=model_version[:64],
                status=status,
                previous=newest["hash"] if newest else FIRST,
                hash="",
            )
            connection.execute(audit.insert().values(asdict(row) | {"hash": row.right_hash()}))

    def rows(self) -> Iterator[AuditRow]:
        """Every row, oldest first, as of one moment."""
        with self._database.reading() as connection:
            for row in connection.execute(select(audit).order_by(audit.c.number)).mappings():
                yield AuditRow(**row)

    def verify(self, *, holds: str | None = None) -> Verdict:
        """Whether the rows are as they were written. The chain cannot tell that its end was cut off: a hash that was
        noted down earlier (``holds``) has to be in it, too."""
        before, found, number = FIRST, holds is None, 0
        for number, row in enumerate(self.rows(), start=1):
            if row.number != number:
                return Verdict(number - 1, before, f"row {number} is missing")
            if row.previous != before or row.hash != row.right_hash():
                return Verdict(number - 1, before, f"row {number} is not as it was written")
            before = row.hash
            found = found or before == holds
        return Verdict(number, before, None if found else f"there is no row with the hash {holds}: the end was cut off")

    def export(self, to: IO[str]) -> int:
        """Write the rows as CSV and return their number."""
        table = csv.writer(to)
        table.writerow(audit.columns.keys())
        rows = 0
        for row in self.rows():
            table.writerow(_safe(value) for value in asdict(row).values())
            rows += 1
        return rows


def plain_id(text: str) -> str:
    return text if re.fullmatch(r"[A-Za-z0-9._-]{1,128}", text) else ""


def _safe(value: Any) -> Any:
    """A name that begins like a formula would be run by a spreadsheet."""
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@")) else value
