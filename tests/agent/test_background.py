"""Tasks that live beside a block or together: one failure ends all, and nobody is left marked as cancelled."""

import asyncio

import pytest

from skerry_agent.background import Background, Replaceable, run_together


async def fails() -> None:
    await asyncio.Event().wait() if False else None
    raise ZeroDivisionError


async def test_a_failure_ends_the_others_and_leaves_the_caller_uncancelled() -> None:
    ended: list[str] = []

    async def waits() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("waits")

    with pytest.raises(ExceptionGroup):
        await run_together({"waits": waits(), "fails": fails()})
    task = asyncio.current_task()
    assert task is not None
    assert (ended, task.cancelling()) == (["waits"], 0)


async def test_a_cancel_that_comes_with_a_failure_is_not_lost() -> None:
    go = asyncio.Event()

    async def fails_when_told() -> None:
        await go.wait()
        raise ZeroDivisionError

    async def owner() -> int:
        try:
            await run_together({"one": fails_when_told()})
        except* ZeroDivisionError:
            pass
        task = asyncio.current_task()
        assert task is not None
        return task.cancelling()

    async with asyncio.TaskGroup() as group:
        task = group.create_task(owner(), name="owner")
        await asyncio.sleep(0)  # noqa: TID251 - one turn of the loop
        go.set()
        task.cancel()
    assert task.cancelled() or task.result() == 1


async def test_a_block_that_ends_stops_its_tasks_last_started_first() -> None:
    ended: list[str] = []

    async def waits(name: str) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(name)

    async with Background() as background:
        for name in ("a", "b"):
            background.start(waits(name), name=name)
        await asyncio.sleep(0)  # noqa: TID251 - one turn of the loop
    assert ended == ["b", "a"]


async def test_replaced_work_is_cancelled_before_the_new_begins() -> None:
    seen: list[str] = []
    began = asyncio.Event()

    async def work(name: str) -> None:
        seen.append(f"{name} begins")
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            seen.append(f"{name} ends")

    replaceable = Replaceable(lambda: work("old"), name="work")
    async with Background() as background:
        background.start(replaceable.run(), name="replaceable")
        await began.wait()
        began.clear()
        replaceable.replace(lambda: work("new"))
        await began.wait()
    assert seen == ["old begins", "old ends", "new begins", "new ends"]


async def test_work_that_fails_is_reported() -> None:
    async def work() -> None:
        raise ZeroDivisionError

    with pytest.raises(ExceptionGroup) as raised:
        await Replaceable(work, name="work").run()
    assert isinstance(raised.value.exceptions[0], ZeroDivisionError)
