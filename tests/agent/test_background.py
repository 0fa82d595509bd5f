import asyncio

import pytest

from skerry_agent.background import Background, Replaceable


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
