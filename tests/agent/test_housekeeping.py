from dataclasses import replace
from pathlib import Path

import pytest

from skerry_agent.background import Background
from skerry_agent.evidence import TimeKeeper
from skerry_agent.housekeeping import DAY_NS, keep_house, tidy
from skerry_agent.runtime.steady_time import SteadyTime
from skerry_agent.settings import load
from skerry_agent.store import AuditRow, OutboxItem, OutboxState, PacketRow
from skerry_coverage.evidence.entry import TimeSource
from skerry_firmware_bridge.duty import DutyEntry
from skerry_simulate.clock import SimulatedClock
from skerry_testing.evidence import BOOT
from skerry_testing.simulated import simulated
from skerry_testing.stores import open_stores

YEAR_S = 365 * 86_400
NOW_NS = 20_000 * DAY_NS


def packet(age_days: int) -> PacketRow:
    return PacketRow(
        id=f"p{age_days:04}", device_id="d", at_ns=NOW_NS - age_days * DAY_NS, frequency_hz=1, datarate="SF7BW125",
        rssi_dbm=0, snr_ddb=0, crc="ok", phy=b"", kind="data_up", stage="received", sent_to=[], source="s",
    )  # fmt: skip


async def test_what_is_past_its_time_goes_and_the_rest_stays(tmp_path: Path) -> None:
    settings = load(file=None, environ={}, flags={"retention.packets_days": "7", "retention.packets_max": "100"})
    async with open_stores(tmp_path) as stores:
        await stores.packets.add([packet(age) for age in range(20)])
        for age in (1, 100):
            name = f"o{age}"
            await stores.outbox.put(OutboxItem(id=name, class_="x", body=b"", created_ns=0, deadline_ns=NOW_NS * 2))
            await stores.outbox.settle(name, OutboxState.DELIVERED, now_ns=NOW_NS - age * DAY_NS)
            start_ns = NOW_NS - age * DAY_NS
            await stores.duty.add(DutyEntry(device_id="d", band="b", start_ns=start_ns, airtime_us=1))
        await stores.outbox.put(OutboxItem(id="old", class_="x", body=b"", created_ns=0, deadline_ns=NOW_NS * 2))
        for age in (1, 500):
            line = AuditRow(
                id=str(age), at_ns=NOW_NS - age * DAY_NS, account="a", source="s", action="x", target="t", outcome="ok"
            )
            await stores.audit.add(line)
        await tidy(stores=stores, settings=settings, now_ns=NOW_NS)
        assert await stores.packets.count() == 8
        assert [await stores.outbox.get(name) is not None for name in ("o1", "o100", "old")] == [True, False, True]
        assert len(await stores.duty.since(0)) == 1
        assert [line.id for line in (await stores.audit.page()).rows] == ["1"]
        await stores.packets.add([replace(packet(0), id=f"n{number}") for number in range(200)])
        await tidy(stores=stores, settings=settings, now_ns=NOW_NS)
        assert await stores.packets.count() == 100


@pytest.mark.parametrize("vouched", [True, False], ids=("the kernel vouches for it", "nobody does"))
def test_a_clock_a_year_ahead_deletes_nothing_by_age_and_all_goes_on_when_it_is_right(
    tmp_path: Path, vouched: bool, caplog: pytest.LogCaptureFixture
) -> None:
    settings = load(file=None, environ={}, flags={"retention.packets_days": "7"})

    async def main(clock: SimulatedClock) -> None:
        start_ns = clock.wall_ns()
        time = TimeKeeper(clock, boot_id=BOOT)
        time.synchronised(TimeSource.NTP, error_ns=1)

        async def ages() -> list[str]:
            return sorted(row.id for row in (await stores.packets.page()).rows)

        async with open_stores(tmp_path, clock=clock) as stores, Background() as background:
            frames = {"old": 8 * DAY_NS, "new": 0}
            await stores.packets.add(
                [replace(packet(0), id=name, at_ns=start_ns - age_ns) for name, age_ns in frames.items()]
            )
            house = keep_house(
                stores=stores, settings=lambda: settings, clock=clock, time=SteadyTime(time, clock=clock)
            )
            background.start(house, name="retention")
            await clock.sleep(1800)
            clock.jump_wall(YEAR_S)
            if vouched:
                time.synchronised(TimeSource.NTP, error_ns=1)
            await clock.sleep(1900)  # a look, half an hour after the jump
            assert await ages() == ["new", "old"]
            assert caplog.text.count("nothing is deleted by its age") == 1
            clock.jump_wall(-YEAR_S)
            if vouched:
                time.synchronised(TimeSource.NTP, error_ns=1)
            await clock.sleep(3 * 3600)
            assert await ages() == ["new"]

    simulated(main)


async def test_without_a_believable_clock_the_number_of_frames_is_still_bounded(tmp_path: Path) -> None:
    settings = load(file=None, environ={}, flags={"retention.packets_max": "100"})
    async with open_stores(tmp_path) as stores:
        await stores.packets.add([replace(packet(0), id=f"n{number}") for number in range(150)])
        await tidy(stores=stores, settings=settings, now_ns=None)
        assert await stores.packets.count() == 100
