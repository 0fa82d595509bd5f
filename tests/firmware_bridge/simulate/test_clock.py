"""Simulated time moves only when nothing is in flight."""

import asyncio
import socket
import threading
from collections.abc import Coroutine
from typing import Any

import pytest

import skerry_simulate.clock as module
from skerry_simulate.clock import ClockStalled, SimulatedClock

START_S = 1_790_000_000


def run(clock: SimulatedClock, main: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=clock.new_event_loop) as runner:
        runner.run(main)


def test_a_day_of_sleep_passes_at_once_and_in_order() -> None:
    clock = SimulatedClock(start_s=START_S)
    log: list[tuple[str, int]] = []

    async def sleeper(name: str, seconds: int) -> None:
        await clock.sleep(seconds)
        log.append((name, clock.wall_s() - START_S))

    async def main() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(sleeper("day", 86_400))
            group.create_task(sleeper("hour", 3_600))

    run(clock, main())
    assert log == [("hour", 3_600), ("day", 86_400)]


def test_a_time_limit_fires_in_simulated_time() -> None:
    clock = SimulatedClock(start_s=START_S)

    async def main() -> None:
        with pytest.raises(TimeoutError):
            async with clock.timeout(15):
                await clock.sleep(100)
        assert clock.wall_s() == START_S + 15

    run(clock, main())


def test_time_stands_still_while_a_datagram_is_readable() -> None:
    clock = SimulatedClock(start_s=START_S)
    arrivals: list[int] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
            receiver.bind(("127.0.0.1", 0))
            receiver.setblocking(False)
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                for _ in range(3):
                    await clock.sleep(10)
                    sender.sendto(b"x", receiver.getsockname())
                    await loop.sock_recv(receiver, 10)
                    arrivals.append(clock.wall_s() - START_S)

    run(clock, main())
    assert arrivals == [10, 20, 30]


def test_time_stands_still_while_a_thread_works() -> None:
    clock = SimulatedClock(start_s=START_S)
    released = threading.Event()

    async def main() -> None:
        loop = asyncio.get_running_loop()
        seen: list[int] = []

        async def sleeper() -> None:
            await clock.sleep(5)
            seen.append(clock.wall_s())

        async with asyncio.TaskGroup() as group:
            group.create_task(sleeper())
            with clock.hold("worker"):
                loop.call_later(0.02, released.set)  # real time
                await loop.run_in_executor(None, released.wait)
                assert seen == []
        assert seen == [START_S + 5]

    run(clock, main())


def test_a_stall_names_who_holds_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STALL_LIMIT_S", 0.01)
    clock = SimulatedClock(start_s=START_S)

    async def main() -> None:
        with clock.hold("forgotten datagram"):
            await clock.sleep(1)

    with pytest.raises(ClockStalled, match="forgotten datagram"):
        run(clock, main())


def test_wall_time_may_jump_while_intervals_stay_right() -> None:
    clock = SimulatedClock(start_s=START_S)
    before = clock.monotonic_ns()
    clock.jump_wall(-3600)
    assert clock.wall_s() == START_S - 3600
    assert clock.monotonic_ns() == before
