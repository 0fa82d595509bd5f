"""The bridge between the agent and Qt, against a real API server over real sockets."""

from dataclasses import replace
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from skerry_client.errors import ApiProblem, NotReachable
from skerry_core.clock import SystemClock
from skerry_gui.session import Connection
from skerry_testing.agent_thread import AgentThread
from skerry_testing.api import NOW_NS, FakeView, Served, fill
from skerry_testing.window import Opener


def test_it_connects_and_reads_every_list(opener: Opener, agent: AgentThread) -> None:
    session = opener.live(agent)
    try:
        assert session.error is None
        assert session.status.value is not None
        assert [row.id for row in session.witnesses.rows] == ["w3", "w2", "w1"]
        assert len(session.packets.rows) == len(session.beacons.rows) == len(session.rewards.rows) == 3
        assert [device.id for device in session.devices.rows] == ["d1"]
        assert {balance.token for balance in session.balances.rows} == {"demo-IOT", "demo-DC"}
    finally:
        session.stop()


def test_an_event_makes_only_its_lists_read_again(opener: Opener, agent: AgentThread, qtbot: QtBot) -> None:
    session = opener.live(agent)
    try:
        before = session.rewards.page

        async def change(served: Served) -> None:
            await served.stores.devices.change("d1", name="chimney", region=None)

        agent.run(change)
        agent.publish("devices", {"id": "d1"})
        qtbot.waitUntil(lambda: session.devices.rows[0].name == "chimney", timeout=60_000)
        assert session.rewards.page is before
    finally:
        session.stop()


def test_a_restarted_agent_is_found_again_with_its_new_token(opener: Opener, tmp_path: Path, qtbot: QtBot) -> None:
    folder = tmp_path / "agent"
    with AgentThread(folder) as agent:
        agent.run(fill)
        session = opener.live(agent)
        first_token = agent.served.token
    try:
        qtbot.waitUntil(lambda: session.connection is Connection.LOST, timeout=60_000)
        assert isinstance(session.error, NotReachable)
        assert len(session.witnesses.rows) == 3, "what was read stays"
        with AgentThread(folder) as agent:
            assert agent.served.token != first_token
            session.connect_now()
            qtbot.waitUntil(lambda: session.connection is Connection.LIVE, timeout=60_000)
    finally:
        session.stop()


def test_without_an_agent_it_says_so_and_tries_again_less_and_less_often(opener: Opener, tmp_path: Path) -> None:
    session = opener.session(tmp_path / "nothing")
    try:
        assert session.connection is Connection.LOST
        assert "no agent runs" in str(session.error)
        pauses = [session.retry_in_s]
        for _ in range(5):
            session.connect_now()
            pauses.append(session.retry_in_s)
        assert pauses == [1, 2, 4, 8, 10, 10]
    finally:
        session.stop()


def test_a_refused_token_is_told_and_not_taken_for_a_live_agent(
    opener: Opener, agent: AgentThread, qtbot: QtBot
) -> None:
    agent.served.paths.token.write_text("skr_wrong\n")
    session = opener.session(agent.folder)
    try:
        qtbot.waitUntil(lambda: session.connection is Connection.LOST, timeout=60_000)
        assert isinstance(session.error, ApiProblem)
        assert session.error.status == 401
    finally:
        session.stop()


def test_ages_follow_the_agents_clock(opener: Opener, agent: AgentThread) -> None:
    session = opener.live(agent)
    try:
        assert session.status.value is not None
        assert 0 <= (session.now() - session.status.value.as_of).total_seconds() < 10
    finally:
        session.stop()


def test_an_agent_that_talks_nonsense_is_lost_not_trusted(opener: Opener, tmp_path: Path, qtbot: QtBot) -> None:
    from skerry_testing.nonsense import nonsense_server

    with nonsense_server(b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n{'no': ") as address:
        (tmp_path / "api.address").write_text(address)
        (tmp_path / "api.token").write_text("skr_x")
        session = opener.session(tmp_path)
        try:
            qtbot.waitUntil(lambda: session.connection is Connection.LOST, timeout=60_000)
            assert "not JSON" in str(session.error)
        finally:
            session.stop()


def test_a_burst_of_events_costs_few_requests(opener: Opener, agent: AgentThread, qtbot: QtBot) -> None:
    session = opener.live(agent)
    answers = []
    session.packets.changed.connect(lambda: answers.append(1))
    try:

        async def burst(served: Served) -> None:
            for number in range(200):
                served.hub.publish("packets", {"id": f"p{number}", "at": NOW_NS})

        agent.run(burst)
        qtbot.wait(1200)
        assert 1 <= len(answers) <= 4
    finally:
        session.stop()


@pytest.mark.parametrize("pages", [1, 2])
def test_older_rows_come_page_by_page(opener: Opener, tmp_path: Path, qtbot: QtBot, pages: int) -> None:
    with AgentThread(tmp_path / "many") as agent:
        agent.run(lambda served: fill(served, count=120))
        session = opener.live(agent)
        try:
            if pages == 2:
                assert session.witnesses.more
                session.witnesses.older()
                qtbot.waitUntil(lambda: not session.witnesses.more, timeout=60_000)
            ids = [row.id for row in session.witnesses.rows]
            assert len(ids) == len(set(ids)) == (100 if pages == 1 else 120)
            assert len(session.rewards.rows) == 120, "totals need every page"
        finally:
            session.stop()


def test_a_list_without_news_stays_fresh_while_events_come_and_grows_old_without(
    opener: Opener, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped = FakeView.status  # the fake's clock stands still, an agent's does not
    monkeypatch.setattr(
        FakeView, "status", lambda view: replace(stopped(view), as_of_ns=SystemClock().wall_ns() + 1_000_000)
    )
    with AgentThread(tmp_path) as agent:
        agent.run(fill)
        session = opener.live(agent)
        assert session.beacons.page is not None
        read_at = session.beacons.page.as_of
        qtbot.wait(20)
        session.status.refresh()
        qtbot.waitUntil(lambda: (session.known_at(session.beacons) or read_at) > read_at, timeout=60_000)
        assert session.balances.page is not None
        assert session.known_at(session.balances) == session.balances.page.as_of, "no event tells of a transfer"
    try:
        qtbot.waitUntil(lambda: session.connection is Connection.LOST, timeout=60_000)
        assert session.known_at(session.beacons) == read_at
    finally:
        session.stop()
