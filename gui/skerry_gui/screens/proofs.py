"""Our own beacons, and beacons of others that we heard: the verdict of each, and why."""

from typing import Generic, TypeVar

from PySide6.QtWidgets import QComboBox, QSplitter, QTabWidget, QVBoxLayout, QWidget

from skerry_client.models import Beacon, Explanation, Report, Witness
from skerry_gui.columns import BEACONS, WITNESSES
from skerry_gui.feed import ListFeed
from skerry_gui.marks import verdict_mark
from skerry_gui.operation import AgentOp
from skerry_gui.operations import explain_witness
from skerry_gui.session import Session
from skerry_gui.theme import Theme
from skerry_gui.widgets.basic import Card, CopyButton, MarkLabel, label
from skerry_gui.widgets.explanation import ExplanationPanel
from skerry_gui.widgets.table import Table
from skerry_gui.words import VERDICT_WORDS, dbm, mhz, moment, plain

__all__ = ["Proofs"]

R = TypeVar("R", bound=Report)
_NO_WITNESSES = (
    "No beacon of another hotspot has been heard yet.\n\nOne appears here as soon as a radio hears one; other hotspots "
    "send a few a day. If this stays empty for a day, look at Overview: which stage stopped the frames?"
)
_NO_BEACONS = (
    "This hotspot has sent no beacon yet.\n\nIt sends them by itself once a radio that can transmit is connected, the "
    "owner has confirmed its region (Devices) and a location is set."
)
_FILTERS = (("All verdicts", None), ("Valid", "valid"), ("Invalid", "invalid"), ("Not judged", "unknown"))


class Proofs(QTabWidget):
    """Two tabs: witness reports and beacons."""

    def __init__(self, session: Session, theme: Theme) -> None:
        super().__init__()
        self.setAccessibleName("Beacons and witnesses")
        self.setDocumentMode(True)
        self.witnesses = _Witnesses(session, theme)
        self.beacons = _Beacons(session, theme)
        self.addTab(self.witnesses, "&Witness reports")
        self.addTab(self.beacons, "&Beacons")

    @property
    def table(self) -> Table[Witness] | Table[Beacon]:
        """The table of the tab that is shown."""
        return self.beacons.table if self.currentWidget() is self.beacons else self.witnesses.table


class _Reports(QWidget, Generic[R]):
    """A table of reports with a filter by verdict; the children add what stands beside it."""

    def __init__(self, session: Session, feed: ListFeed[R], table: Table[R]) -> None:
        super().__init__()
        self.session = session
        self.table = table
        self._feed = feed
        self.verdict = QComboBox()
        self.verdict.setAccessibleName("Filter by verdict")
        for text, value in _FILTERS:
            self.verdict.addItem(text, value)
        self.verdict.currentIndexChanged.connect(self._keep)
        table.tools.addWidget(self.verdict)
        table.chosen.connect(self.show_chosen)
        table.older_wanted.connect(feed.older)
        feed.changed.connect(self._draw)
        session.ticked.connect(table.tick)
        self._draw()

    def beside(self, panel: QWidget) -> None:
        """Put the panel on the right."""
        split = QSplitter()
        split.setChildrenCollapsible(False)
        split.addWidget(self.table)
        split.addWidget(panel)
        split.setSizes([500, 600])
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 12, 18, 18)
        column.addWidget(split)

    def show_chosen(self) -> None:
        """Show the selected report."""
        raise NotImplementedError

    def _keep(self) -> None:
        wanted = self.verdict.currentData()
        self.table.keep_only(lambda one: wanted is None or one.verdict == wanted)

    def _draw(self) -> None:
        self.table.show_feed(self._feed)


class _Witnesses(_Reports[Witness]):
    """Witness reports with the explanation of the selected one."""

    def __init__(self, session: Session, theme: Theme) -> None:
        table: Table[Witness] = Table(
            WITNESSES, name="Witness reports", empty=_NO_WITNESSES, key=lambda one: one.id, now=session.now, theme=theme
        )
        super().__init__(session, session.witnesses, table)
        self.panel = ExplanationPanel(
            session, theme, name="Why", hint="Select a report to see every rule with its value, limit and margin."
        )
        self._op: AgentOp[Explanation] | None = None
        self.beside(self.panel)
        session.ticked.connect(self.panel.grow)

    def show_chosen(self) -> None:
        witness = self.table.selected()
        if witness is None:
            return
        if self._op is not None:
            self._op.cancel()
        self.panel.say("Computing the explanation\u2026")
        op = explain_witness(link=self.session.link, witness_id=witness.id)
        op.success(self.panel.show_explanation).failure(self.panel.fail)
        self._op = op


class _Beacons(_Reports[Beacon]):
    """Our beacons with what was sent."""

    def __init__(self, session: Session, theme: Theme) -> None:
        table: Table[Beacon] = Table(
            BEACONS, name="Beacons", empty=_NO_BEACONS, key=lambda one: one.id, now=session.now, theme=theme
        )
        super().__init__(session, session.beacons, table)
        self._verdict = MarkLabel(theme, name="Verdict", size=20, role="title")
        self._facts = label("Select a beacon to see what was sent.", wrap=True, selectable=True)
        self._copy = CopyButton("Copy id", what="the beacon's id")
        self._copy.offer("")
        self._verdict.setVisible(False)
        panel = Card("Beacon")
        panel.head.addWidget(self._copy)
        panel.add(self._verdict)
        panel.add(self._facts)
        panel.body.addStretch(1)
        self.beside(panel)

    def show_chosen(self) -> None:
        beacon = self.table.selected()
        if beacon is None:
            return
        reason = f": {plain(beacon.reason)}" if beacon.reason else ""
        self._verdict.setVisible(True)
        self._verdict.show_mark(verdict_mark(beacon.verdict), VERDICT_WORDS[beacon.verdict] + reason)
        self._facts.setText("\n".join(_beacon_facts(beacon)))
        self._copy.offer(beacon.id)


def _beacon_facts(beacon: Beacon) -> list[str]:
    return [
        f"Sent {moment(beacon.at)}",
        f"{mhz(beacon.frequency_hz)}, {beacon.datarate}, {dbm(beacon.power_dbm)}",
        f"Report {plain(beacon.state)}, judged by {beacon.rule_set or 'nobody yet'}",
        f"Report id {beacon.id}",
        f"Proof id {beacon.poc_id or 'known once it is judged'}",
        "",
        "Payload",
        " ".join(beacon.data_hex[place : place + 8] for place in range(0, len(beacon.data_hex), 8)),
    ]
