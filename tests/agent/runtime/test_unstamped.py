"""Beacons heard before the clock was right: durable, never signed before, reported with the time they were heard."""

from pathlib import Path

from skerry_agent.background import Background
from skerry_agent.evidence import EvidenceLog, TimeKeeper
from skerry_agent.runtime.packet_path import Heard
from skerry_agent.runtime.unstamped import MAX_FRAMES, Unstamped, UnstampedFrame
from skerry_agent.store import Stores, StoreUnavailable
from skerry_coverage.evidence.entry import EntryKind, TimeSource
from skerry_simulate.clock import SimulatedClock
from skerry_testing.runtime import (
    DEVICE,
    FakeOperator,
    FakeSink,
    beacon_of,
    frame,
    heard,
    keeper,
    open_agent,
    open_log,
    open_runtime_stores,
)
from skerry_testing.simulated import simulated

OTHER_BOOT = bytes(range(100, 116))


def one(number: int, clock: SimulatedClock) -> Heard:
    return Heard(device_id=DEVICE, frame=frame(beacon_of(number).phy, clock=clock), known_as=f"p{number}")


class Reporter:
    """Notes what is reported; fails first as often as told."""

    def __init__(self) -> None:
        self.failures = 0
        self.reported: list[tuple[str, int]] = []

    async def __call__(self, kept: UnstampedFrame, heard_at_ns: int) -> None:
        if self.failures:
            self.failures -= 1
            raise StoreUnavailable("E_DISK_FULL", "the disk is full")
        self.reported.append((kept.heard.packet_id, heard_at_ns))


def waiting(stores: Stores, log: EvidenceLog, time: TimeKeeper, clock: SimulatedClock, report: Reporter) -> Unstamped:
    return Unstamped(evidence=log, db=stores.main, time=time, clock=clock, report=report)


def test_a_frame_body_comes_back_as_it_was(tmp_path: Path) -> None:
    clock = SimulatedClock(start_s=1_790_000_000)
    kept = UnstampedFrame.from_body(b"id", UnstampedFrame.body(one(1, clock)))
    before = one(1, clock)
    assert kept.heard.frame.phy == before.frame.phy
    assert (kept.heard.packet_id, kept.heard.frame.snr_db, kept.heard.frame.rssi_dbm) == ("p1", 5.5, -100)


def test_frames_are_reported_with_the_time_they_were_heard_once_the_clock_is_right(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        time, report = keeper(clock, synchronised=False), Reporter()
        report.failures = 1
        async with open_runtime_stores(tmp_path, clock) as stores:
            kept = waiting(stores, await open_log(stores, time, clock), time, clock, report)
            async with Background() as background:
                background.start(kept.run(), name="early frames")
                await kept.keep(one(1, clock))
                await clock.sleep(30)
                await kept.keep(one(2, clock))
                clock.jump_wall(1_000_000)  # what the time service puts right
                right_ns = clock.wall_ns()
                await clock.sleep(30)
                assert report.reported == []
                time.synchronised(TimeSource.NTP, error_ns=0)
                await clock.sleep(20)
                assert report.reported == [("p1", right_ns - 30 * 10**9), ("p2", right_ns)]
                assert kept.waiting == 0

    simulated(main)


def test_a_restart_in_the_same_boot_takes_the_frames_up_and_another_boot_does_not(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with open_runtime_stores(tmp_path, clock) as stores:
            time = keeper(clock, synchronised=False)
            log = await open_log(stores, time, clock)
            first = waiting(stores, log, time, clock, Reporter())
            await first.keep(one(1, clock))
            await log.append(EntryKind.FRAME, b"\xe0 of another program", link="udp", source="x")
            again = waiting(stores, log, time, clock, Reporter())
            await again.load()
            assert again.waiting == 1
            later = keeper(clock, synchronised=False, boot_id=OTHER_BOOT)
            other = waiting(stores, await open_log(stores, later, clock), later, clock, Reporter())
            await other.load()
            assert other.waiting == 0

    simulated(main)


def test_a_flood_is_bounded_and_counted(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with open_runtime_stores(tmp_path, clock) as stores:
            time = keeper(clock, synchronised=False)
            kept = waiting(stores, await open_log(stores, time, clock), time, clock, Reporter())
            kept._waiting = [UnstampedFrame(entry_id=b"", heard=one(1, clock))] * MAX_FRAMES
            await kept.keep(one(2, clock))
            assert (kept.waiting, kept.dropped) == (MAX_FRAMES, 1)

    simulated(main)


def test_a_whole_agent_signs_nothing_before_and_reports_once_after_a_restart(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        sink = FakeSink(clock)
        async with open_runtime_stores(tmp_path, clock) as stores:
            for synchronises in (False, True, True):
                time = keeper(clock, synchronised=False)
                app = await open_agent(stores, tmp_path, clock, operator=FakeOperator(clock, sink=sink), time=time)
                async with Background() as background:
                    background.start(app.agent.run(), name="agent")
                    await clock.sleep(1)
                    if not synchronises:
                        app.agent.board.take(heard(beacon_of().phy, clock=clock))
                        await clock.sleep(60)
                        assert not sink.witnesses
                        assert await stores.witnesses.counts() == {}
                        assert (await stores.packets.page()).rows[0].reason == "clock_not_synchronised"
                        assert len(await app.agent.evidence[0].find(EntryKind.FRAME)) == 1
                    else:
                        time.synchronised(TimeSource.NTP, error_ns=0)
                        await clock.sleep(10)
            assert len(sink.witnesses) == 1
            (row,) = (await stores.witnesses.page()).rows
            reports = await app.agent.evidence[0].find(EntryKind.WITNESS_REPORT)
            frames = await app.agent.evidence[0].find(EntryKind.FRAME)
            assert reports[0][1].refs == (frames[0][0],)
            assert row.at_ns < clock.wall_ns() - 60 * 10**9

    simulated(main)
