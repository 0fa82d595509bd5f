"""The agent's two SQLite files and their typed tables.

`Stores.open` gives everything at once; `Database.write` runs a job durably, `Database.read` a short query.
"""

from dataclasses import dataclass
from pathlib import Path

from sqlite_utils.migrations import Migrations

from skerry_agent.store.accounts import Audit, AuditRow, Facts, PairingRow, Pairings, TokenRow, Tokens
from skerry_agent.store.database import Database, Synchronous
from skerry_agent.store.devices import DeviceRow, Devices
from skerry_agent.store.duty import DutyTable
from skerry_agent.store.errors import StoreClosed, StoreCorrupt, StoreUnavailable
from skerry_agent.store.money import RewardRow, Rewards, RewardState
from skerry_agent.store.outbox import Backlog, Outbox, OutboxItem, OutboxState
from skerry_agent.store.packets import PacketRow, Packets
from skerry_agent.store.proofs import BeaconRow, Beacons, ReportState, Verdict, VerdictRow, Witnesses, WitnessRow
from skerry_agent.store.rows import Page
from skerry_agent.store.schema import SKERRY, TELEMETRY
from skerry_core.clock import Clock

__all__ = [
    "Audit",
    "AuditRow",
    "Backlog",
    "BeaconRow",
    "Beacons",
    "Database",
    "DeviceRow",
    "Devices",
    "DutyTable",
    "Facts",
    "Outbox",
    "OutboxItem",
    "OutboxState",
    "PacketRow",
    "Packets",
    "Page",
    "PairingRow",
    "Pairings",
    "ReportState",
    "RewardRow",
    "RewardState",
    "Rewards",
    "StoreClosed",
    "StoreCorrupt",
    "StoreUnavailable",
    "Stores",
    "Synchronous",
    "TokenRow",
    "Tokens",
    "Verdict",
    "VerdictRow",
    "WitnessRow",
    "Witnesses",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stores:
    """Both databases, open, and one repository per table."""

    main: Database
    telemetry: Database
    facts: Facts
    tokens: Tokens
    pairings: Pairings
    audit: Audit
    devices: Devices
    beacons: Beacons
    witnesses: Witnesses
    outbox: Outbox
    duty: DutyTable
    rewards: Rewards
    packets: Packets

    @classmethod
    async def open(cls, folder: Path, *, clock: Clock, extra: tuple[Migrations, ...] = ()) -> "Stores":
        """Open `skerry.db` and `telemetry.db` in a folder; `extra` migration sets (evidence) go into skerry.db.

        Raises `StoreCorrupt`, `StoreUnavailable`. A damaged telemetry.db is set aside and begun anew, loudly.
        """
        main = await Database.open(folder / "skerry.db", clock=clock, migrations=(SKERRY, *extra))
        try:
            telemetry = await Database.open(
                folder / "telemetry.db",
                clock=clock,
                migrations=(TELEMETRY,),
                synchronous=Synchronous.NORMAL,
                rebuild_if_corrupt=True,
            )
        except BaseException:
            await main.close()
            raise
        return cls(
            main=main,
            telemetry=telemetry,
            facts=Facts(main),
            tokens=Tokens(main),
            pairings=Pairings(main),
            audit=Audit(main),
            devices=Devices(main),
            beacons=Beacons(main),
            witnesses=Witnesses(main),
            outbox=Outbox(main),
            duty=DutyTable(main),
            rewards=Rewards(main),
            packets=Packets(telemetry),
        )

    async def close(self) -> None:
        """Finish what is queued and close both files."""
        await self.telemetry.close()
        await self.main.close()
