"""Ten minutes of carried packets become one entry; a failing disk loses none."""

from pathlib import Path

from skerry_agent.background import Background
from skerry_agent.runtime.packet_roots import PacketRoots
from skerry_agent.store import StoreUnavailable
from skerry_coverage.evidence import merkle
from skerry_coverage.evidence.entry import EntryKind
from skerry_coverage.evidence.packets import WINDOW_NS, PacketRoot, packet_leaf, window_start
from skerry_simulate.clock import SimulatedClock
from skerry_testing.runtime import UPLINK, frame, keeper, open_log, open_runtime_stores
from skerry_testing.simulated import simulated


def test_each_window_is_written_once_after_its_end_and_the_running_one_at_shutdown(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with open_runtime_stores(tmp_path, clock) as stores:
            log = await open_log(stores, keeper(clock), clock)
            roots = PacketRoots(evidence=log, clock=clock)
            async with Background() as background:
                background.start(roots.run(), name="roots")
                await clock.sleep((window_start(clock.wall_ns()) + WINDOW_NS - clock.wall_ns()) / 10**9 + 1)
                one, two = frame(clock=clock), frame(UPLINK + b"x", clock=clock)
                roots.add(one)
                roots.add(two)
                await clock.sleep(500)
                assert await log.find(EntryKind.PACKETS) == []
                await clock.sleep(161)
                ((_, entry),) = await log.find(EntryKind.PACKETS)
                leaves = [
                    packet_leaf(
                        received_ns=f.received_wall_ns, frequency_hz=f.frequency_hz, datarate=f.datarate, phy=f.phy
                    )
                    for f in (one, two)
                ]
                expected = PacketRoot(start_ns=window_start(one.received_wall_ns), count=2, root=merkle.root(leaves))
                assert PacketRoot.from_bytes(entry.body) == expected
                roots.add(frame(clock=clock))
            await roots.write(now_ns=None)
            await roots.write(now_ns=None)
            assert [PacketRoot.from_bytes(e.body).count for _, e in await log.find(EntryKind.PACKETS)] == [2, 1]

    simulated(main)


def test_a_root_that_cannot_be_written_waits_for_the_disk(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with open_runtime_stores(tmp_path, clock) as stores:
            log = await open_log(stores, keeper(clock), clock)
            roots = PacketRoots(evidence=log, clock=clock)
            roots.add(frame(clock=clock))
            append = log.append

            async def full(*_: object, **__: object) -> None:
                raise StoreUnavailable("E_DISK_FULL", "the disk is full")

            log.append = full  # type: ignore[method-assign, assignment]
            await roots.write(now_ns=None)
            log.append = append  # type: ignore[method-assign]
            await roots.write(now_ns=clock.wall_ns())
            assert len(await log.find(EntryKind.PACKETS)) == 1

    simulated(main)
