"""A table of the server's images, from which a person picks one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import qt

from .client import CaseRow


class CaseList:
    """table : a QTableWidget of image, state and, where it has a third column, frames. wanted : which images."""

    def __init__(self, table: Any, wanted: Callable[[CaseRow], bool]) -> None:
        self.table, self._wanted = table, wanted
        self._rows: list[CaseRow] = []

    def fill(self, cases: Sequence[CaseRow]) -> None:
        rows = [row for row in cases if self._wanted(row)]
        if rows == self._rows:
            return
        self._rows = rows
        before = self.table.currentRow()
        self.table.setRowCount(len(rows))
        for n, row in enumerate(rows):
            frames = "" if row.n_frames is None else str(row.n_frames)
            for column, text in enumerate((row.image, row.state, frames)[: self.table.columnCount]):
                item = qt.QTableWidgetItem(text)
                item.setToolTip(row.why_not or text)  # UIDs are wider than the column
                self.table.setItem(n, column, item)
        if before < 0 and rows:
            self.table.selectRow(0)

    @property
    def chosen(self) -> CaseRow | None:
        row = self.table.currentRow()
        return self._rows[row] if 0 <= row < len(self._rows) else None
