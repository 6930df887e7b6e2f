"""What a database made anew takes from the one that was set aside: tokens and audit rows stand in no journal."""

import sqlite3
from contextlib import closing
from pathlib import Path

from radloop.store.audit import audit
from radloop.store.database import Database
from radloop.store.tokens import tokens


def carry_over(old: Path, database: Database) -> dict[str, int] | None:
    """Copy tokens and audit rows of the database file ``old``; how many of each, or None where it cannot be read."""
    if not old.is_file():
        return None
    try:
        with closing(sqlite3.connect(f"file:{old}?mode=ro", uri=True)) as source:
            source.row_factory = sqlite3.Row
            found = {
                table: [dict(row) for row in source.execute(f"SELECT * FROM {table.name} ORDER BY 1")]
                for table in (tokens, audit)
            }
    except sqlite3.DatabaseError:
        return None
    with database.writing() as connection:
        for table, rows in found.items():
            if rows:
                connection.execute(table.insert(), rows)
    return {table.name: len(rows) for table, rows in found.items()}
