import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import aiohttp
import pytest

from skerry_agent.api.stream import EventStreams
from skerry_client.errors import ApiProblem
from skerry_client.http import AgentClient
from skerry_client.sse import ServerEvent
from skerry_core.clock import SystemClock
from skerry_testing.api import Served, serve_api


class QuickClock(SystemClock):
    """Reconnects at once."""

    async def sleep(self, seconds: float) -> None:
        del seconds
        await asyncio.sleep(0)  # noqa: TID251 - gives the server its turn


async def first(events: AsyncIterator[ServerEvent], count: int) -> list[ServerEvent]:
    found = []
    async for event in events:
        found.append(event)
        if len(found) == count:
            break
    return found


async def test_events_are_streamed_resumed_and_filtered(tmp_path: Path) -> None:
    async with serve_api(tmp_path) as served, AgentClient.open(served.server.address, token=served.token) as agent:
        start = served.hub.last_id
        for number in range(3):
            served.hub.publish("packets", {"n": number})
            served.hub.publish("devices", {"n": number})
        async with aclosing(agent.events(clock=QuickClock(), after=start, topics=["packets"])) as events:
            found = await first(events, 3)
        assert [(event.topic, event.data["data"]["n"]) for event in found] == [("packets", n) for n in range(3)]
        async with aclosing(agent.events(clock=QuickClock(), after=found[1].id)) as events:
            assert [event.id for event in await first(events, 3)] == [start + 4, start + 5, start + 6]


async def test_one_who_was_away_too_long_gets_a_gap(tmp_path: Path) -> None:
    async with serve_api(tmp_path) as served, AgentClient.open(served.server.address, token=served.token) as agent:
        start = served.hub.last_id
        for _ in range(2500):
            served.hub.publish("packets", {})
        async with aclosing(agent.events(clock=QuickClock(), after=start)) as events:
            gap, event = await first(events, 2)
        assert gap.is_gap
        assert gap.data == {"after": start, "id": start + 500}
        assert event.id == start + 501


async def test_a_client_lives_through_a_restart_of_the_agent(tmp_path: Path) -> None:
    async with serve_api(tmp_path) as served:
        port = served.server.address.rpartition(":")[2]
        token = served.token
        client = AgentClient.open(served.server.address, token=token)
        agent = await client.__aenter__()
        events = agent.events(clock=QuickClock(), after=served.hub.last_id)
        served.hub.publish("packets", {"n": 1})
        assert len(await first(events, 1)) == 1
    async with serve_api(tmp_path, flags={"api.port": port}):
        with pytest.raises(ApiProblem, match="E_TOKEN"):  # the local token is new: the caller reads the file again
            await anext(events)
    await client.__aexit__(None, None, None)


async def stream(session: aiohttp.ClientSession, served: Served) -> aiohttp.ClientResponse:
    headers = {"Authorization": f"Bearer {served.token}"}
    return await session.get(served.server.address + "/api/v1/events", headers=headers)


async def test_more_clients_than_the_cap_are_refused_and_a_place_is_freed(tmp_path: Path) -> None:
    async with serve_api(tmp_path, flags={"api.stream_clients": "2"}) as served, aiohttp.ClientSession() as session:
        open_streams = [await stream(session, served) for _ in range(2)]
        refused = await stream(session, served)
        assert (refused.status, (await refused.json(content_type=None))["code"]) == (503, "E_STREAM_FULL")
        assert refused.headers["Retry-After"] == "30"
        open_streams[0].close()
        for _ in range(50):
            served.hub.publish("status", {})  # the server notices the closed connection when it writes
            again = await stream(session, served)
            if again.status == 200:
                break
        assert again.status == 200
        for response in (*open_streams, again):
            response.close()


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("after=x", "E_EVENT_ID"),
        ("after=-1", "E_EVENT_ID"),
        ("topics=x", "E_TOPIC"),
        ("after=" + "9" * 30, "E_EVENT_ID"),
        (f"after={1 << 53}", "E_EVENT_ID"),
    ],
)
@pytest.mark.parametrize("remembered", [{}, {"Last-Event-ID": "7"}])
async def test_wrong_positions_and_topics_are_refused(
    tmp_path: Path, query: str, code: str, remembered: dict[str, str]
) -> None:
    async with serve_api(tmp_path) as served, aiohttp.ClientSession() as session:
        headers = {"Authorization": f"Bearer {served.token}", **remembered}
        async with session.get(f"{served.server.address}/api/v1/events?{query}", headers=headers) as answer:
            assert (answer.status, (await answer.json(content_type=None))["code"]) == (400, code)


async def test_a_silent_stream_sends_signs_of_life(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = EventStreams.__init__

    def quick(self: EventStreams, *args: object, **more: object) -> None:
        original(self, *args, **{**more, "heartbeat_s": 0.01})  # type: ignore[arg-type]  # passed on as they came

    monkeypatch.setattr(EventStreams, "__init__", quick)
    async with serve_api(tmp_path) as served, aiohttp.ClientSession() as session:
        response = await stream(session, served)
        received = b""
        while received.count(b": alive\n\n") < 2:
            received += await response.content.readany()
        response.close()


async def test_a_client_that_goes_is_no_error(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with serve_api(tmp_path) as served:
        async with aiohttp.ClientSession() as session:
            response = await stream(session, served)
            await response.content.readany()
            response.close()
        for number in range(50):
            served.hub.publish("packets", {"n": number})
            await SystemClock().sleep(0.001)
    assert "failed" not in caplog.text


async def test_stopping_the_agent_ends_its_streams(tmp_path: Path) -> None:
    async with aiohttp.ClientSession() as session, serve_api(tmp_path) as served:
        response = await stream(session, served)
        await served.server.stop()
        assert b"last id" in await response.content.read()
