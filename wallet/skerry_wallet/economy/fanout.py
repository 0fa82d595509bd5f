"""One distribution of a reward-split account among its shares, with dust and debts (sheet 1.7; mini_fanout)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

__all__ = ["Distribution", "FanoutShare", "distribute"]

_DUST_UNIT = 10**12


@dataclass(frozen=True, slots=True, kw_only=True)
class FanoutShare:
    """One receiver: a fixed amount, or a share of the rest; `dust` in 10^-12 base units."""

    kind: Literal["share", "fixed"]
    amount: int
    dust: int
    owed: int
    has_account: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """What each share is paid, the shares afterwards, and the balance that stays."""

    paid: tuple[int, ...]
    shares: tuple[FanoutShare, ...]
    left: int


def distribute(balance: int, shares: Sequence[FanoutShare]) -> Distribution:
    """Pay fixed shares first in order (amount and debt, or what is left), then split the rest by share.

    A share without a token account is paid nothing; its payment becomes a debt.
    """
    available = max(0, balance - sum(share.dust for share in shares) // _DUST_UNIT)
    due = [0] * len(shares)
    after = list(shares)
    for index, share in enumerate(shares):
        if share.kind == "fixed":
            wanted = share.amount + share.owed
            due[index] = min(wanted, available)
            available -= due[index]
            after[index] = replace(share, owed=wanted - due[index])
    total = sum(share.amount for share in shares if share.kind == "share")
    for index, share in enumerate(shares):
        if share.kind == "share" and total:
            whole, dust = divmod(available * share.amount * _DUST_UNIT // total, _DUST_UNIT)
            dust += share.dust
            carry = int(dust >= _DUST_UNIT)
            due[index] = whole + carry
            after[index] = replace(share, dust=dust - carry * _DUST_UNIT)
    for index, share in enumerate(after):
        if not share.has_account:
            after[index] = replace(share, owed=share.owed + due[index])
            due[index] = 0
    return Distribution(paid=tuple(due), shares=tuple(after), left=balance - sum(due))
