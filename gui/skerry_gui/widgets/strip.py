"""What never leaves the window: the status strip, the test-token banner and the bar of a lost connection."""

from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from skerry_gui.marks import Mark, state_mark
from skerry_gui.session import Connection, Session
from skerry_gui.theme import Theme
from skerry_gui.widgets.basic import AgeLabel, CopyButton, MarkLabel, label
from skerry_gui.words import STATE_WORDS, clock_words, device_words, operator_words

__all__ = ["LostBar", "Strip", "TokenBanner"]


class Strip(QFrame):
    """Agent, operator, devices, clock, next step; each with its word, the whole with its age."""

    def __init__(self, session: Session, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("strip")
        self.setAccessibleName("Status")
        self._session = session
        self._agent = MarkLabel(theme, name="Agent", role="heading", wrap=False)
        self._operator, self._devices, self._clock = (label("", "") for _ in range(3))
        self._next = label("", "code", selectable=True)
        self._copy = CopyButton("Copy", what="the next command")
        self._age = AgeLabel()
        row = QHBoxLayout(self)
        row.setContentsMargins(18, 9, 18, 9)
        row.setSpacing(22)
        row.addLayout(_fact("Agent", self._agent))
        for heading, value in (("Operator", self._operator), ("Devices", self._devices), ("Clock", self._clock)):
            row.addLayout(_fact(heading, value))
        row.addStretch(1)
        command = QHBoxLayout()
        command.setSpacing(8)
        command.addWidget(label("Next", "muted"))
        command.addWidget(self._next)
        command.addWidget(self._copy)
        row.addLayout(command)
        row.addWidget(self._age)
        session.changed.connect(self._draw)
        session.ticked.connect(self._grow)
        self._draw()

    def _draw(self) -> None:
        status = self._session.status.value
        live = self._session.connection is Connection.LIVE
        if status is None or not live:
            word = "Connecting" if self._session.connection is Connection.CONNECTING else "No connection"
            self._agent.show_mark(Mark.UNKNOWN, word)
        if status is None:
            for value in (self._operator, self._devices, self._clock):
                value.setText("unknown")
            self._offer(self._session.place.start if self._session.connection is Connection.LOST else "")
            return
        if live:
            self._agent.show_mark(state_mark(status.state), STATE_WORDS[status.state])
        for value, words, name in (
            (self._operator, operator_words(status.operator), "Operator"),
            (self._devices, device_words(status), "Devices"),
            (self._clock, clock_words(status.clock), "Clock"),
        ):
            value.setText(words)
            value.setAccessibleName(f"{name}: {words}")
        self._operator.setToolTip(status.operator.reason)
        self._offer((status.next_step or "") if live else self._session.place.start)
        self._grow()

    def _offer(self, command: str) -> None:
        is_command = command.startswith("skerry ")
        self._next.setText(command if is_command or not command else "see Overview")
        self._next.setAccessibleName(f"Next step: {command or 'none'}")
        self._next.setVisible(bool(command))
        self._copy.offer(command if is_command else "")

    def _grow(self) -> None:
        status = self._session.status.value
        self._age.show_age(status.as_of if status else None, self._session.now())


class TokenBanner(QFrame):
    """Says, while it is so, that every token shown is worthless."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.setObjectName("banner")
        self.setAccessibleName("Test tokens")
        row = QHBoxLayout(self)
        row.setContentsMargins(18, 6, 18, 6)
        row.addWidget(label("TEST TOKENS \u2013 a demo network. Every amount shown here is worthless."))
        self._session = session
        session.changed.connect(self._draw)
        self._draw()

    def _draw(self) -> None:
        status = self._session.status.value
        self.setVisible(status is not None and status.test_tokens)


class LostBar(QFrame):
    """Says that the agent cannot be reached, why, and when it is tried again."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.setObjectName("lost")
        self.setAccessibleName("Connection lost")
        self._session = session
        self._text = label("", wrap=True)
        again = QPushButton("Try now")
        again.setAccessibleName("Try to connect now")
        again.clicked.connect(session.connect_now)
        row = QHBoxLayout(self)
        row.setContentsMargins(18, 6, 18, 6)
        row.addWidget(self._text, 1)
        row.addWidget(again)
        session.changed.connect(self._draw)
        session.ticked.connect(self._draw)
        self._draw()

    def _draw(self) -> None:
        lost = self._session.connection is Connection.LOST
        self.setVisible(lost)
        if lost:
            left_s = self._session.retry_in_s
            when = f"Trying again in {left_s} s." if left_s else "Trying again."
            kept = " What you see is as old as it says." if self._session.status.value else ""
            self._text.setText(f"No connection to the agent: {self._session.error}. {when}{kept}")


def _fact(heading: str, value: QWidget) -> QVBoxLayout:
    column = QVBoxLayout()
    column.setSpacing(1)
    column.addWidget(label(heading, "age"))
    column.addWidget(value)
    return column
