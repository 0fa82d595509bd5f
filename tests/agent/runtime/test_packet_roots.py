"""Ten minutes of carried packets become one entry; a failing disk loses none."""

import asyncio
from dataclasses import replace
from pathlib import Path

from skerry_agent.background import Background
from skerry_agent.runtime.packet_roots import PacketRoots
from skerry_agent.store import PacketRow, Stores, StoreUnavailable
from skerry_coverage.evidence import merkle
from skerry_coverage.evidence.entry import EntryKind
from skerry_coverage.evidence.packets import WINDOW_NS, PacketRoot, packet_leaf, window_start
from skerry_simulate.clock import SimulatedClock
from skerry_testing.runtime import UPLINK, frame, keeper, open_log, open_runtime_stores
from skerry_testing.simulated import simulated

HOTSPOT = "hotspot"


def test_each_window_is_written_once_after_its_end_and_the_running_one_at_shutdown(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with open_runtime_stores(tmp_path, clock) as stores:
            log = await open_log(stores, keeper(clock), clock)
            roots = PacketRoots(hotspot=HOTSPOT, evidence=log, stores=stores, clock=clock)
            async with Background() as background:
                background.start(roots.run(), name="roots")
                await clock.sleep((window_start(clock.wall_ns()) + WINDOW_NS - clock.wall_ns()) / 10**9 + 1)
                one, two = frame(clock=clock), frame(UPLINK + b"x", clock=clock)
                await roots.add(one)
                await roots.add(two)
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
                await roots.add(frame(clock=clock))
            await roots.write(now_ns=None)
            await roots.write(now_ns=None)
            assert [PacketRoot.from_bytes(e.body).count for _, e in await log.find(EntryKind.PACKETS)] == [2, 1]

    simulated(main)


def test_a_root_that_cannot_be_written_waits_for_the_disk(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with open_runtime_stores(tmp_path, clock) as stores:
            log = await open_log(stores, keeper(clock), clock)
            roots = PacketRoots(hotspot=HOTSPOT, evidence=log, stores=stores, clock=clock)
            await roots.add(frame(clock=clock))
            write = log.db.write

            async def full(*_: object) -> None:
                raise StoreUnavailable("E_DISK_FULL", "the disk is full")

            log.db.write = full  # type: ignore[method-assign, assignment]
            await roots.write(now_ns=None)
            log.db.write = write  # type: ignore[method-assign]
            await roots.write(now_ns=clock.wall_ns())
            assert len(await log.find(EntryKind.PACKETS)) == 1

    simulated(main)


def test_a_run_that_ends_without_a_stop_leaves_its_packets_to_the_next(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with open_runtime_stores(tmp_path, clock) as stores:
            log = await open_log(stores, keeper(clock), clock)
            heard: list[bytes] = []
            for number in range(3):  # the first two runs are killed, the third hears nothing new
                roots = PacketRoots(hotspot=HOTSPOT, evidence=log, stores=stores, clock=clock)
                await roots.recover()
                if number < 2:
                    heard.append(await _carry(roots, stores, clock, number))
                await clock.sleep(1)
            assert await log.find(EntryKind.PACKETS) == []
            await roots.write(now_ns=None)
            ((_, entry),) = await log.find(EntryKind.PACKETS)
            assert PacketRoot.from_bytes(entry.body).root == merkle.root(heard)
            again = PacketRoots(hotspot=HOTSPOT, evidence=log, stores=stores, clock=clock)
            await again.recover()  # nothing waits for a root any more
            await again.write(now_ns=None)
            assert len(await log.find(EntryKind.PACKETS)) == 1

    simulated(main)


def test_after_a_kill_only_the_windows_that_have_no_root_are_counted_again(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with open_runtime_stores(tmp_path, clock) as stores:
            log = await open_log(stores, keeper(clock), clock)
            roots = PacketRoots(hotspot=HOTSPOT, evidence=log, stores=stores, clock=clock)
            await _carry(roots, stores, clock, 0)
            await clock.sleep(600)
            second = await _carry(roots, stores, clock, 1)
            await roots.write(now_ns=clock.wall_ns())  # the first window's
            await roots.add(frame(UPLINK + b"other hotspot's, and not stored", clock=clock))
            again = PacketRoots(hotspot=HOTSPOT, evidence=log, stores=stores, clock=clock)
            await again.recover()
            await again.write(now_ns=None)
            written = [PacketRoot.from_bytes(entry.body) for _, entry in await log.find(EntryKind.PACKETS)]
            assert [root.count for root in written] == [1, 1]
            assert written[1].root == merkle.root([second])

    simulated(main)


async def _carry(roots: PacketRoots, stores: Stores, clock: SimulatedClock, number: int) -> bytes:
    """Carry one uplink and store its row, and rows that no network was offered; return the uplink's leaf."""
    one = frame(UPLINK + bytes([number]), clock=clock)
    await roots.add(one)
    row = PacketRow(
        id=f"packet {number}", device_id="radio", hotspot=HOTSPOT, at_ns=one.received_wall_ns,
        frequency_hz=one.frequency_hz, datarate=one.datarate, rssi_dbm=-90, snr_ddb=50, crc="ok", phy=one.phy,
        kind="data_up", stage="sent", sent_to=["operator"], source="test",
    )  # fmt: skip
    others = [
        replace(row, id=f"damaged {number}", kind="unknown", stage="received", reason="crc_failed"),
        replace(row, id=f"early {number}", stage="decoded", reason="region_unknown"),
        replace(row, id=f"neighbour's {number}", hotspot="another"),
        replace(row, id=f"beacon {number}", kind="beacon"),
    ]
    await stores.packets.add([row, *others])
    return packet_leaf(
        received_ns=one.received_wall_ns, frequency_hz=one.frequency_hz, datarate=one.datarate, phy=one.phy
    )


def test_a_stop_while_a_root_is_being_written_writes_it_once(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with open_runtime_stores(tmp_path, clock) as stores:
            log = await open_log(stores, keeper(clock), clock)
            roots = PacketRoots(hotspot=HOTSPOT, evidence=log, stores=stores, clock=clock)
            await roots.add(frame(clock=clock))
            async with asyncio.TaskGroup() as group:
                task = group.create_task(roots.write(now_ns=None))
                asyncio.get_running_loop().call_soon(task.cancel)  # when the write is on its way
            await roots.write(now_ns=None)
            assert len(await log.find(EntryKind.PACKETS)) == 1

    simulated(main)
