"""Who pays for carried packets and whether they still can: the account book of iot-poc 4.9 beside the router.

What is used and not yet burned is read from the stored packets at the start, so that nothing is forgotten by a crash.
Burning itself is done with each epoch's payout, not at a threshold: the ledger books it under the epoch.
"""

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import replace
from typing import Protocol

from skerry_core.clock import NS_PER_S, Clock
from skerry_core.errors import SkerryError
from skerry_coverage.iot.packet_charge import Burn, ChargeBook, Charged, Payer
from skerry_coverage.iot.packet_dc import packet_dc
from skerry_coverage.lorawan.routing import Route

__all__ = ["MINIMUM_DC", "Charges", "CreditSource"]

_log = logging.getLogger(__name__)

MINIMUM_DC = 3_500_000  # iot-poc 4.9: below it an organisation's routes are locked
MONITOR_S = 1_800.0  # iot-poc 4.9: how often locked organisations are looked at again
REREAD_S = 10  # a payer near its minimum is read again for each packet upstream; this often is enough


class CreditSource(Protocol):
    """Where payers' balances are: a chain, or the operator's own word."""

    def payer_of(self, oui: int) -> str | None:
        """Return who pays for an organisation; None when nobody is charged."""

    async def balance_dc(self, payer: str) -> int:
        """Return a payer's balance in data credits. Raises `SkerryError` when it cannot be read."""

    async def pending_dc(self, payer: str) -> int:
        """Return what stored packets cost the payer and is not burned yet."""


class Charges:
    """One router's account book. `charge` each reported packet; `run()` unlocks organisations that were topped up."""

    def __init__(self, source: CreditSource, *, clock: Clock, minimum_dc: int = MINIMUM_DC) -> None:
        self._source = source
        self._clock = clock
        self._payer_of: dict[str, str] = {}
        self._book = ChargeBook(minimum_dc=minimum_dc, payers={}, payer_of=self._payer_of)
        self._read_ns: dict[str, int] = {}
        self._knowing = asyncio.Lock()

    async def charge(self, oui: int, *, payload_bytes: int, free: bool) -> Charged:
        """Charge one delivered uplink; not valid when its payer cannot pay."""
        payer = self._source.payer_of(oui)
        if payer is None:
            return Charged(valid=True, dc=packet_dc(payload_bytes=payload_bytes, packet_type="uplink", free=free) or 0)
        try:
            async with self._knowing:  # two first packets at once must not make two accounts
                await self._know(str(oui), payer, payload_bytes)
        except SkerryError as error:  # it was carried: it counts, and the payout burns what was counted
            _log.warning("%s: the balance cannot be read now: %s", payer, error)
            return Charged(valid=True, dc=packet_dc(payload_bytes=payload_bytes, packet_type="uplink", free=free) or 0)
        was_enabled = self._book.enabled[str(oui)]
        charged = self._book.charge(oui=str(oui), payload_bytes=payload_bytes, packet_type="uplink", free=free)
        assert charged is not None  # only joins are never charged
        if was_enabled and not self._book.enabled[str(oui)]:
            _log.warning("organisation %d: its payer has too few data credits, its routes are locked", oui)
        return charged

    def locked(self, routes: Iterable[Route]) -> list[Route]:
        """Return the routes as they stand: those of disabled organisations are locked."""
        disabled = {oui for oui, enabled in self._book.enabled.items() if not enabled}
        if not disabled:
            return list(routes)
        return [replace(route, locked=True) if str(route.oui) in disabled else route for route in routes]

    def burned(self, payer: str, amount_dc: int) -> None:
        """Note that what a payer had used was burned on its chain."""
        if payer in self._book.payers and amount_dc:
            self._book.sent(Burn(payer=payer, amount_dc=amount_dc), took_effect=True)
            self._book.settle()

    async def run(self) -> None:
        """Look at locked organisations again and again until cancelled."""
        while True:
            await self._clock.sleep(MONITOR_S)
            await self.unlock_funded()

    async def unlock_funded(self) -> list[int]:
        """Unlock organisations whose payer has reached the minimum; return them."""
        for oui, enabled in self._book.enabled.items():
            if not enabled:
                await self._read(self._payer_of[oui])
        return [int(oui) for oui in self._book.enable_funded()]

    async def accounts(self, ouis: Iterable[int]) -> list[dict[str, object]]:
        """Return organisations with payer, balance, use that is not burned yet, and whether they are enabled."""
        rows: list[dict[str, object]] = []
        for oui in sorted(set(ouis)):
            payer = self._source.payer_of(oui)
            account: dict[str, object] = {
                "oui": oui,
                "payer": payer,
                "balance_dc": None,
                "pending_dc": None,
                "enabled": True,
            }
            if payer is not None:
                account["balance_dc"] = await self._source.balance_dc(payer)
                account["pending_dc"] = await self._source.pending_dc(payer)
                account["enabled"] = self._book.enabled.get(str(oui), True)
            rows.append(account)
        return rows

    async def _know(self, oui: str, payer: str, payload_bytes: int) -> None:
        """Have the payer in the book, and its balance read anew where it is near the minimum."""
        if payer not in self._book.payers:
            balance, pending = await self._source.balance_dc(payer), await self._source.pending_dc(payer)
            self._book.payers[payer] = Payer(
                onchain_dc=balance, cached_dc=balance if pending else None, burned_dc=pending
            )
            self._read_ns[payer] = self._clock.monotonic_ns()
        if oui not in self._payer_of:
            self._payer_of[oui] = payer
            self._book.enabled[oui] = True
        known = self._book.payers[payer]
        amount = packet_dc(payload_bytes=payload_bytes, packet_type="uplink", free=False) or 0
        remaining = (known.onchain_dc if known.cached_dc is None else known.cached_dc) - known.burned_dc - amount
        if remaining < self._book.minimum_dc and self._is_old(payer):
            await self._read(payer)

    def _is_old(self, payer: str) -> bool:
        return self._clock.monotonic_ns() - self._read_ns[payer] >= REREAD_S * NS_PER_S

    async def _read(self, payer: str) -> None:
        self._read_ns[payer] = self._clock.monotonic_ns()
        try:
            balance, pending = await self._source.balance_dc(payer), await self._source.pending_dc(payer)
        except SkerryError as error:
            _log.warning("%s: the balance cannot be read now: %s", payer, error)
            return
        known = self._book.payers[payer]
        known.onchain_dc = known.cached_dc = balance
        known.burned_dc = pending
