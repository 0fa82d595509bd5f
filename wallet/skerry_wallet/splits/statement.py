"""A host's statement of one month, from the ledger: opening balance, shares, payments, closing balance. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from skerry_core.errors import UsageError
from skerry_wallet.ledger.book import Entry
from skerry_wallet.splits.booking import host_account

__all__ = ["Line", "Statement", "month_bounds", "statements"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One booking; `amount` is base units for the host (negative: paid out), `earned` what the hotspot had earned."""

    at_s: int
    kind: str
    entry: str
    hotspot: str | None
    epoch: int | None
    earned: int | None
    amount: int
    signature: str | None
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One host, one owner, one token, one month (UTC); amounts are base units."""

    month: str
    owner: str
    host: str
    mint: str
    opening: int
    lines: tuple[Line, ...]

    @property
    def shares(self) -> int:
        """What the host earned in the month."""
        return sum(line.amount for line in self.lines if line.kind == "split")

    @property
    def paid(self) -> int:
        """What was paid out in the month."""
        return -sum(line.amount for line in self.lines if line.kind != "split")

    @property
    def closing(self) -> int:
        """What is owed at its end."""
        return self.opening + sum(line.amount for line in self.lines)


def month_bounds(month: str) -> tuple[int, int]:
    """Return the first second of a month such as 2026-11 and of the next one, UTC. Raises `UsageError` E_MONTH."""
    try:
        first = datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC)
    except ValueError as error:
        raise UsageError("E_MONTH", f"{month!r} is no month.", remedy="Write it as 2026-11.") from error
    following = first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1)
    return int(first.timestamp()), int(following.timestamp())


def statements(entries: Iterable[Entry], host: str, month: str) -> list[Statement]:
    """Return a host's statements of a month, one per owner and token that there was anything to say of."""
    start, end = month_bounds(month)
    opening: dict[tuple[str, str], int] = {}
    lines: dict[tuple[str, str], list[Line]] = {}
    for entry in entries:
        for posting in entry.postings:
            owner = _owner_of(posting.account, host)
            if owner is None or entry.at_s >= end:
                continue
            account = owner, posting.token
            opening.setdefault(account, 0)
            if entry.at_s < start:
                opening[account] += posting.amount
            else:
                lines.setdefault(account, []).append(_line(entry, posting.amount))
    made = [
        Statement(
            month=month, owner=owner, host=host, mint=mint, opening=opening[owner, mint],
            lines=_ordered(lines.get((owner, mint), ())),
        )
        for owner, mint in sorted(opening)
    ]  # fmt: skip
    return [one for one in made if one.opening or one.lines]


def _owner_of(account: str, host: str) -> str | None:
    kind, _, parties = account.partition(":")
    owner, _, named = parties.partition("-")
    return owner if kind == "host" and named == host and account == host_account(owner, host) else None


def _ordered(lines: Sequence[Line]) -> tuple[Line, ...]:
    return tuple(sorted(lines, key=lambda line: (line.at_s, line.entry)))


def _line(entry: Entry, amount: int) -> Line:
    hotspot, epoch, earned = None, None, None
    if entry.kind == "split":
        _, _, hotspot, number = entry.id.rsplit("/", 3)
        epoch = int(number)
        earned = -sum(one.amount for one in entry.postings if one.account.startswith("earned:"))
    return Line(
        at_s=entry.at_s, kind=entry.kind, entry=entry.id, hotspot=hotspot, epoch=epoch, earned=earned, amount=amount,
        signature=entry.signature, cause=entry.cause,
    )  # fmt: skip
