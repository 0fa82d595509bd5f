"""The table model: rows come and go without losing the place of the reader."""

import random
from datetime import UTC, datetime

import pytest
from PySide6.QtCore import QPersistentModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QApplication

from skerry_gui.marks import Mark
from skerry_gui.rows import SORT_ROLE, Column, RowsModel
from skerry_gui.theme import Theme

COLUMNS: tuple[Column[int], ...] = (
    Column(title="Number", text=lambda row, _: f"n{row}", order=lambda row: row, mark=lambda row: Mark.GOOD),
    Column(title="Same", text=lambda row, _: "same", is_number=True),
)


@pytest.fixture
def model(qapp: QApplication) -> RowsModel[int]:
    made = RowsModel(COLUMNS, key=str, now=lambda: datetime(2026, 1, 1, tzinfo=UTC), theme=Theme(qapp))
    tester = QAbstractItemModelTester(made, QAbstractItemModelTester.FailureReportingMode.Fatal)
    tester.setParent(made)
    return made


def shown(model: RowsModel[int]) -> list[str]:
    return [model.index(row, 0).data() for row in range(model.rowCount())]


def test_a_row_on_top_keeps_the_index_of_the_others(model: RowsModel[int]) -> None:
    model.set_rows([3, 2, 1])
    kept = QPersistentModelIndex(model.index(1, 0))
    model.set_rows([5, 4, 3, 2])
    assert shown(model) == ["n5", "n4", "n3", "n2"]
    assert (kept.row(), kept.data()) == (3, "n2")


def test_any_sequence_of_rows_is_shown_as_given(model: RowsModel[int]) -> None:
    chance = random.Random(7)
    for _ in range(200):
        rows = chance.sample(range(12), chance.randrange(12))
        model.set_rows(rows)
        assert shown(model) == [f"n{row}" for row in rows]


def test_cells_sort_by_value_and_say_what_they_are(model: RowsModel[int]) -> None:
    model.set_rows([10])
    index = model.index(0, 0)
    assert index.data(SORT_ROLE) == 10
    assert index.data(Qt.ItemDataRole.AccessibleTextRole) == "Number: n10"
    assert model.headerData(1, Qt.Orientation.Horizontal, Qt.ItemDataRole.DisplayRole) == "Same"
