"""Prepaid organisations of an oracle without a chain: how many data credits the operator has granted each in all."""

from skerry_core.clock import Clock
from skerry_core.errors import UsageError
from skerry_oracle.store.database import Database
from skerry_oracle.store.packets import PacketTable

__all__ = ["StoredCredits"]

_MOST_DC = 1 << 53


class StoredCredits:
    """A `CreditSource`. An organisation that was never granted anything is not charged."""

    def __init__(self, database: Database, *, clock: Clock) -> None:
        self._database = database
        self._table = PacketTable(database)
        self._clock = clock
        self._granted: dict[int, int] = {}

    async def open(self) -> None:
        """Read the store."""
        self._granted = await self._table.credits()

    @property
    def ouis(self) -> tuple[int, ...]:
        """The organisations that have an account."""
        return tuple(self._granted)

    async def grant(self, oui: int, amount_dc: int) -> None:
        """Add to an organisation's account. Raises `UsageError` E_CREDITS."""
        total = self._granted.get(oui, 0) + amount_dc
        if not 0 < amount_dc < _MOST_DC or total >= _MOST_DC:
            raise UsageError("E_CREDITS", f"An account cannot take {amount_dc} data credits.")
        await self._database.apply([self._table.set_credits(oui, granted_dc=total, changed_ms=self._clock.wall_ms())])
        self._granted[oui] = total

    def payer_of(self, oui: int) -> str | None:
        """Return the organisation itself."""
        return str(oui) if oui in self._granted else None

    async def balance_dc(self, payer: str) -> int:
        """Return what was granted less what was used in closed epochs: closing one is what burning is on a chain."""
        used = await self._table.used_by(int(payer))
        return self._granted[int(payer)] - used + await self.pending_dc(payer)

    async def pending_dc(self, payer: str) -> int:
        """Return what was used in epochs that are not closed yet."""
        return await self._table.unburned(oui=int(payer))
