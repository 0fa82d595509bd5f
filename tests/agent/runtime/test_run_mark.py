"""After a crash the agent says what may be lost; after a clean stop it says nothing."""

from pathlib import Path

import pytest

from skerry_agent.events import EventHub
from skerry_agent.runtime.run_mark import RunMark
from skerry_simulate.clock import SimulatedClock
from skerry_testing.runtime import FakeOperator, open_agent, open_runtime_stores
from skerry_testing.simulated import simulated
from skerry_testing.stores import open_stores


def test_a_run_that_was_not_stopped_is_said_counted_and_published(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def main(clock: SimulatedClock) -> None:
        hub = EventHub(clock=clock)
        async with open_stores(tmp_path, clock=clock) as stores:
            for expected in (0, 1, 2):
                mark = RunMark(facts=stores.facts, clock=clock, hub=hub)
                await mark.begin()
                assert mark.unclean_ends == expected
            assert mark.gap is not None
            assert "250 ms" in mark.gap
        assert [event.data["unclean_ends"] for event in hub._ring] == [1, 2]

    simulated(main)
    assert "may be lost" in caplog.text


def test_a_clean_stop_leaves_nothing_to_say_but_keeps_the_count(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with open_stores(tmp_path, clock=clock) as stores:
            marks = [RunMark(facts=stores.facts, clock=clock, hub=EventHub(clock=clock)) for _ in range(3)]
            await marks[0].begin()
            await marks[1].begin()
            await marks[1].end()
            await marks[2].begin()
            assert (marks[2].gap, marks[2].unclean_ends) == (None, 1)

    simulated(main)


def test_status_carries_the_sentence_for_the_whole_run(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with open_runtime_stores(tmp_path, clock) as stores:
            await stores.facts.set("running_since_ns", "1")
            app = await open_agent(stores, tmp_path, clock, operator=FakeOperator(clock))
            await app.agent.run_mark.begin()
            assert "up to 250 ms of frames" in app.view.status().summary

    simulated(main)
