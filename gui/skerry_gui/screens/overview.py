"""The first screen: the verdict and the one thing to do, then counts, the path from antenna to reward, the hotspots."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from skerry_client.models import Hotspot, PathStage
from skerry_gui.columns import HOTSPOTS, PATH
from skerry_gui.marks import Mark, state_mark
from skerry_gui.session import Connection, Session
from skerry_gui.sums import decimals_of, reasons, totals, verdicts
from skerry_gui.theme import Theme
from skerry_gui.widgets.bars import Bars
from skerry_gui.widgets.basic import AgeLabel, Card, CopyButton, MarkLabel, label
from skerry_gui.widgets.table import Table
from skerry_gui.words import device_words, earned, plain, sentence, span

__all__ = ["Overview"]


class Overview(QScrollArea):
    """Draws status, devices, beacons, witnesses, rewards and outbox."""

    def __init__(self, session: Session, theme: Theme) -> None:
        super().__init__()
        self.setAccessibleName("Overview")
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._session = session
        self._verdict = _Verdict(session, theme)
        self._devices, self._beacons, self._witnesses, self._earned = (
            _Tile(name) for name in ("Devices", "Beacons", "Witness reports", "Earned")
        )
        self._path: Table[PathStage] = Table(
            PATH, name="Path from antenna to reward", empty="No stage has been counted yet.",
            key=lambda one: one.stage, now=session.now, theme=theme, filtering=False,
        )  # fmt: skip
        self._hotspots: Table[Hotspot] = Table(
            HOTSPOTS, name="Hotspots", empty="This agent hosts no hotspot yet. Run: skerry setup",
            key=lambda one: one.address, now=session.now, theme=theme, filtering=False,
        )  # fmt: skip
        self._reasons = Bars(theme, name="Why reports did not count")
        self._no_reasons = label("", "muted", wrap=True)
        self._outbox = label("", "", wrap=True)
        self._lay_out()
        for signal in (session.changed, session.beacons.changed, session.witnesses.changed, session.rewards.changed):
            signal.connect(self._draw)
        for signal in (session.balances.changed, session.outbox.changed):
            signal.connect(self._draw)
        session.ticked.connect(self._hotspots.tick)
        session.ticked.connect(self._grow)
        self._draw()

    def _lay_out(self) -> None:
        tiles = QHBoxLayout()
        tiles.setSpacing(14)
        for tile in (self._devices, self._beacons, self._witnesses, self._earned):
            tiles.addWidget(tile, 1)
        why = Card("Why reports did not count")
        why.add(self._reasons)
        why.add(self._no_reasons)
        why.body.addStretch(1)
        why.add(label("Waiting to be sent", "heading"))
        why.add(self._outbox)
        path = Card("From antenna to reward, since the agent started")
        path.add(self._path)
        path.body.addStretch(1)
        hotspots = Card("Hotspots of this agent")
        hotspots.add(self._hotspots)
        grid = QGridLayout()
        grid.setSpacing(14)
        grid.addWidget(path, 0, 0)
        grid.addWidget(why, 0, 1)
        grid.setColumnStretch(0, 3)
        grid.setColumnStretch(1, 2)
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(18, 16, 18, 18)
        column.setSpacing(14)
        column.addWidget(self._verdict)
        column.addLayout(tiles)
        column.addLayout(grid)
        column.addWidget(hotspots)
        column.addStretch(1)
        self.setWidget(inside)

    def _draw(self) -> None:
        session = self._session
        status = session.status.value
        if status is not None:
            words = sentence(device_words(status))
            self._devices.say(words.partition(" (")[0], _others(words))
            self._path.show_rows(status.path)
            self._path.fit(4)
            self._hotspots.show_rows(status.hotspots)
            self._hotspots.fit(1)
        for tile, feed in ((self._beacons, session.beacons), (self._witnesses, session.witnesses)):
            counts = verdicts(feed.rows)
            loaded = f"of the newest {len(feed.rows)}" if feed.more else f"of {len(feed.rows)}"
            if feed.loaded and not feed.rows:
                tile.say("None yet", "")
            elif feed.loaded:
                tile.say(
                    f"{counts['valid']} valid", f"{loaded}: {counts['invalid']} invalid, {counts['unknown']} not judged"
                )
        self._draw_earned()
        found = [(plain(reason), count) for reason, count in reasons((*session.witnesses.rows, *session.beacons.rows))]
        self._reasons.show_rows(found)
        self._reasons.setVisible(bool(found))
        self._no_reasons.setVisible(not found)
        judged = verdicts((*session.witnesses.rows, *session.beacons.rows))["valid"]
        self._no_reasons.setText(
            "Every judged report that is loaded counted." if judged else "No report is judged yet."
        )
        waiting = ", ".join(f"{one.waiting} {plain(one.class_)}" for one in session.outbox.rows)
        self._outbox.setText(waiting or ("Nothing." if session.outbox.loaded else "unknown"))
        self._grow()

    def _draw_earned(self) -> None:
        rewards = self._session.rewards
        if not rewards.loaded:
            return
        decimals = decimals_of(self._session.balances.rows)
        first, *others = [
            earned(base_units, decimals.get(token), token, state)
            for (token, state), base_units in totals(rewards.rows).items()
        ] or ["Nothing yet", "Rewards appear when an epoch closes."]
        self._earned.say(first, "\n".join(others))

    def _grow(self) -> None:
        now, session = self._session.now(), self._session
        status = session.status.value
        self._devices.age.show_age(status.as_of if status else None, now)
        for tile, feed in ((self._beacons, session.beacons), (self._witnesses, session.witnesses)):
            tile.age.show_age(session.known_at(feed), now)
        self._earned.age.show_age(session.known_at(session.rewards), now)


class _Verdict(Card):
    """One sentence about everything, and the one thing to do."""

    def __init__(self, session: Session, theme: Theme) -> None:
        super().__init__()
        self._session = session
        self._mark = MarkLabel(theme, name="", size=30, role="title")
        self._more = label("", "muted", wrap=True)
        self._next = label("", "code", selectable=True, wrap=True)
        self._copy = CopyButton("Copy", what="the next step")
        self._caption = label("Next step", "heading")
        row = QHBoxLayout()
        row.addWidget(self._caption)
        row.addWidget(self._next, 1)
        row.addWidget(self._copy)
        self.add(self._mark)
        self.add(self._more)
        self.body.addLayout(row)
        session.changed.connect(self._draw)
        self._draw()

    def _draw(self) -> None:
        session = self._session
        status = session.status.value
        if session.connection is not Connection.LIVE or status is None:
            known = session.connection is Connection.LOST
            self._mark.show_mark(Mark.UNKNOWN, "The agent cannot be reached" if known else "Connecting to the agent")
            self._more.setText(
                f"Looked in {session.place.name}. The window connects by itself as soon as one runs there."
            )
            self._offer(session.place.start if known else "")
            return
        self._mark.show_mark(state_mark(status.state), status.summary)
        reason = status.operator.reason
        repeated = reason in status.summary
        running = f"Version {status.version}, running for {span(status.uptime_s)}."
        rebuilt = " The packet database was damaged and begun anew at this start." if status.telemetry_rebuilt else ""
        self._more.setText(running + ("" if repeated else f" Operator: {reason}") + rebuilt)
        self._offer(status.next_step or "")

    def _offer(self, step: str) -> None:
        self._next.setText(step)
        self._copy.offer(step)
        for part in (self._caption, self._next):
            part.setVisible(bool(step))


class _Tile(Card):
    """One number with what it means and how old it is."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._name = name
        self.age = AgeLabel()
        self.head.addWidget(self.age)
        self._number = label("\u2013", "number", wrap=True)
        self._note = label("", "muted", wrap=True)
        self.add(self._number)
        self.add(self._note)
        self.body.addStretch(1)

    def say(self, number: str, note: str) -> None:
        """Show it."""
        self._number.setText(number)
        self._note.setText(note)
        self.setAccessibleName(f"{self._name}: {number}. {note}")


def _others(words: str) -> str:
    return words.partition(" (")[2].rstrip(")")
