"""Carried packets are charged to whoever has the route; who cannot pay gets nothing more until it is topped up."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from skerry_core.errors import SkerryError, UsageError
from skerry_coverage.iot.packet_charge import Charged
from skerry_oracle.router.charges import MONITOR_S, Charges
from skerry_oracle.router.credits import StoredCredits
from skerry_oracle.router.router import PacketRouter
from skerry_oracle.router.routes import RouteRecord
from skerry_oracle.router.servers import GwmpServer
from skerry_oracle.router.uplinks import PacketRefused
from skerry_oracle.store.epochs import EpochTable
from skerry_oracle.store.sqlite import SqliteDatabase
from skerry_simulate.clock import SimulatedClock
from skerry_testing.house import ROUTE
from skerry_testing.oracle import START_S, make_oracle, simulated
from skerry_testing.runtime import UPLINK, frame
from skerry_testing.village import Village
from skerry_wire.uplink import packet_up


class Purse:
    """A payer's balance as a test sets it."""

    def __init__(self, balance_dc: int) -> None:
        self.balance = balance_dc
        self.pending = 0
        self.reads = 0
        self.broken = False

    def payer_of(self, oui: int) -> str | None:
        return "purse" if oui == 1 else None

    async def balance_dc(self, payer: str) -> int:
        self.reads += 1
        if self.broken:
            raise SkerryError("no chain")
        return self.balance

    async def pending_dc(self, payer: str) -> int:
        return self.pending


class SlowPurse(Purse):
    """One that takes a moment to read."""

    async def balance_dc(self, payer: str) -> int:
        await asyncio.to_thread(lambda: None)
        return self.balance


def test_a_payer_is_charged_until_it_cannot_pay_and_unlocked_when_it_is_topped_up() -> None:
    async def main(clock: SimulatedClock) -> None:
        purse = Purse(12)
        charges = Charges(purse, clock=clock, minimum_dc=5)
        assert await charges.charge(1, payload_bytes=48, free=False) == Charged(valid=True, dc=2)
        assert await charges.charge(1, payload_bytes=48, free=True) == Charged(valid=True, dc=0)
        assert await charges.charge(2, payload_bytes=48, free=False) == Charged(valid=True, dc=2)  # nobody's account
        assert charges.locked([ROUTE]) == [ROUTE]
        assert (await charges.charge(1, payload_bytes=140, free=False)).valid  # 4 left, less than the minimum
        other = replace(ROUTE, id="other", oui=2)
        assert charges.locked([ROUTE, other]) == [replace(ROUTE, locked=True), other]
        assert await charges.charge(1, payload_bytes=140, free=False) == Charged(valid=False, dc=6)
        purse.pending = 8
        assert await charges.unlock_funded() == [1]  # upstream's rule: the chain's balance alone, burned or not
        purse.balance, purse.pending = 3, 0
        await clock.sleep(10)
        assert not (await charges.charge(1, payload_bytes=140, free=False)).valid
        assert await charges.unlock_funded() == []
        purse.balance = 30
        assert await charges.unlock_funded() == [1]
        assert charges.locked([ROUTE]) == [ROUTE]

    simulated(main)


def test_a_balance_that_cannot_be_read_costs_no_packet_and_burning_frees_what_was_used() -> None:
    async def main(clock: SimulatedClock) -> None:
        purse = Purse(10)
        purse.broken = True
        charges = Charges(purse, clock=clock, minimum_dc=0)
        assert await charges.charge(1, payload_bytes=1, free=False) == Charged(valid=True, dc=1)
        purse.broken, purse.pending = False, 8
        assert (await charges.charge(1, payload_bytes=48, free=False)).valid
        assert not (await charges.charge(1, payload_bytes=1, free=False)).valid
        charges.burned("purse", 10)
        purse.balance, purse.pending = 100, 0
        await clock.sleep(10)
        assert (await charges.charge(1, payload_bytes=1, free=False)).valid

    simulated(main)


def test_two_first_packets_at_once_are_both_charged() -> None:
    async def main(clock: SimulatedClock) -> None:
        charges = Charges(SlowPurse(1), clock=clock, minimum_dc=0)
        both = [charges.charge(1, payload_bytes=1, free=False) for _ in range(2)]
        assert [one.valid for one in await asyncio.gather(*both)] == [True, False]

    simulated(main)


def test_granted_credits_are_used_up_locked_granted_again_and_survive_a_restart(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        oracle = make_oracle(SqliteDatabase(tmp_path / "oracle.db", clock=clock), clock)
        await oracle.open()
        village = Village(1)
        await village.join(oracle.registry)
        gateway = village.people[0].gateway.public_key

        async def carry(router: PacketRouter, last: int) -> tuple[str, ...]:
            heard = frame(UPLINK[:-1] + bytes([last]), clock=clock)
            packet = packet_up(heard, gateway=gateway, region="EU868", hold_ms=0)
            return (await router.uplinks.route(packet, gateway=gateway, signer=None)).route_ids

        router = PacketRouter(oracle, minimum_dc=1)
        await router.open()
        await router.book.put(RouteRecord(route=ROUTE, server=GwmpServer(host="127.0.0.1", port=9)))
        assert await carry(router, 1) == ("test",)
        with pytest.raises(UsageError, match="E_CREDITS"):
            await router.grant(1, 0)
        await router.grant(1, 3)  # one of them is used already
        (account,) = await router.accounts()
        assert account == {"oui": 1, "payer": "1", "balance_dc": 3, "pending_dc": 1, "enabled": True}
        assert await carry(router, 2) == ("test",)
        assert await carry(router, 3) == ("test",)  # nothing is left: locked
        assert await carry(router, 4) == ()
        router.close()

        again = PacketRouter(oracle, minimum_dc=1)
        await again.open()
        with pytest.raises(PacketRefused, match="insufficient_balance"):
            await carry(again, 5)
        await again.grant(1, 10)
        assert await carry(again, 6) == ("test",)
        epoch = oracle.driver.current.epoch
        assert await oracle.packets.usage(epoch) == {1: (4, 4)}
        row = await oracle.epochs.get(epoch)
        assert row is not None
        await oracle.database.apply([EpochTable(oracle.database).set_state(replace(row, state="unpaid"))])
        credits = StoredCredits(oracle.database, clock=clock)
        await credits.open()
        assert (await credits.balance_dc("1"), await credits.pending_dc("1")) == (9, 0)
        again.close()
        await oracle.close()

    simulated(main, start_s=START_S + 1)


def test_the_monitor_looks_every_half_hour() -> None:
    async def main(clock: SimulatedClock) -> None:
        purse = Purse(1)
        charges = Charges(purse, clock=clock, minimum_dc=1)
        assert (await charges.charge(1, payload_bytes=1, free=False)).valid
        assert charges.locked([ROUTE])[0].locked
        async with asyncio.TaskGroup() as group:
            running = group.create_task(charges.run())
            purse.balance = 0
            await clock.sleep(MONITOR_S + 1)
            assert charges.locked([ROUTE])[0].locked
            purse.balance = 50
            await clock.sleep(MONITOR_S)
            assert not charges.locked([ROUTE])[0].locked
            running.cancel()

    simulated(main)
