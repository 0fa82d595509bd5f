"""A table model over typed rows: columns say how a row reads, sorts and is marked. Used by `widgets.table`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from skerry_gui.marks import Mark
from skerry_gui.theme import Theme

__all__ = ["SORT_ROLE", "Column", "RowsModel"]

R = TypeVar("R")
SORT_ROLE = Qt.ItemDataRole.UserRole
Index = QModelIndex | QPersistentModelIndex
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


@dataclass(frozen=True, slots=True, kw_only=True)
class Column(Generic[R]):
    """One column; `text` gets the row and the agent's time now. Without `order` a column sorts by its text."""

    title: str
    text: Callable[[R, datetime], str]
    order: Callable[[R], int | float | str] | None = None
    mark: Callable[[R], Mark] | None = None
    tip: Callable[[R], str] | None = None
    is_number: bool = False
    has_age: bool = False
    is_hidden: bool = False  # not shown, yet the filter finds it
    width: int = 0  # pixels at first; 0 takes what its text needs


class RowsModel(QAbstractTableModel, Generic[R]):
    """Rows with unique keys; new rows on top are inserted, so that selection and scrolling stay where they were."""

    def __init__(
        self,
        columns: Sequence[Column[R]],
        *,
        key: Callable[[R], str],
        now: Callable[[], datetime],
        theme: Theme,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.columns = tuple(columns)
        self._key = key
        self._now = now
        self._theme = theme
        self._rows: list[R] = []
        theme.changed.connect(self._repaint)

    def row(self, index: int) -> R:
        """Return the row at a place."""
        return self._rows[index]

    def key(self, index: int) -> str:
        """Return the key of the row at a place."""
        return self._key(self._rows[index])

    def set_rows(self, rows: Sequence[R]) -> None:
        """Show these rows."""
        old, new = [self._key(row) for row in self._rows], [self._key(row) for row in rows]
        added = new.index(old[0]) if old and old[0] in new else len(new)
        kept = len(new) - added
        if not old or new[added:] != old[:kept]:
            self.beginResetModel()
            self._rows = list(rows)
            self.endResetModel()
            return
        if kept < len(old):
            self.beginRemoveRows(QModelIndex(), kept, len(old) - 1)
            del self._rows[kept:]
            self.endRemoveRows()
        if added:
            self.beginInsertRows(QModelIndex(), 0, added - 1)
            self._rows[:0] = rows[:added]
            self.endInsertRows()
        self._rows = list(rows)
        self._repaint()

    def tick(self) -> None:
        """Let ages grow."""
        for place, column in enumerate(self.columns):
            if column.has_age and self._rows:
                self.dataChanged.emit(
                    self.index(0, place), self.index(len(self._rows) - 1, place), [Qt.ItemDataRole.DisplayRole]
                )

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's name and default
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's name and default
        return 0 if parent.isValid() else len(self.columns)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self.columns[section].title
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT if self.columns[section].is_number else _LEFT
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        column, row = self.columns[index.column()], self._rows[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return column.text(row, self._now())
            case Qt.ItemDataRole.DecorationRole:
                return self._theme.icon(column.mark(row)) if column.mark else None
            case Qt.ItemDataRole.ToolTipRole:
                return column.tip(row) if column.tip else None
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{column.title}: {column.text(row, self._now())}"
            case Qt.ItemDataRole.TextAlignmentRole:
                return _RIGHT if column.is_number else _LEFT
            case _ if role == SORT_ROLE:
                return column.order(row) if column.order else column.text(row, self._now())
        return None

    def _repaint(self) -> None:
        if self._rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._rows) - 1, len(self.columns) - 1))
