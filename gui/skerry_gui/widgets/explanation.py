"""Why a report has its verdict or a reward its amount: rules with their numbers, or steps back to the frames."""

import math

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from skerry_client.errors import ClientError
from skerry_client.models import Explanation, Finding, Step
from skerry_gui.columns import FINDINGS
from skerry_gui.marks import verdict_mark
from skerry_gui.session import Session
from skerry_gui.theme import Theme
from skerry_gui.widgets.basic import AgeLabel, Card, CopyButton, MarkLabel, label
from skerry_gui.widgets.table import Table
from skerry_gui.words import fault_words, plain, sentence, short

__all__ = ["ExplanationPanel"]

MAX_STEPS = 200  # a share can rest on thousands of frames; the API lists them all for programs


class ExplanationPanel(Card):
    """Shows one explanation, or says that it is on its way, missing or not possible."""

    def __init__(self, session: Session, theme: Theme, *, name: str, hint: str) -> None:
        super().__init__(name)
        self._session = session
        self._hint = hint
        self._explanation: Explanation | None = None
        self._age = AgeLabel(math.inf)  # computed when it was asked for; it does not go stale
        self._copy = CopyButton("Copy id", what="the id")
        self.head.addWidget(self._age)
        self.head.addWidget(self._copy)
        self._verdict = MarkLabel(theme, name="Verdict", size=20, role="title")
        self._summary = label("", wrap=True, selectable=True)
        self._rule_set = label("", "muted", wrap=True)
        self._blame = _Blame()
        self.findings: Table[Finding] = Table(
            FINDINGS, name="Rules in order", empty="No rule was checked.", key=lambda one: one.rule, now=session.now,
            theme=theme, filtering=False,
        )  # fmt: skip
        self.findings.view.setSortingEnabled(False)  # the order of the rules is the order of judging
        self.findings.view.setWordWrap(True)
        self.steps = _Steps()
        self._body = QStackedWidget()
        self._body.addWidget(self.findings)
        self._body.addWidget(self.steps)
        self._nothing = QWidget()
        self._body.addWidget(self._nothing)
        for part in (self._verdict, self._summary, self._rule_set, self._blame):
            self.add(part)
        self.add(self._body, 1)
        self.say(hint)

    def say(self, text: str) -> None:
        """Show a sentence instead of an explanation."""
        self._explanation = None
        self._verdict.setVisible(False)
        self._rule_set.setVisible(False)
        self._blame.setVisible(False)
        self._body.setCurrentWidget(self._nothing)
        self._age.setVisible(False)
        self._copy.offer("")
        self._summary.setText(text)

    def fail(self, error: ClientError) -> None:
        """Say why there is none."""
        self.say(f"The explanation could not be read: {error}")

    def show_explanation(self, explanation: Explanation) -> None:
        """Show it."""
        self._explanation = explanation
        self._verdict.setVisible(True)
        self._age.setVisible(True)
        self._rule_set.setVisible(True)
        reason = f": {plain(explanation.reason)}" if explanation.reason else ""
        self._verdict.show_mark(verdict_mark(explanation.verdict), sentence(plain(explanation.verdict)) + reason)
        self._summary.setText(explanation.summary)
        self._rule_set.setText(f"Judged by {explanation.rule_set}; id {short(explanation.id)}")
        self._rule_set.setVisible(explanation.rule_set is not None)
        self._copy.offer(explanation.id)
        self._blame.show_finding(next((one for one in explanation.findings if one.passed is False), None))
        self.findings.show_rows(explanation.findings)
        self.findings.view.resizeRowsToContents()
        failed = [place for place, one in enumerate(explanation.findings) if one.passed is False]
        self.findings.view.selectRow(failed[0] if failed else -1)
        self.steps.show_steps(explanation.steps)
        self._body.setCurrentWidget(self.steps if explanation.steps else self.findings)
        self.grow()

    def grow(self) -> None:
        """Let the age grow."""
        if self._explanation is not None:
            self._age.show_age(self._explanation.as_of, self._session.now())


class _Blame(QFrame):
    """The failed rule: value against limit, whose fault, what would have passed."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("card", "bad")
        self._values = [label("", wrap=True, selectable=True) for _ in range(4)]
        grid = QGridLayout(self)
        grid.setContentsMargins(14, 10, 14, 10)
        grid.setColumnStretch(1, 1)
        for place, heading in enumerate(("Failed rule", "Measured", "Whose fault", "Would have passed")):
            grid.addWidget(label(heading, "heading"), place, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(self._values[place], place, 1)

    def show_finding(self, finding: Finding | None) -> None:
        """Show the rule that failed first; hidden when none did."""
        self.setVisible(finding is not None)
        if finding is None:
            return
        measured = f"{finding.value or 'unknown'}; the limit is {finding.limit or 'unknown'}"
        margin = f" (margin {finding.margin})" if finding.margin else ""
        words = (sentence(finding.rule), measured + margin, sentence(fault_words(finding)), finding.would_pass or "")
        for value, text in zip(self._values, words, strict=True):
            value.setText(text or "not stated")
        self.setAccessibleName(f"Failed rule: {words[0]}. {words[1]}. Fault: {words[2]}. Would have passed: {words[3]}")


class _Steps(QScrollArea):
    """A walk back from a token: transaction, manifest, shares and the frame behind each."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("From the token back to the frames")
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)

    def show_steps(self, steps: tuple[Step, ...]) -> None:
        """Show them in order, frames indented below their share."""
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 4, 8, 4)
        column.setSpacing(3)
        for step in steps[:MAX_STEPS]:
            column.addWidget(_step(step))
        if len(steps) > MAX_STEPS:
            column.addWidget(label(f"{len(steps) - MAX_STEPS} steps more: skerry rewards explain", "muted"))
        column.addStretch(1)
        self.setWidget(inside)


def _step(step: Step) -> QWidget:
    indent = {"transaction": 0, "manifest": 1, "share": 2}.get(step.kind, 3)
    row = QWidget()
    grid = QGridLayout(row)
    grid.setContentsMargins(18 * indent, 3, 0, 3)
    grid.setHorizontalSpacing(10)
    grid.setVerticalSpacing(0)
    grid.setColumnStretch(1, 1)
    grid.addWidget(label(("\u21b3 " if indent else "") + sentence(plain(step.kind)), "heading"), 0, 0)
    identity = label(short(step.id, head=16, tail=8), "muted", selectable=True)
    identity.setToolTip(step.id)
    grid.addWidget(identity, 0, 1)
    grid.addWidget(label(step.text, wrap=True, selectable=True), 1, 0, 1, 2)
    row.setAccessibleName(f"{sentence(step.kind)}: {step.text}")
    return row
