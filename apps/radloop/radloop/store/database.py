"""The database behind the store: opened, brought to its newest form, read and written in transactions.

The only module that knows which database it is: SQLite in WAL mode, unless an SQLAlchemy URL says otherwise.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import (
    URL,
    Column,
    Connection,
    MetaData,
    String,
    Table,
    create_engine,
    event,
    inspect,
    select,
    text,
)
from sqlalchemy.exc import DatabaseError

from radloop.refusal import Refusal
from radloop.store.files import disk_fault, disk_full

FILE = "store.sqlite"
NEWEST = "0003"
_REVISION = Table("alembic_version", MetaData(), Column("version_num", String(32), primary_key=True))
_BUSY_MS = 30_000
_DISK_FAULTS = ("disk I/O error", "unable to open database file", "readonly database", "malformed")


class Database:
    """Transactions on the store's tables, from any thread and from several processes at a time."""

    def __init__(self, data: Path, url: str | None) -> None:
        self._engine = create_engine(
            url or URL.create("sqlite", database=str(data / FILE)), pool_size=16, pool_timeout=60
        )
        self._writes = self._engine.execution_options(radloop_writes=True)
        # SQLite lets one write at a time and makes others poll; threads of one process can queue instead.
        self._turn = threading.Lock()
        if self._engine.dialect.name == "sqlite":
            event.listen(self._engine, "connect", _prepare_sqlite)
            event.listen(self._engine, "begin", _begin_sqlite)
        try:
            self._bring_to_newest()
        except DatabaseError as fault:
            self.close()
            raise Refusal(
                "STORE_UNREADABLE",
                f"The store's database in {data} cannot be opened ({fault.orig}); "
                "'radloop store rebuild' makes it anew from the files beside it.",
                http_status=503,
            ) from fault

    def close(self) -> None:
        self._engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One moment of the store, whatever is written meanwhile."""
        with _said_plainly(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """All or nothing, and on disk when the block is left; no other write happens meanwhile."""
        with _said_plainly(), self._turn, self._writes.connect() as connection, connection.begin():
            yield connection

    def copy_to(self, target: Path) -> None:
        """Copy the database as it is now into a new SQLite file, while it is in use."""
        if self._engine.dialect.name != "sqlite":
            raise Refusal("NOT_SQLITE", "This store's database is a server: back it up with that server's own tools.")
        with closing(self._engine.raw_connection()) as source, closing(sqlite3.connect(target)) as copy:
            source.driver_connection.backup(copy)  # type: ignore[union-attr]

    def fault(self) -> str | None:
        """What the database itself finds wrong with its own file, if anything."""
        if self._engine.dialect.name != "sqlite":
            return None
        with self.reading() as connection:
            answer = str(connection.execute(text("PRAGMA quick_check(1)")).scalar_one())
        return None if answer == "ok" else answer

    def _bring_to_newest(self) -> None:
        with self._engine.connect() as connection:
            if _revision(connection) == NEWEST:
                return
        with self._writes.connect() as connection, connection.begin():
            found = _revision(connection)
            if found == NEWEST:  # another process was faster
                return
            if found is None:
                _make(connection)
            else:
                _upgrade(connection, found)


@contextmanager
def _said_plainly() -> Iterator[None]:
    try:
        yield
    except DatabaseError as fault:
        reason = str(fault.orig)
        if "disk is full" in reason:
            raise disk_full() from fault
        if "locked" in reason:
            raise Refusal("STORE_BUSY", "The store is busy: try again in a moment.", http_status=503) from fault
        if any(said in reason for said in _DISK_FAULTS):
            raise disk_fault(reason) from fault
        raise


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    # The driver would begin transactions at its own moments; _begin_sqlite does it at ours.
    connection.isolation_level = None
    connection.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that reads first and writes later may find that it cannot: writers say so at once.
    writes = connection.get_execution_options().get("radloop_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(select(_REVISION.c.version_num)).scalar()
    return None if found is None else str(found)


def _make(connection: Connection) -> None:
    """The tables of a new store, as the migrations would make them one after the other."""
    from radloop.store import audit, tokens  # noqa: F401  their tables are known once they are imported
    from radloop.store.tables import metadata

    metadata.create_all(connection)
    _REVISION.create(connection)
    connection.execute(_REVISION.insert().values(version_num=NEWEST))


def _upgrade(connection: Connection, found: str) -> None:
    # Imported only here: it takes longer than everything else at start, and is needed once.
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", "radloop.store:migrations")
    known = {step.revision for step in ScriptDirectory.from_config(config).walk_revisions()}
    if found not in known:
        raise Refusal(
            "STORE_TOO_NEW", f"The store was written by a newer radloop (its form is {found!r}).", http_status=503
        )
    command.upgrade(config, NEWEST)
