"""Reconnecting: pauses that grow to a cap, a steady link that starts afresh, flapping that is told."""

import asyncio
from collections.abc import Callable, Coroutine
from itertools import pairwise
from random import Random
from typing import Any

import pytest

from skerry_firmware_bridge.errors import DeviceTimeout, LinkLost, LinkRefused
from skerry_firmware_bridge.links.base import Link
from skerry_firmware_bridge.links.loopback import LoopbackLink
from skerry_firmware_bridge.links.reconnect import MISTAKE, TRANSITIONS, LinkChange, LinkState, Reconnector
from skerry_simulate.clock import SimulatedClock


class Line:
    """A link that works for `lasts_s` each time it is opened, or cannot be opened at all."""

    def __init__(self, clock: SimulatedClock, *, lasts_s: float | None) -> None:
        self.clock = clock
        self.lasts_s = lasts_s
        self.code = "E_PORT_BUSY"
        self.opened_s: list[float] = []
        self.changes: list[LinkChange] = []
        self.reconnector = Reconnector(
            name="line",
            open_link=self.open,
            use=self.use,
            clock=clock,
            random=Random(1),
            on_change=self.changes.append,
        )

    async def open(self) -> Link:
        self.opened_s.append(self.clock.monotonic_ns() / 1e9)
        if self.lasts_s is None:
            raise LinkRefused(self.code, "It cannot be opened.", remedy="Plug it in.")
        return LoopbackLink.pair("line")[0]

    async def use(self, link: Link) -> None:
        await self.clock.sleep(self.lasts_s or 0)
        raise LinkLost("pulled")

    def pauses(self) -> list[float]:
        lasts_s = self.lasts_s or 0
        return [later - earlier - lasts_s for earlier, later in pairwise(self.opened_s)]


def watch(lasts_s: float | None, seconds: float, *, code: str = "E_PORT_BUSY") -> Line:
    clock = SimulatedClock(start_s=1_790_000_000)

    async def main() -> Line:
        line = Line(clock, lasts_s=lasts_s)
        line.code = code
        async with asyncio.TaskGroup() as group:
            task = group.create_task(line.reconnector.run())
            await clock.sleep(seconds)
            task.cancel()
        return line

    return _run(clock, main)


def _run(clock: SimulatedClock, main: Callable[[], Coroutine[Any, Any, Line]]) -> Line:
    with asyncio.Runner(loop_factory=clock.new_event_loop) as runner:
        return runner.run(main())


def test_pauses_grow_to_the_cap_with_jitter() -> None:
    pauses = watch(None, 200).pauses()
    for pause, nominal in zip(pauses, [1, 2, 5, 10, 30, 30], strict=False):
        assert nominal * 0.8 <= pause <= nominal * 1.2
    assert pauses[:2] != [1.0, 2.0]


def test_a_missing_port_is_looked_for_every_second() -> None:
    pauses = watch(None, 60, code="E_PORT_MISSING").pauses()
    assert len(pauses) >= 45
    assert max(pauses) <= 1.3


def test_a_steady_link_is_opened_again_after_a_second() -> None:
    pauses = watch(61, 400).pauses()
    assert len(pauses) >= 4
    assert all(pause <= 1.3 for pause in pauses)


def test_three_losses_in_ten_minutes_are_flapping() -> None:
    line = watch(5, 60)
    told = [change.reason for change in line.changes if change.state is LinkState.LOST]
    assert "check cable" not in told[1]
    assert "check cable" in told[2]
    assert line.reconnector.flapping


def test_rare_losses_are_not_flapping() -> None:
    assert not watch(400, 2_000).reconnector.flapping


def test_every_change_follows_the_table() -> None:
    states = [LinkState.ABSENT, *(change.state for change in watch(5, 60).changes)]
    assert all(after in TRANSITIONS[before] for before, after in pairwise(states))


@pytest.mark.parametrize(("code", "refusal"), [("E_PORT_BUSY", "E_PORT_BUSY"), ("E_PORT_MISSING", "")])
def test_a_refusal_says_what_to_do_and_a_missing_port_is_none(code: str, refusal: str) -> None:
    lost = [change for change in watch(None, 5, code=code).changes if change.state is LinkState.LOST]
    assert {(change.reason, change.refusal) for change in lost} == {("It cannot be opened. Plug it in.", refusal)}


def test_a_loss_is_told_by_its_owner_and_not_in_the_log_too(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        line = watch(90, 200)
    lost = [change for change in line.changes if change.state is LinkState.LOST]
    assert lost[0].reason == "Pulled. Check its cable and power; it is opened again as soon as it is back."
    assert not lost[0].is_mute
    assert caplog.records == []


def test_stopping_in_the_moment_of_a_loss_stops() -> None:
    clock = SimulatedClock(start_s=1_790_000_000)

    async def main() -> Line:
        line = Line(clock, lasts_s=5)

        async def lose(link: Link) -> None:
            try:
                await clock.sleep(3_600)
            finally:
                raise LinkLost("pulled")

        line.reconnector._use = lose
        async with asyncio.TaskGroup() as group:
            task = group.create_task(line.reconnector.run())
            await clock.sleep(5)
            task.cancel()
        assert task.cancelled()
        return line

    assert _run(clock, main).opened_s == [0.0]


def test_a_device_that_is_mute_behind_a_link_that_works_is_told_as_that() -> None:
    clock = SimulatedClock(start_s=1_790_000_000)

    async def main() -> Line:
        line = Line(clock, lasts_s=5)

        async def mute(link: Link) -> None:
            raise DeviceTimeout("it says nothing")

        line.reconnector._use = mute
        async with asyncio.TaskGroup() as group:
            task = group.create_task(line.reconnector.run())
            await clock.sleep(0.5)
            task.cancel()
        return line

    (lost,) = [change for change in _run(clock, main).changes if change.state is LinkState.LOST]
    assert (lost.reason, lost.is_mute) == ("It says nothing.", True)


def test_a_mistake_in_a_driver_is_told_and_the_port_is_opened_again(caplog: pytest.LogCaptureFixture) -> None:
    clock = SimulatedClock(start_s=1_790_000_000)

    async def main() -> Line:
        line = Line(clock, lasts_s=5)

        async def mistake(link: Link) -> None:
            raise ZeroDivisionError

        line.reconnector._use = mistake
        async with asyncio.TaskGroup() as group:
            task = group.create_task(line.reconnector.run())
            await clock.sleep(20)
            task.cancel()
        return line

    line = _run(clock, main)
    assert len(line.opened_s) >= 3
    assert LinkChange(state=LinkState.LOST, reason=MISTAKE) in line.changes
    assert "the driver failed" in caplog.text
