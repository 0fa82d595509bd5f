"""What was earned: totals by token, sums by epoch, single shares, and the walk from a token back to the frames."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QSplitter, QVBoxLayout, QWidget

from skerry_client.models import Explanation, Reward
from skerry_gui.columns import epochs, rewards
from skerry_gui.operation import AgentOp
from skerry_gui.operations import explain_reward
from skerry_gui.session import Session
from skerry_gui.sums import EpochSum, by_epoch, decimals_of, totals
from skerry_gui.theme import Theme
from skerry_gui.widgets.basic import AgeLabel, Card, label
from skerry_gui.widgets.explanation import ExplanationPanel
from skerry_gui.widgets.table import Table
from skerry_gui.words import STALE_AFTER_S, amount, earned

__all__ = ["Rewards"]

BALANCE_LIMIT_S = 300.0  # balances are read every four minutes and after each payment
_NO_REWARDS = (
    "Nothing has been earned yet.\n\nShares appear when an epoch closes: valid beacons and witness reports of that "
    "epoch earn them. Without an operator (Overview) they are only what would have been earned."
)


class Rewards(QWidget):
    """Totals above, epochs and shares on the left, the walk back on the right."""

    def __init__(self, session: Session, theme: Theme) -> None:
        super().__init__()
        self.setAccessibleName("Rewards")
        self._session = session
        self._decimals: dict[str, int] = {}
        self.earned = _Totals("Earned, all shares loaded", "Nothing yet")
        self.held = _Totals("Held by the owners, read from the chain", "No balance is known", limit_s=BALANCE_LIMIT_S)
        self.epochs: Table[EpochSum] = Table(
            epochs(self._decimals), name="Sums by epoch and token", empty="No epoch has been paid or stated yet.",
            key=lambda one: f"{one.epoch} {one.token}", now=session.now, theme=theme, filtering=False,
        )  # fmt: skip
        self.table: Table[Reward] = Table(
            rewards(self._decimals), name="Reward shares", empty=_NO_REWARDS, key=lambda one: one.id, now=session.now,
            theme=theme,
        )  # fmt: skip
        self.token = QComboBox()
        self.token.setAccessibleName("Filter by token")
        self.token.addItem("All tokens", None)
        self.panel = ExplanationPanel(
            session,
            theme,
            name="Where it came from",
            hint="Select a share to walk it back to the frames that earned it.",
        )
        self._op: AgentOp[Explanation] | None = None
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        self.table.tools.addWidget(self.token)
        left = QSplitter(Qt.Orientation.Vertical)
        left.setChildrenCollapsible(False)
        sums = Card("By epoch")
        sums.add(self.epochs, 1)
        left.addWidget(sums)
        left.addWidget(self.table)
        left.setSizes([170, 380])
        split = QSplitter()
        split.setChildrenCollapsible(False)
        split.addWidget(left)
        split.addWidget(self.panel)
        split.setSizes([640, 480])
        cards = QHBoxLayout()
        cards.setSpacing(14)
        cards.addWidget(self.earned, 1)
        cards.addWidget(self.held, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 16, 18, 18)
        column.setSpacing(14)
        column.addLayout(cards)
        column.addWidget(split, 1)

    def _connect(self) -> None:
        session = self._session
        self.token.currentIndexChanged.connect(self._keep)
        self.table.chosen.connect(self._choose)
        self.table.older_wanted.connect(session.rewards.older)
        session.rewards.changed.connect(self._draw)
        session.balances.changed.connect(self._draw)
        session.ticked.connect(self._grow)
        self._draw()

    def _draw(self) -> None:
        feed, balances = self._session.rewards, self._session.balances
        self._decimals.update(decimals_of(balances.rows))
        names = self._decimals
        sums = totals(feed.rows)
        self.earned.say([earned(units, names.get(token), token, state) for (token, state), units in sums.items()])
        self.earned.note("There are older shares: load them below." if feed.more else "")
        held = [
            f"{amount(one.amount, one.decimals)} {one.token}" + (f" ({one.reason})" if one.reason else "")
            for one in balances.rows
            if one.amount != 0
        ]
        self.held.say(held)
        self.epochs.show_rows(by_epoch(feed.rows))
        self.table.show_feed(feed)
        for token, _ in sums:
            if self.token.findData(token) < 0:
                self.token.addItem(token, token)
        self._grow()

    def _grow(self) -> None:
        now = self._session.now()
        self.earned.age.show_age(self._session.known_at(self._session.rewards), now)
        self.held.age.show_age(self._session.known_at(self._session.balances), now)
        self.table.tick()
        self.panel.grow()

    def _keep(self) -> None:
        wanted = self.token.currentData()
        self.table.keep_only(lambda one: wanted is None or one.token == wanted)

    def _choose(self) -> None:
        reward = self.table.selected()
        if reward is None:
            return
        if self._op is not None:
            self._op.cancel()
        self.panel.say("Walking back to the frames\u2026")
        op = explain_reward(link=self._session.link, reward_id=reward.id)
        op.success(self.panel.show_explanation).failure(self.panel.fail)
        self._op = op


class _Totals(Card):
    """Amounts below each other, with their age."""

    def __init__(self, heading: str, nothing: str, *, limit_s: float = STALE_AFTER_S) -> None:
        super().__init__(heading)
        self._heading = heading
        self._nothing = nothing
        self.age = AgeLabel(limit_s)
        self.head.addWidget(self.age)
        self._amounts = label(nothing, "number", wrap=True, selectable=True)
        self._note = label("", "muted", wrap=True)
        self._note.setVisible(False)
        self.add(self._amounts)
        self.add(self._note)
        self.body.addStretch(1)

    def say(self, amounts: list[str]) -> None:
        """Show these amounts."""
        self._amounts.setText("\n".join(amounts) or self._nothing)
        self.setAccessibleName(f"{self._heading}: {', '.join(amounts) or self._nothing}")

    def note(self, text: str) -> None:
        """Say this below."""
        self._note.setText(text)
        self._note.setVisible(bool(text))
