"""A whole agent: it starts, takes over news, survives failing parts and disks, and ends without hiding why."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from skerry_agent.background import Background
from skerry_agent.evidence import EVIDENCE
from skerry_agent.runtime.operator import News
from skerry_agent.runtime.packet_path import Stage
from skerry_agent.store import ReportState, RewardRow, RewardState, Stores, StoreUnavailable, Verdict, VerdictRow
from skerry_core.errors import UsageError
from skerry_coverage.evidence.entry import EntryKind
from skerry_coverage.evidence.packets import PacketRoot
from skerry_firmware_bridge.radio import DeviceState
from skerry_simulate.clock import SimulatedClock
from skerry_testing.runtime import (
    FakeOperator,
    FakeRadio,
    FakeSink,
    beacon_of,
    heard,
    keeper,
    open_agent,
    open_log,
    open_runtime_stores,
    state,
)
from skerry_testing.simulated import simulated
from skerry_wire.sink import SinkUnavailable


def test_a_heard_beacon_is_reported_and_its_verdict_and_reward_come_back(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        sink = FakeSink(clock)
        operator = FakeOperator(clock, sink=sink)
        async with open_runtime_stores(tmp_path, clock) as stores:
            app = await open_agent(stores, tmp_path, clock, operator=operator)
            async with Background() as background:
                background.start(app.agent.run(), name="agent")
                await clock.sleep(1)
                app.agent.hotspots[0].radios.up(FakeRadio())
                app.agent.board.take(state(DeviceState.UP))
                app.agent.board.take(heard(beacon_of().phy, clock=clock))
                await clock.sleep(1)
                (row,) = (await stores.witnesses.page()).rows
                assert (row.state, sink.witnesses) == (ReportState.DELIVERED, [row.report])
                assert row.packet_id is not None
                packet = await stores.packets.get(row.packet_id)
                assert packet is not None
                assert (packet.stage, packet.reason) == (Stage.ACKNOWLEDGED, None)
                verdict = VerdictRow(id=row.id, verdict=Verdict.INVALID, reason="too_close", rule_set="r", poc_id="p")
                operator.news_items = [News(witnesses=(verdict,), rewards=(reward(),), cursor="7")]
                await clock.sleep(61)
            judged = await stores.witnesses.get(row.id)
            assert judged is not None
            assert (judged.verdict, judged.reason) == (Verdict.INVALID, "too_close")
            packet = await stores.packets.get(row.packet_id)
            assert packet is not None
            assert (packet.stage, packet.reason) == (Stage.JUDGED, "too_close")
            assert list((await stores.rewards.page()).rows) == [reward()]
            assert await stores.facts.get("operator_news_cursor") == "7"
            assert app.agent.judged[Stage.JUDGED, "too_close"] == 1
            assert app.agent.judged[Stage.PAID, ""] == 1
            kept = [event.topic for event in app.agent.hub._ring]
            assert {"devices", "witnesses", "packets", "rewards"} <= set(kept)

    simulated(main)


def reward() -> RewardRow:
    return RewardRow(
        id="r1", network="test-net", epoch=1, at_ns=1, hotspot="h", owner="o", token="demo-IOT", amount=5,
        kind="witness", state=RewardState.PAID, manifest_hash="ab", transaction="sig", cause={},
    )  # fmt: skip


def test_news_that_cannot_be_fetched_leave_the_cursor_where_it_was(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        operator = FakeOperator(clock)
        async with open_runtime_stores(tmp_path, clock) as stores:
            agent = (await open_agent(stores, tmp_path, clock, operator=operator)).agent
            operator.news_items = [News(cursor="3"), SinkUnavailable("away"), News(cursor="4")]
            for _ in range(3):
                await agent.fetch_news()
            assert operator.cursors == ["", "3", "3"]
            assert await stores.facts.get("operator_news_cursor") == "4"

    simulated(main)


def test_the_operator_is_not_called_before_the_time_is_known(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        sink = FakeSink(clock)
        operator = FakeOperator(clock, sink=sink)
        time = keeper(clock, synchronised=False)
        async with open_runtime_stores(tmp_path, clock) as stores:
            app = await open_agent(stores, tmp_path, clock, operator=operator, time=time)
            async with Background() as background:
                background.start(app.agent.run(), name="agent")
                await clock.sleep(3600)
                assert not operator.ran
                assert sink.asked_region == 0
                time.synchronised(keeper(clock).stamp().source, error_ns=0)
                await clock.sleep(10)
                assert operator.ran
                assert sink.asked_region

    simulated(main)


def test_a_stopped_agent_ends_cancelled_and_leaves_a_sealed_log_with_its_packets(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with open_runtime_stores(tmp_path, clock) as stores:
            app = await open_agent(stores, tmp_path, clock, operator=FakeOperator(clock))
            running = await run_for(app.agent.run(), clock, before_end=lambda: app.agent.board.take(heard(clock=clock)))
            assert running.cancelled()
            log = app.agent.evidence[0]
            ((_, entry),) = await log.find(EntryKind.PACKETS)
            assert PacketRoot.from_bytes(entry.body).count == 1
            assert await stores.packets.count() == 1
            assert await stores.facts.get("running_since_ns") is None
            assert await log.seal() is None  # nothing is left unsealed

    simulated(main)


async def run_for(
    work: Coroutine[Any, Any, None], clock: SimulatedClock, *, before_end: Callable[[], None]
) -> asyncio.Task[None]:
    async with asyncio.TaskGroup() as group:
        running = group.create_task(work, name="agent")
        await clock.sleep(5)
        before_end()
        await clock.sleep(0.1)
        running.cancel()
    return running


def test_stores_that_are_closed_already_do_not_hide_that_the_agent_was_stopped(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def main(clock: SimulatedClock) -> None:
        stores = await Stores.open(tmp_path, clock=clock, extra=(EVIDENCE,))
        app = await open_agent(stores, tmp_path, clock, operator=FakeOperator(clock))
        async with asyncio.TaskGroup() as group:
            running = group.create_task(app.agent.run(), name="agent")
            await clock.sleep(5)
            await stores.close()
            running.cancel()
        assert running.cancelled()
        assert "the end was not stored" in caplog.text

    simulated(main)


def test_the_first_failure_of_a_part_is_what_the_agent_ends_with(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        operator = FakeOperator(clock)

        async def broken() -> None:
            raise ZeroDivisionError("our own mistake")

        operator.run = broken  # type: ignore[method-assign]
        async with open_runtime_stores(tmp_path, clock) as stores:
            app = await open_agent(stores, tmp_path, clock, operator=operator)
            with pytest.raises(ExceptionGroup) as caught:
                await app.agent.run()
            assert caught.group_contains(ZeroDivisionError)
            task = asyncio.current_task()
            assert task is not None
            assert task.cancelling() == 0

    simulated(main)


def test_a_disk_that_takes_nothing_is_told_and_survived(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def main(clock: SimulatedClock) -> None:
        sink = FakeSink(clock)
        async with open_runtime_stores(tmp_path, clock) as stores:
            app = await open_agent(stores, tmp_path, clock, operator=FakeOperator(clock, sink=sink))
            async with Background() as background:
                background.start(app.agent.run(), name="agent")
                await clock.sleep(5)
                writes = [(db, db.write) for db in (stores.main, stores.telemetry)]
                for db, _ in writes:
                    db.write = full  # type: ignore[method-assign, assignment]
                app.agent.board.take(state(DeviceState.UP))
                app.agent.board.take(heard(beacon_of(1).phy, clock=clock))
                app.agent.board.take(heard(clock=clock))
                app.agent.delivery.nudge()
                await clock.sleep(700)
                for db, write in writes:
                    db.write = write  # type: ignore[method-assign]
                await clock.sleep(61)
                assert await stores.packets.count() == 2
                assert [row.id for row in await stores.devices.all()] == ["gwmp:aa555a0000000001"]
                app.agent.board.take(heard(beacon_of(2).phy, clock=clock))
                await clock.sleep(1)
                assert len(sink.witnesses) == 1
        assert "frames not kept" in caplog.text

    simulated(main)


async def full(fn: object) -> None:
    raise StoreUnavailable("E_DISK_FULL", "the disk is full", remedy="Free some space.")


def test_an_attached_device_that_cannot_be_meant_is_refused_before_anything_runs(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with open_runtime_stores(tmp_path, clock) as stores:
            app = await open_agent(
                stores, tmp_path, clock, operator=FakeOperator(clock), devices__attached="toaster:/dev/x"
            )
            with pytest.raises(UsageError):
                await app.agent.run()
            assert await stores.facts.get("running_since_ns") is None

    simulated(main)


def test_two_agents_in_one_process_do_not_see_each_other(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with (
            open_runtime_stores(tmp_path / "a", clock) as one,
            open_runtime_stores(tmp_path / "b", clock) as two,
        ):
            first = await open_agent(one, tmp_path / "a", clock, operator=FakeOperator(clock))
            second = await open_agent(two, tmp_path / "b", clock, operator=FakeOperator(clock))
            first.agent.board.take(state(DeviceState.UP))
            assert first.agent.board.live()
            assert not second.agent.board.live()
            assert (await open_log(two, keeper(clock), clock)).agent == second.agent.evidence[0].agent

    simulated(main)
