"""Reconnecting: pauses that grow to a cap, a steady link that starts afresh, flapping that is told."""

import asyncio
from collections.abc import Callable, Coroutine
from itertools import pairwise
from random import Random
from typing import Any

import pytest

from skerry_firmware_bridge.errors import LinkLost, LinkRefused
from skerry_firmware_bridge.links.base import Link
from skerry_firmware_bridge.links.loopback import LoopbackLink
from skerry_firmware_bridge.links.reconnect import MISTAKE, TRANSITIONS, LinkState, Reconnector
from skerry_simulate.clock import SimulatedClock


class Line:
    """A link that works for `lasts_s` each time it is opened, or cannot be opened at all."""

    def __init__(self, clock: SimulatedClock, *, lasts_s: float | None) -> None:
        self.clock = clock
        self.lasts_s = lasts_s
        self.code = "E_PORT_BUSY"
        self.opened_s: list[float] = []
        self.changes: list[tuple[LinkState, str]] = []
        self.reconnector = Reconnector(
            name="line",
            open_link=self.open,
            use=self.use,
            clock=clock,
            random=Random(1),
            on_change=lambda state, reason: self.changes.append((state, reason)),
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
    told = [reason for state, reason in line.changes if state is LinkState.LOST]
    assert "check cable" not in told[1]
    assert "check cable" in told[2]
    assert line.reconnector.flapping


def test_rare_losses_are_not_flapping() -> None:
    assert not watch(400, 2_000).reconnector.flapping


def test_every_change_follows_the_table() -> None:
    states = [LinkState.ABSENT, *(state for state, _ in watch(5, 60).changes)]
    assert all(after in TRANSITIONS[before] for before, after in pairwise(states))


def test_a_lasting_failure_is_warned_of_once(caplog: pytest.LogCaptureFixture) -> None:
    watch(None, 200)
    assert len([record for record in caplog.records if record.levelname == "WARNING"]) == 1


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


def test_a_port_that_opens_while_its_device_is_mute_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        watch(6, 1_000)
    assert [record.getMessage() for record in caplog.records] == ["line: Link lost: pulled."]


def test_a_link_that_worked_is_told_at_each_loss(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        watch(90, 400)
    assert len(caplog.records) == 4


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
    assert (LinkState.LOST, MISTAKE) in line.changes
    assert "the driver failed" in caplog.text
