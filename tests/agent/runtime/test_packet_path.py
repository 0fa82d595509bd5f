"""Every frame ends at a named stage, with its reason where it ends early."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from skerry_agent.background import Background
from skerry_agent.metrics import Metrics
from skerry_agent.runtime.packet_path import MAX_WAITING, Heard, PacketPath, Stage, packet_id
from skerry_agent.store import PacketRow, Stores, StoreUnavailable
from skerry_simulate.clock import SimulatedClock
from skerry_testing.runtime import DEVICE, UPLINK, beacon_of, frame
from skerry_testing.simulated import simulated
from skerry_testing.stores import open_stores
from skerry_wire.frames import Crc, ReceivedFrame

JOIN = bytes([0]) + bytes(range(8)) + bytes(range(8, 16)) + b"\x01\x02" + b"\xaa\xbb\xcc\xdd"


@dataclass(slots=True)
class Ends:
    """Where frames go in these tests."""

    networks: tuple[str, ...] = ("test-net",)
    queued: bool = True
    failure: StoreUnavailable | None = None
    region_known: bool = True
    forwarding: Callable[[], Awaitable[None]] | None = None
    witnessed: list[Heard] = field(default_factory=list)
    told: list[PacketRow] = field(default_factory=list)

    async def witness(self, heard: Heard) -> bool:
        if self.failure is not None:
            raise self.failure
        self.witnessed.append(heard)
        return self.queued

    async def forward(self, heard: Heard) -> tuple[str, ...]:
        if self.forwarding is not None:
            await self.forwarding()
        return self.networks


@asynccontextmanager
async def opened(folder: Path, clock: SimulatedClock, ends: Ends) -> AsyncIterator[tuple[PacketPath, Stores, Metrics]]:
    async with open_stores(folder, clock=clock) as stores:
        metrics = Metrics()
        path = PacketPath(
            hotspot="h1", packets=stores.packets, clock=clock, metrics=metrics, region_known=lambda: ends.region_known
        )
        path.connect(witness=ends.witness, forward=ends.forward, stored=ends.told.append)
        yield path, stores, metrics


async def walk(path: PacketPath, received: ReceivedFrame) -> PacketRow:
    await path.step(Heard(device_id=DEVICE, frame=received))
    path.write_down()
    return path._rows[-1]


@pytest.mark.parametrize(
    ("received", "stage", "reason", "kind"),
    [
        (frame(), Stage.SENT, None, "data_up"),
        (frame(JOIN), Stage.SENT, None, "join_request"),
        (frame(beacon_of().phy), Stage.QUEUED, None, "beacon"),
        (frame(crc=Crc.FAILED), Stage.RECEIVED, "crc_failed", "unknown"),
        (frame(crc=Crc.DISABLED), Stage.RECEIVED, "crc_disabled", "unknown"),
        (frame(datarate="50000"), Stage.RECEIVED, "datarate_not_lora", "unknown"),
        (frame(b"\x20" + bytes(16)), Stage.RECEIVED, "not_an_uplink", "other"),
        (frame(b""), Stage.RECEIVED, "not_an_uplink", "other"),
    ],
)
def test_a_frame_goes_as_far_as_it_can(
    tmp_path: Path, received: ReceivedFrame, stage: Stage, reason: str | None, kind: str
) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with opened(tmp_path, clock, Ends()) as (path, _, metrics):
            row = await walk(path, received)
            assert (row.stage, row.reason, row.kind) == (stage, reason, kind)
            if reason is not None:
                assert path.stopped == {(Stage.DECODED, reason): 1}
                assert metrics.value("skerry_uplinks_total", device=DEVICE, network="", outcome=reason) == 1

    simulated(main)


def test_an_uplink_names_its_networks_and_address(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        ends = Ends(networks=("test-net", "lns:1700"))
        async with opened(tmp_path, clock, ends) as (path, _, metrics):
            row = await walk(path, frame())
            assert (row.sent_to, row.address) == (["test-net", "lns:1700"], "78000100")
            ends.networks = ()
            assert (await walk(path, frame())).reason == "no_network_wants_it"
            assert metrics.value("skerry_uplinks_total", device=DEVICE, network="lns:1700", outcome="sent") == 1
            assert path.passed[Stage.SENT] == 1
            assert path.passed[Stage.FILTERED] == 2

    simulated(main)


def test_a_beacon_is_reported_once_and_our_own_never(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        ends = Ends()
        async with opened(tmp_path, clock, ends) as (path, _, _metrics):
            path.note_own_beacon(beacon_of(1).data)
            rows = [await walk(path, frame(beacon_of(number).phy)) for number in (1, 2, 2)]
            assert [row.reason for row in rows] == ["beacon_seen_before", None, "beacon_seen_before"]
            assert len(ends.witnessed) == 1
            ends.region_known = False
            assert (await walk(path, frame(beacon_of(3).phy))).reason == "region_unknown"
            assert (await walk(path, frame())).reason == "region_unknown"

    simulated(main)


def test_a_beacon_that_waits_or_cannot_be_kept_is_not_called_queued(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        ends = Ends(queued=False)
        async with opened(tmp_path, clock, ends) as (path, _, _metrics):
            assert (await walk(path, frame(beacon_of(1).phy))).reason == "clock_not_synchronised"
            ends.failure = StoreUnavailable("E_DISK_FULL", "the disk is full")
            row = await walk(path, frame(beacon_of(2).phy))
            assert (row.stage, row.reason) == (Stage.FILTERED, "not_kept")

    simulated(main)


def test_frames_are_stored_within_a_quarter_second_and_then_told(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        ends = Ends()
        async with opened(tmp_path, clock, ends) as (path, stores, metrics):
            async with Background() as background:
                background.start(path.run(), name="path")
                path.take(DEVICE, frame())
                await clock.sleep(0.3)
                assert [row.id for row in ends.told] == [packet_id(DEVICE, frame())]
                path.take(DEVICE, frame(tmst_us=2))
                await clock.sleep(0.01)
            assert await stores.packets.count() == 2  # also what came right before the end
            assert "skerry_uplink_rssi_dbm_count 2" in metrics.text()

    simulated(main)


def test_a_frame_that_is_on_its_way_while_others_are_stored_is_not_lost(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        ends = Ends()
        async with opened(tmp_path, clock, ends) as (path, stores, _):
            first, second = frame(UPLINK, clock=clock), frame(UPLINK + b"x", clock=clock)
            async with Background() as background:
                background.start(path.run(), name="path")
                path.take(DEVICE, first)
                await clock.sleep(0.1)
                ends.forwarding = path.flush  # the first frame's row is stored while the second's step waits
                path.take(DEVICE, second)
                await clock.sleep(1)
            stored = {row.id for row in (await stores.packets.page()).rows}
            assert stored == {row.id for row in ends.told} == {packet_id(DEVICE, first), packet_id(DEVICE, second)}

    simulated(main)


def test_a_stop_leaves_no_frame_unstored(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        ends, never = Ends(), asyncio.Event()

        async def wait() -> None:
            await never.wait()

        ends.forwarding = wait
        async with opened(tmp_path, clock, ends) as (path, stores, _):
            async with Background() as background:
                background.start(path.run(), name="path")
                for number in range(3):  # the first is being handed on when the agent stops, the others wait
                    path.take(DEVICE, frame(tmst_us=number))
                await clock.sleep(0.01)
            rows = (await stores.packets.page()).rows
            assert [(row.stage, row.reason) for row in rows] == [(Stage.RECEIVED, "agent_stopped")] * 3
            path.take(DEVICE, frame(tmst_us=9))
            await path.finish()  # a path that never ran
            assert await stores.packets.count() == 4

    simulated(main)


def test_a_full_queue_drops_and_counts(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with opened(tmp_path, clock, Ends()) as (path, _, metrics):
            for number in range(MAX_WAITING + 3):
                path.take(DEVICE, frame(tmst_us=number))
            assert path.stopped == {(Stage.RECEIVED, "queue_full"): 3}
            assert metrics.value("skerry_queue_dropped_total", queue="packets", reason="full") == 3

    simulated(main)


def test_a_packet_id_depends_on_radio_counter_and_content() -> None:
    ids = {packet_id(*one) for one in ((DEVICE, frame()), ("other", frame()), (DEVICE, frame(tmst_us=5)))}
    assert len(ids) == 3
    assert packet_id(DEVICE, frame()) in ids


def test_a_report_that_comes_further_moves_its_frame_on_wherever_the_row_is(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        ends = Ends()
        async with opened(tmp_path, clock, ends) as (path, stores, _):
            moved: list[tuple[str, str, str | None]] = []
            early: list[str] = []

            async def acknowledged_at_once(found: Heard) -> bool:
                if not early:  # as an operator in this process: the answer is there before the row is
                    early.append(found.packet_id)
                    await path.advance(found.packet_id, Stage.ACKNOWLEDGED, None)
                return True

            path.connect(
                witness=acknowledged_at_once, forward=ends.forward, stored=ends.told.append,
                moved=lambda *one: moved.append(one),
            )  # fmt: skip
            async with Background() as background:
                background.start(path.run(), name="path")
                path.take(DEVICE, frame(beacon_of(1).phy))
                path.take(DEVICE, frame(beacon_of(2).phy))
                await clock.sleep(0.01)
                path.write_down()
                first, second = (row.id for row in path._rows)
                assert early == [first]
                assert [row.stage for row in path._rows] == [Stage.ACKNOWLEDGED, Stage.QUEUED]
                await path.advance(second, Stage.SENT, "refused")  # still in memory
                await clock.sleep(1)
                assert moved == []
                await path.advance(second, Stage.JUDGED, "too_close")  # stored by now
                await path.advance(second, Stage.ACKNOWLEDGED, None)  # never back
                await path.advance("unknown", Stage.JUDGED, None)
            rows = {one: await stores.packets.get(one) for one in (first, second)}
            assert [(row.stage, row.reason) for row in rows.values() if row] == [
                (Stage.ACKNOWLEDGED, None), (Stage.JUDGED, "too_close"),
            ]  # fmt: skip
            assert moved == [(second, Stage.JUDGED, "too_close")]

    simulated(main)


def test_a_disk_that_takes_nothing_costs_the_note_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with opened(tmp_path, clock, Ends()) as (path, stores, _):

            async def full(*_: object, **__: object) -> bool:
                raise StoreUnavailable("E_DB_FULL", "The disk is full.")

            monkeypatch.setattr(type(stores.packets), "advance", full)
            await path.advance("p1", Stage.ACKNOWLEDGED, None)

    simulated(main)
