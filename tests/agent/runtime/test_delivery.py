"""Whatever is in the outbox ends delivered, refused or expired, and never silently."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from skerry_agent.background import Background
from skerry_agent.runtime.delivery import RETRY_CAP_S, Delivery, retry_wait_s
from skerry_agent.runtime.delivery_routes import serve_reports
from skerry_agent.runtime.packet_path import Stage
from skerry_agent.store import (
    BeaconRow,
    Database,
    Outbox,
    OutboxItem,
    OutboxState,
    ReportState,
    StoreUnavailable,
    WitnessRow,
)
from skerry_agent.store.schema import SKERRY
from skerry_core.clock import NS_PER_S, SystemClock
from skerry_simulate.clock import SimulatedClock
from skerry_testing.runtime import FakeSink
from skerry_testing.simulated import simulated
from skerry_testing.stores import open_stores
from skerry_wire.sink import SinkRefused, SinkUnavailable


class Receiver:
    """A receiver that fails as told, and remembers what it took."""

    def __init__(self) -> None:
        self.failures: list[Exception] = []
        self.taken: list[str] = []
        self.ends: list[tuple[str, OutboxState, str | None]] = []

    async def take(self, item: OutboxItem) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.taken.append(item.id)

    async def settled(self, item: OutboxItem, state: OutboxState, reason: str | None) -> None:
        self.ends.append((item.id, state, reason))


@pytest.fixture
async def outbox(tmp_path: Path) -> AsyncIterator[Outbox]:
    database = await Database.open(tmp_path / "skerry.db", clock=SystemClock(), migrations=[SKERRY])
    yield Outbox(database)
    await database.close()


def item(name: str, *, deadline_s: int = 3600) -> OutboxItem:
    now_ns = SystemClock().wall_ns()
    return OutboxItem(
        id=name, class_="witness", body=b"report", created_ns=now_ns, deadline_ns=now_ns + deadline_s * NS_PER_S
    )


def sender(outbox: Outbox, receiver: Receiver) -> Delivery:
    delivery = Delivery(outbox=outbox, clock=SystemClock(), jitter=lambda: 0.5)
    delivery.serve("witness", deliver=receiver.take, settled=receiver.settled)
    return delivery


async def test_a_report_is_delivered_once_and_marked(outbox: Outbox) -> None:
    receiver = Receiver()
    delivery = sender(outbox, receiver)
    await outbox.put(item("a"))
    assert await delivery.step() == 1
    assert await delivery.step() == 0
    assert receiver.taken == ["a"]
    assert receiver.ends == [("a", OutboxState.DELIVERED, None)]


async def test_an_unreachable_operator_keeps_the_report_waiting(outbox: Outbox) -> None:
    receiver = Receiver()
    receiver.failures = [SinkUnavailable("no route")]
    delivery = sender(outbox, receiver)
    await outbox.put(item("a"))
    await delivery.step()
    waiting = await outbox.get("a")
    assert waiting is not None
    assert (waiting.state, waiting.attempts, waiting.reason) == (OutboxState.WAITING, 1, "no route")
    assert waiting.next_try_ns > waiting.created_ns
    assert not delivery.online
    assert receiver.ends == []


async def test_a_refusal_ends_the_report_with_the_operators_reason(outbox: Outbox) -> None:
    receiver = Receiver()
    receiver.failures = [SinkRefused("bad_signature")]
    await outbox.put(item("a"))
    await sender(outbox, receiver).step()
    assert receiver.ends == [("a", OutboxState.REFUSED, "bad_signature")]


async def test_a_report_past_its_deadline_expires_without_being_sent(outbox: Outbox) -> None:
    receiver = Receiver()
    await outbox.put(item("late", deadline_s=-1))
    await sender(outbox, receiver).step()
    expired = await outbox.get("late")
    assert expired is not None
    assert (expired.state, expired.reason) == (OutboxState.EXPIRED, "deadline")
    assert receiver.taken == []


async def test_a_nudge_wakes_the_running_sender(outbox: Outbox) -> None:
    receiver = Receiver()
    delivery = sender(outbox, receiver)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(delivery.run(), name="delivery")
        await outbox.put(item("a"))
        delivery.nudge()
        while not receiver.ends:
            await SystemClock().sleep(0)
        running.cancel()
    assert receiver.taken == ["a"]


def test_waits_double_up_to_the_cap() -> None:
    assert [retry_wait_s(attempts, 0.5) for attempts in (0, 1, 2)] == [5.0, 10.0, 20.0]
    assert retry_wait_s(60, 0.5) == RETRY_CAP_S


async def test_rows_of_reports_become_expired_refused_or_delivered_with_the_reason(tmp_path: Path) -> None:
    clock = SystemClock()
    async with open_stores(tmp_path, clock=clock) as stores:
        sink = FakeSink(clock)
        delivery = Delivery(outbox=stores.outbox, clock=clock, jitter=lambda: 0.5)
        moved: list[tuple[str, Stage, str | None]] = []

        async def advance(packet_id: str, stage: Stage, reason: str | None) -> None:
            moved.append((packet_id, stage, reason))

        serve_reports(delivery, sink, stores, advance=advance)
        now_ns = clock.wall_ns()
        for number, (name, deadline_s) in enumerate((("late", -1), ("bad", 60), ("good", 61))):
            await stores.witnesses.add(replace(witness_row(name), packet_id=f"frame of {name}"))
            await stores.outbox.put(
                OutboxItem(
                    id=name, class_="witness", body=b"m", created_ns=now_ns, next_try_ns=number,
                    deadline_ns=now_ns + deadline_s * NS_PER_S,
                )
            )  # fmt: skip
        await stores.beacons.add(beacon_row("lost"))
        await stores.outbox.put(
            OutboxItem(id="lost", class_="beacon", body=b"m", created_ns=now_ns, deadline_ns=now_ns - 1)
        )
        sink.failures = [SinkRefused("bad_signature")]
        await delivery.step()
        found = {name: await stores.witnesses.get(name) for name in ("late", "bad", "good")}
        assert {name: (row.state, row.reason) for name, row in found.items() if row} == {
            "late": (ReportState.EXPIRED, "deadline"),
            "bad": (ReportState.REFUSED, "bad_signature"),
            "good": (ReportState.DELIVERED, None),
        }
        assert moved == [
            ("frame of late", Stage.QUEUED, "deadline"),
            ("frame of bad", Stage.SENT, "bad_signature"),
            ("frame of good", Stage.ACKNOWLEDGED, None),
        ]
        lost = await stores.beacons.get("lost")
        assert lost is not None
        assert (lost.state, lost.reason) == (ReportState.EXPIRED, "deadline")
        assert delivery.counts == {"tried": 2, "expired": 2, "refused": 1, "delivered": 1}


async def test_an_expired_report_names_why_it_could_not_go_out(outbox: Outbox) -> None:
    receiver = Receiver()
    await outbox.put(item("late", deadline_s=-1))
    await outbox.retry("late", next_try_ns=0, reason="no route")
    await sender(outbox, receiver).step()
    assert receiver.ends == [("late", OutboxState.EXPIRED, "no route")]


async def test_an_item_that_nobody_takes_with_these_settings_waits(outbox: Outbox) -> None:
    delivery = Delivery(outbox=outbox, clock=SystemClock(), jitter=lambda: 0.5)
    await outbox.put(item("old"))
    await delivery.step()
    waiting = await outbox.get("old")
    assert waiting is not None
    assert (waiting.state, waiting.attempts) == (OutboxState.WAITING, 1)
    assert "nobody takes" in (waiting.reason or "")


def test_a_full_disk_never_ends_the_sender(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with open_stores(tmp_path, clock=clock) as stores:
            receiver = Receiver()
            delivery = Delivery(outbox=stores.outbox, clock=clock, jitter=lambda: 0.5)
            delivery.serve("witness", deliver=receiver.take, settled=receiver.settled)
            write = stores.main.write

            async def full(_: object) -> None:
                raise StoreUnavailable("E_DISK_FULL", "the disk is full")

            async with Background() as background:
                background.start(delivery.run(), name="delivery")
                now_ns = clock.wall_ns()
                await stores.outbox.put(
                    OutboxItem(id="a", class_="witness", body=b"m", created_ns=now_ns, deadline_ns=now_ns * 2)
                )
                stores.main.write = full  # type: ignore[method-assign, assignment]
                delivery.nudge()
                await clock.sleep(25)
                assert receiver.taken
                stores.main.write = write  # type: ignore[method-assign]
                await clock.sleep(25)
            settled = await stores.outbox.get("a")
            assert settled is not None
            assert settled.state is OutboxState.DELIVERED

    simulated(main)


def witness_row(name: str) -> WitnessRow:
    return WitnessRow(
        id=name, hotspot="h", device_id="d", at_ns=1, frequency_hz=1, datarate="SF9BW125", rssi_dbm=1, snr_ddb=1,
        data=b"", report=b"m", state=ReportState.QUEUED,
    )  # fmt: skip


def beacon_row(name: str) -> BeaconRow:
    return BeaconRow(
        id=name, hotspot="h", device_id="d", at_ns=1, frequency_hz=1, datarate="SF9BW125", power_dbm=1,
        data=b"", report=b"m", state=ReportState.QUEUED,
    )  # fmt: skip


def test_no_report_is_given_up_by_a_clock_that_cannot_be_believed(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with open_stores(tmp_path, clock=clock) as stores, Background() as background:
            believed: list[int | None] = [None]
            asked = 0

            def believed_ns() -> int | None:
                nonlocal asked
                asked += 1
                return believed[0]

            receiver = Receiver()
            delivery = Delivery(outbox=stores.outbox, clock=clock, jitter=lambda: 0.5, believed_ns=believed_ns)
            delivery.serve("witness", deliver=receiver.take, settled=receiver.settled)
            late = OutboxItem(id="late", class_="witness", body=b"m", created_ns=0, deadline_ns=clock.wall_ns() - 1)
            await stores.outbox.put(late)
            background.start(delivery.run(), name="outbox")
            await clock.sleep(60)
            assert (receiver.ends, receiver.taken) == ([], [])
            assert asked < 20  # it looks now and then, it does not spin
            believed[0] = clock.wall_ns()
            await clock.sleep(15)
            assert receiver.ends == [("late", OutboxState.EXPIRED, "deadline")]

    simulated(main)
