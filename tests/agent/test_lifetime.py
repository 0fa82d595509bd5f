import asyncio
from collections.abc import Awaitable, Callable

import pytest

from skerry_agent.lifetime import Lifetimes


def part(
    name: str, log: list[str], *, fails: str = ""
) -> tuple[str, Callable[[], Awaitable[str]], Callable[[], Awaitable[None]]]:
    async def start() -> str:
        log.append(f"start {name}")
        if fails == "start":
            raise RuntimeError(f"{name} did not start")
        return name

    async def stop() -> None:
        log.append(f"stop {name}")
        if fails == "stop":
            raise RuntimeError(f"{name} did not stop")
        if fails == "hang":
            await asyncio.Event().wait()

    return name, start, stop


async def run(log: list[str], *parts: tuple[str, Callable[[], Awaitable[str]], Callable[[], Awaitable[None]]]) -> None:
    async with Lifetimes(stop_limit_s=0.05) as lifetimes:
        for name, start, stop in parts:
            assert await lifetimes.start(name, start, stop) == name


async def test_parts_start_in_order_and_stop_in_reverse() -> None:
    log: list[str] = []
    await run(log, part("a", log), part("b", log))
    assert log == ["start a", "start b", "stop b", "stop a"]


async def test_a_part_that_does_not_start_stops_those_before_it_and_is_the_one_reported() -> None:
    log: list[str] = []
    with pytest.raises(RuntimeError, match="b did not start"):
        await run(log, part("a", log, fails="stop"), part("b", log, fails="start"), part("c", log))
    assert log == ["start a", "start b", "stop a"]


async def test_the_first_failure_while_stopping_is_reported_and_the_rest_still_stop() -> None:
    log: list[str] = []
    with pytest.raises(RuntimeError, match="c did not stop"):
        await run(log, part("a", log), part("b", log, fails="stop"), part("c", log, fails="stop"))
    assert log[3:] == ["stop c", "stop b", "stop a"]


async def test_a_part_that_hangs_is_left_behind() -> None:
    log: list[str] = []
    with pytest.raises(TimeoutError):
        await run(log, part("a", log), part("b", log, fails="hang"))
    assert log[-1] == "stop a"
