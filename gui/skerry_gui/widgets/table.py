"""A table with a filter line, an empty state that says what to do, and a button for older rows. Used by the screens."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Generic, TypeVar

from PySide6.QtCore import QItemSelection, QModelIndex, QSortFilterProxyModel, Qt, Signal
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QPushButton,
    QStackedLayout,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from skerry_gui.feed import ListFeed
from skerry_gui.rows import SORT_ROLE, Column, RowsModel
from skerry_gui.theme import Theme
from skerry_gui.widgets.basic import Card, label

__all__ = ["Table"]

ROW_HEIGHT = 30
R = TypeVar("R")


class _Matching(QSortFilterProxyModel, Generic[R]):
    """Rows that contain the text and that the screen's own choice lets through."""

    def __init__(self) -> None:
        super().__init__()
        self.wanted: Callable[[R], bool] = lambda _: True
        self.setSortRole(SORT_ROLE)
        self.setFilterKeyColumn(-1)
        self.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.setSortCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)

    def filterAcceptsRow(self, source_row: int, source_parent: QModelIndex) -> bool:  # type: ignore[override]  # the stub also admits persistent indexes
        model = self.sourceModel()
        assert isinstance(model, RowsModel)
        return self.wanted(model.row(source_row)) and super().filterAcceptsRow(source_row, source_parent)


class Table(QWidget, Generic[R]):
    """`chosen` tells that another row is selected; `selected` returns it."""

    chosen = Signal()
    older_wanted = Signal()

    def __init__(
        self,
        columns: Sequence[Column[R]],
        *,
        name: str,
        empty: str,
        key: Callable[[R], str],
        now: Callable[[], datetime],
        theme: Theme,
        filtering: bool = True,
    ) -> None:
        super().__init__()
        self._model: RowsModel[R] = RowsModel(columns, key=key, now=now, theme=theme, parent=self)
        self._rows: _Matching[R] = _Matching()
        self._rows.setParent(self)
        self._rows.setSourceModel(self._model)
        self._key: str | None = None
        self.view = _view(self._rows, columns, name)
        self.filter = QLineEdit()
        self.filter.setPlaceholderText("Filter (Ctrl+F)")
        self.filter.setClearButtonEnabled(True)
        self.filter.setAccessibleName(f"Filter {name.lower()}")
        self.filter.textChanged.connect(self._rows.setFilterFixedString)
        self.filter.textChanged.connect(self._recount)
        self.tools = QHBoxLayout()
        self.tools.addWidget(self.filter, 1)
        self.filter.setVisible(filtering)
        self._nothing = empty
        self._empty = label("Not read yet.", "muted", wrap=True)
        self._older = QPushButton("Load older")
        self._older.clicked.connect(self.older_wanted)
        self._count = label("", "age")
        self._lay_out(filtering)
        self.view.selectionModel().selectionChanged.connect(self._select)
        self._fill((), more=False)

    def show_rows(self, rows: Sequence[R]) -> None:
        """Show these rows; when there are none, what to do about it."""
        self._empty.setText(self._nothing)
        self._fill(rows, more=False)

    def fit(self, least: int) -> None:
        """Be as high as the rows need, at least `least` rows."""
        self.setFixedHeight(ROW_HEIGHT * (max(least, self._model.rowCount()) + 1) + 14)

    def show_feed(self, feed: ListFeed[R]) -> None:
        """Show a feed's rows; without rows say whether they are not read yet, cannot be read, or do not exist."""
        if feed.error is not None:
            self._empty.setText(f"This could not be read: {feed.error}")
        else:
            self._empty.setText(self._nothing if feed.loaded else "Not read yet.")
        self._fill(feed.rows, more=feed.more)

    def keep_only(self, wanted: Callable[[R], bool]) -> None:
        """Show only rows for which this is true."""
        self._rows.wanted = wanted
        self._rows.invalidate()
        self._recount()

    def selected(self) -> R | None:
        """Return the selected row."""
        indexes = self.view.selectionModel().selectedRows()
        return self._model.row(self._rows.mapToSource(indexes[0]).row()) if indexes else None

    def select_first(self) -> None:
        """Select the topmost row when none is selected."""
        if self._rows.rowCount() and not self.view.selectionModel().hasSelection():
            self.view.selectRow(0)

    def tick(self) -> None:
        """Let ages grow."""
        self._model.tick()

    @property
    def shown(self) -> int:
        """How many rows are visible under the filter."""
        return self._rows.rowCount()

    def _fill(self, rows: Sequence[R], *, more: bool) -> None:
        self._model.set_rows(rows)
        self._older.setVisible(more)
        self._stack.setCurrentIndex(0 if rows else 1)
        self._recount()
        self._restore()

    def _lay_out(self, filtering: bool) -> None:
        empty = Card()
        empty.setProperty("card", "true" if filtering else "")  # the others stand in a card already
        empty.body.addWidget(self._empty, 1)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        pages = QWidget()
        self._stack = QStackedLayout(pages)
        self._stack.addWidget(self.view)
        self._stack.addWidget(empty)
        foot = QHBoxLayout()
        foot.addWidget(self._count)
        foot.addStretch(1)
        foot.addWidget(self._older)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        if filtering:
            column.addLayout(self.tools)
        column.addWidget(pages, 1)
        if filtering:
            column.addLayout(foot)

    def _recount(self) -> None:
        total, shown = self._model.rowCount(), self._rows.rowCount()
        self._count.setText(f"{shown:,} shown" + (f" of {total:,} loaded" if shown != total else ""))

    def _select(self, *_: QItemSelection) -> None:
        indexes = self.view.selectionModel().selectedRows()
        if not indexes:
            return  # a reset of the model; `_restore` selects the same row again
        key = self._model.key(self._rows.mapToSource(indexes[0]).row())
        if key != self._key:
            self._key = key
            self.chosen.emit()

    def _restore(self) -> None:
        if self._key is None or self.view.selectionModel().hasSelection():
            return
        for index in range(self._model.rowCount()):
            if self._model.key(index) == self._key:
                self.view.selectRow(self._rows.mapFromSource(self._model.index(index, 0)).row())
                return


def _view(rows: QSortFilterProxyModel, columns: Sequence[Column[R]], name: str) -> QTableView:
    view = QTableView()
    view.setModel(rows)
    view.setAccessibleName(name)
    view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    view.setAlternatingRowColors(True)
    view.setShowGrid(False)
    view.setWordWrap(False)
    view.setTabKeyNavigation(False)  # Tab leaves the table; the arrows move in it
    view.setSortingEnabled(True)
    view.horizontalHeader().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)  # as the agent sent them
    view.verticalHeader().hide()
    view.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)
    view.horizontalHeader().setHighlightSections(False)
    view.horizontalHeader().setStretchLastSection(True)
    view.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
    view.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont))
    for place, column in enumerate(columns):
        view.setColumnHidden(place, column.is_hidden)
        if column.width:
            view.setColumnWidth(place, column.width)
    return view
