"""Whatever is in the outbox ends delivered, refused or expired, and never silently."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from skerry_agent.runtime.delivery import RETRY_CAP_S, Delivery, retry_wait_s
from skerry_agent.store import Database, Outbox, OutboxItem, OutboxState
from skerry_agent.store.schema import SKERRY
from skerry_core.clock import NS_PER_S, SystemClock
from skerry_wire.sink import SinkRefused, SinkUnavailable


class Receiver:
    """A receiver that fails as told, and remembers what it took."""

    def __init__(self) -> None:
        self.failures: list[Exception] = []
        self.taken: list[str] = []
        self.ends: list[tuple[str, OutboxState, str | None]] = []

    async def take(self, item: OutboxItem) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.taken.append(item.id)

    async def settled(self, item: OutboxItem, state: OutboxState, reason: str | None) -> None:
        self.ends.append((item.id, state, reason))


@pytest.fixture
async def outbox(tmp_path: Path) -> AsyncIterator[Outbox]:
    database = await Database.open(tmp_path / "skerry.db", clock=SystemClock(), migrations=[SKERRY])
    yield Outbox(database)
    await database.close()


def item(name: str, *, deadline_s: int = 3600) -> OutboxItem:
    now_ns = SystemClock().wall_ns()
    return OutboxItem(
        id=name, class_="witness", body=b"report", created_ns=now_ns, deadline_ns=now_ns + deadline_s * NS_PER_S
    )


def sender(outbox: Outbox, receiver: Receiver) -> Delivery:
    delivery = Delivery(outbox=outbox, clock=SystemClock(), jitter=lambda: 0.5)
    delivery.serve("witness", deliver=receiver.take, settled=receiver.settled)
    return delivery


async def test_a_report_is_delivered_once_and_marked(outbox: Outbox) -> None:
    receiver = Receiver()
    delivery = sender(outbox, receiver)
    await outbox.put(item("a"))
    assert await delivery.step() == 1
    assert await delivery.step() == 0
    assert receiver.taken == ["a"]
    assert receiver.ends == [("a", OutboxState.DELIVERED, None)]


async def test_an_unreachable_operator_keeps_the_report_waiting(outbox: Outbox) -> None:
    receiver = Receiver()
    receiver.failures = [SinkUnavailable("no route")]
    delivery = sender(outbox, receiver)
    await outbox.put(item("a"))
    await delivery.step()
    waiting = await outbox.get("a")
    assert waiting is not None
    assert (waiting.state, waiting.attempts, waiting.reason) == (OutboxState.WAITING, 1, "no route")
    assert waiting.next_try_ns > waiting.created_ns
    assert not delivery.online
    assert receiver.ends == []


async def test_a_refusal_ends_the_report_with_the_operators_reason(outbox: Outbox) -> None:
    receiver = Receiver()
    receiver.failures = [SinkRefused("bad_signature")]
    await outbox.put(item("a"))
    await sender(outbox, receiver).step()
    assert receiver.ends == [("a", OutboxState.REFUSED, "bad_signature")]


async def test_a_report_past_its_deadline_expires_without_being_sent(outbox: Outbox) -> None:
    receiver = Receiver()
    await outbox.put(item("late", deadline_s=-1))
    await sender(outbox, receiver).step()
    expired = await outbox.get("late")
    assert expired is not None
    assert (expired.state, expired.reason) == (OutboxState.EXPIRED, "deadline")
    assert receiver.taken == []


async def test_a_nudge_wakes_the_running_sender(outbox: Outbox) -> None:
    receiver = Receiver()
    delivery = sender(outbox, receiver)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(delivery.run(), name="delivery")
        await outbox.put(item("a"))
        delivery.nudge()
        while not receiver.ends:
            await SystemClock().sleep(0)
        running.cancel()
    assert receiver.taken == ["a"]


def test_waits_double_up_to_the_cap() -> None:
    assert [retry_wait_s(attempts, 0.5) for attempts in (0, 1, 2)] == [5.0, 10.0, 20.0]
    assert retry_wait_s(60, 0.5) == RETRY_CAP_S
