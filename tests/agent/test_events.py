import asyncio

from hypothesis import given
from hypothesis import strategies as st

from skerry_agent.events import Event, EventHub, Gap
from skerry_core.clock import SystemClock


def ids(items: list[Event | Gap]) -> list[int | str]:
    return [f"gap {item.after}-{item.id}" if isinstance(item, Gap) else item.id for item in items]


async def test_a_subscriber_gets_what_comes_after_it() -> None:
    hub = EventHub(clock=SystemClock())
    hub.publish("packets", {"n": 1})
    watch = hub.subscribe()
    assert watch.take() == []
    second = hub.publish("packets", {"n": 2})
    assert watch.take() == [second]
    assert watch.take() == []


async def test_a_subscriber_resumes_after_an_id() -> None:
    hub = EventHub(clock=SystemClock())
    for _ in range(4):
        hub.publish("packets", {})
    assert ids(hub.subscribe(after=2).take()) == [3, 4]
    assert ids(hub.subscribe(after=4).take()) == []


async def test_one_who_fell_behind_gets_a_gap_and_then_the_rest() -> None:
    hub = EventHub(clock=SystemClock(), capacity=3)
    for _ in range(10):
        hub.publish("packets", {})
    watch = hub.subscribe(after=2)
    assert ids(watch.take()) == ["gap 2-7", 8, 9, 10]
    assert watch.take() == []


async def test_after_a_restart_ids_go_on_rising_and_old_positions_get_a_gap() -> None:
    old = EventHub(clock=SystemClock(), boot=1)
    before = old.publish("packets", {}).id
    new = EventHub(clock=SystemClock(), boot=2)
    watch = new.subscribe(after=before)
    assert ids(watch.take()) == [f"gap {before}-{new.last_id}"]
    assert new.publish("packets", {}).id > before
    assert len(watch.take()) == 1


async def test_a_position_from_the_future_gets_a_gap_back_to_now() -> None:
    hub = EventHub(clock=SystemClock())
    hub.publish("packets", {})
    watch = hub.subscribe(after=99)
    assert ids(watch.take()) == ["gap 99-1"]
    hub.publish("packets", {})
    assert ids(watch.take()) == [2]


async def test_topics_are_filtered_but_gaps_are_always_told() -> None:
    hub = EventHub(clock=SystemClock(), capacity=2)
    for topic in ("packets", "devices", "packets", "devices"):
        hub.publish(topic, {})
    assert ids(hub.subscribe(after=0, topics=["devices"]).take()) == ["gap 0-2", 4]


async def test_waiting_ends_at_an_event_and_at_the_close() -> None:
    hub = EventHub(clock=SystemClock())
    watch = hub.subscribe(topics=["devices"])
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(watch.next())
        await asyncio.sleep(0)  # noqa: TID251 - lets the task start
        hub.publish("packets", {})
        event = hub.publish("devices", {})
    assert waiting.result() == [event]
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(watch.next())
        await asyncio.sleep(0)  # noqa: TID251 - lets the task start
        hub.close()
    assert waiting.result() == []


@given(capacity=st.integers(1, 5), steps=st.lists(st.sampled_from(["publish", "take"]), max_size=40))
def test_every_event_is_seen_once_or_covered_by_a_gap(capacity: int, steps: list[str]) -> None:
    async def main() -> None:
        hub = EventHub(clock=SystemClock(), capacity=capacity)
        watch = hub.subscribe(after=0)
        covered = 0
        for step in [*steps, "take"]:
            if step == "publish":
                hub.publish("packets", {})
                continue
            for item in watch.take():
                if isinstance(item, Gap):
                    assert item.after == covered
                else:
                    assert item.id == covered + 1
                covered = item.id
        assert covered == hub.last_id

    asyncio.run(main())
