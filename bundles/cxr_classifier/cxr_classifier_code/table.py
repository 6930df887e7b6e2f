"""Tables on disk: CSV, replaced only whole."""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path


def write_table(path: Path, rows: Iterable[Sequence[object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".new")
    with temporary.open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    temporary.replace(path)
