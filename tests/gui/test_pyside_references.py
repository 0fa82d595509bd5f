"""PySide6 6.12.0 loses references to True and None on Python 3.10 and 3.11 until the process dies."""

import sys

import pytest
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QApplication

TIMES = 2000  # about 560 emits killed the process
SLACK = 200  # references that come and go by themselves


class _Sender(QObject):
    told = Signal(int)


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="True and None are immortal from Python 3.12")
def test_emitting_and_timers_keep_the_references_of_true_and_none(qapp: QApplication) -> None:
    sender = _Sender()
    sender.told.connect(lambda number: None)
    before = sys.getrefcount(True), sys.getrefcount(None)
    for number in range(TIMES):
        sender.told.emit(number)
        sender.killTimer(sender.startTimer(10_000))
    after = sys.getrefcount(True), sys.getrefcount(None)
    assert after[0] > before[0] - SLACK
    assert after[1] > before[1] - SLACK
