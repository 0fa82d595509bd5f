"""Charges organisations for delivered packets against their payers' data credits (iot-poc 4.9).

A pure account book: the caller stores it, reads chain balances and sends burns.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from skerry_coverage.iot.packet_dc import packet_dc

__all__ = ["BURN_THRESHOLD_DC", "Burn", "ChargeBook", "Charged", "Payer", "PendingTransaction"]

BURN_THRESHOLD_DC = 10_000


class PendingTransaction(Exception):
    """A burn is outstanding; nothing may be burned before it is known to have taken effect or not."""


@dataclass(slots=True, kw_only=True)
class Payer:
    """One payer's account in data credits; `cached_dc` None = not seen yet, `burned_dc` = used but not yet burned."""

    onchain_dc: int
    cached_dc: int | None = None
    burned_dc: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Charged:
    """A packet's outcome: valid with its charge, or insufficient balance."""

    valid: bool
    dc: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Burn:
    """An amount to burn, or burned, from one payer."""

    payer: str
    amount_dc: int


@dataclass(slots=True, kw_only=True)
class ChargeBook:
    """Payers, the organisations they pay for, and which of these are enabled."""

    minimum_dc: int
    payers: dict[str, Payer]
    payer_of: Mapping[str, str]
    enabled: dict[str, bool] = field(default_factory=dict)
    _queue: list[str] = field(default_factory=list)  # payers with pending amounts, the longest waiting first
    _outstanding: list[tuple[Burn, bool]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.enabled = dict.fromkeys(self.payer_of, True) | self.enabled
        self._queue = [name for name, payer in self.payers.items() if payer.burned_dc]

    def charge(self, *, oui: str, payload_bytes: int, packet_type: str, free: bool) -> Charged | None:
        """Charge one delivered packet; None for a join. Raises `KeyError` for an unknown organisation.

        A packet that cannot be paid, or one after which less than the minimum remains, disables the organisation.
        """
        amount = packet_dc(payload_bytes=payload_bytes, packet_type=packet_type, free=free)
        if amount is None:
            return None
        name = self.payer_of[oui]
        remaining = self._debit(self.payers[name], amount)
        if remaining is not None and amount and name not in self._queue:
            self._queue.append(name)
        if remaining is None or remaining < self.minimum_dc:
            self.enabled[oui] = False
        return Charged(valid=remaining is not None, dc=amount)

    def enable_funded(self) -> list[str]:
        """Enable disabled organisations whose payer's chain balance reaches the minimum; return them."""
        enabled = [
            oui
            for oui, is_enabled in self.enabled.items()
            if not is_enabled and self.payers[self.payer_of[oui]].onchain_dc >= self.minimum_dc
        ]
        for oui in enabled:
            payer = self.payers[self.payer_of[oui]]
            payer.cached_dc = payer.onchain_dc
            self.enabled[oui] = True
        return enabled

    def next_burn(self) -> Burn | None:
        """Return the burn that is due: the payer whose last one is oldest, if enough is pending.

        Raises `PendingTransaction` while a burn is outstanding.
        """
        if self._outstanding:
            raise PendingTransaction
        for name in self._queue:
            if self.payers[name].burned_dc >= BURN_THRESHOLD_DC:
                return Burn(payer=name, amount_dc=self.payers[name].burned_dc)
        return None

    def sent(self, burn: Burn, *, took_effect: bool) -> None:
        """Note a burn that was sent and, as the chain will tell, took effect or not."""
        if took_effect:
            self.payers[burn.payer].onchain_dc -= burn.amount_dc
        self._outstanding.append((burn, took_effect))

    def settle(self) -> None:
        """Resolve all outstanding burns: those that took effect leave pending amount and cached balance."""
        for burn, took_effect in self._outstanding:
            if not took_effect:
                continue
            payer = self.payers[burn.payer]
            payer.burned_dc = max(0, payer.burned_dc - burn.amount_dc)
            if payer.cached_dc is not None:
                payer.cached_dc = max(0, payer.cached_dc - burn.amount_dc)
            if burn.payer in self._queue:
                self._queue.remove(burn.payer)
            self._queue.append(burn.payer)
        self._outstanding.clear()

    def _debit(self, payer: Payer, amount: int) -> int | None:
        """Return what remains after a debit, None (and no debit) when the balance does not suffice."""
        if payer.cached_dc is None:
            payer.cached_dc = payer.onchain_dc
            remaining = payer.cached_dc - amount  # the first time the chain's word alone decides
            if remaining < 0:
                return None
            payer.burned_dc += amount
            return remaining
        remaining = payer.cached_dc - amount - payer.burned_dc
        if remaining < 0:
            return None
        if remaining < self.minimum_dc:
            payer.cached_dc = payer.onchain_dc
        payer.burned_dc += amount
        return payer.cached_dc - payer.burned_dc
