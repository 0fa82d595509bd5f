"""The link on a real broker: Debian's mosquitto."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiomqtt
import pytest

from skerry_agent.alerts.book import Notice
from skerry_agent.alerts.channels import Channels, NotDelivered, Sender
from skerry_agent.api.view import AgentStatus, DeviceState
from skerry_agent.background import Background
from skerry_agent.mqtt.broker import Broker, BrokerLost
from skerry_agent.mqtt.link import FIRST_RETRY_S, RETRY_CAP_S, MqttLink, retry_wait_s
from skerry_agent.tls import own_certificate
from skerry_core.clock import SystemClock, io_timeout
from skerry_testing.api import FakeView
from skerry_testing.mosquitto import PASSWORD, Mosquitto, mosquitto

pytestmark = pytest.mark.debian
CONFIG, STATE = "homeassistant/device/skerry_h1/config", "skerry/h1/state"
AVAILABILITY, ALERT = "skerry/h1/availability", "skerry/h1/alert"
LIMIT_S = 60.0


class QuickClock(SystemClock):
    """Waits a hundredth of the time, so that no test waits for a retry."""

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds / 100)


class Listener:
    """Another client of the broker, such as Home Assistant."""

    def __init__(self, client: aiomqtt.Client) -> None:
        self.client = client

    async def next(self, topic: str, *, wanted: Callable[[Any], bool] = lambda _: True) -> Any:
        """Return the next message of a topic that is wanted."""
        async with io_timeout(LIMIT_S):
            async for message in self.client.messages:
                raw = message.payload
                assert isinstance(raw, bytes)
                if str(message.topic) != topic:
                    continue
                value = raw.decode() if topic == AVAILABILITY else json.loads(raw)
                if wanted(value):
                    return value
        raise AssertionError


@asynccontextmanager
async def listener(port: int) -> AsyncIterator[Listener]:
    async with aiomqtt.Client("127.0.0.1", port) as client:
        for topic in (CONFIG, "skerry/#"):
            await client.subscribe(topic, qos=1)
        yield Listener(client)


def broker(server: Mosquitto) -> Broker:
    return Broker(host="127.0.0.1", port=server.port, tls=False, topic="skerry")


def link(found: Broker, view: FakeView, *, clock: SystemClock | None = None) -> MqttLink:
    async def state() -> dict[str, Any]:
        return {"verdict": view.status().state.value}

    return MqttLink(
        broker=found, view=view, telemetry=state, clock=clock or QuickClock(), jitter=lambda: 0.0, interval_s=60,
        discovery_prefix="homeassistant",
    )  # fmt: skip


async def test_the_agent_is_announced_available_and_its_state_is_kept_for_later_listeners(tmp_path: Path) -> None:
    async with mosquitto(tmp_path) as server, Background() as background:
        async with listener(server.port) as first:
            background.start(link(broker(server), FakeView()).run(), name="mqtt")
            await first.next(STATE)
        async with listener(server.port) as late:
            config = await late.next(CONFIG)
            assert config["device"]["identifiers"] == ["skerry_h1"]
        async with listener(server.port) as late:
            assert await late.next(AVAILABILITY) == "online"
        async with listener(server.port) as late:
            assert await late.next(STATE) == {"verdict": "unknown"}


async def test_a_changed_verdict_is_told_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    view = FakeView()
    was = view.status()
    now: list[AgentStatus] = [was]
    monkeypatch.setattr(FakeView, "status", lambda _: now[0])
    monkeypatch.setattr("skerry_agent.mqtt.link.CHECK_S", 0.05)
    async with mosquitto(tmp_path) as server, listener(server.port) as home, Background() as background:
        background.start(link(broker(server), view).run(), name="mqtt")
        await home.next(STATE)
        now[0] = replace(was, state=DeviceState.DOWN)
        assert await home.next(STATE) == {"verdict": "down"}


async def test_home_assistant_that_starts_later_is_told_again(tmp_path: Path) -> None:
    async with mosquitto(tmp_path) as server, listener(server.port) as home, Background() as background:
        background.start(link(broker(server), FakeView()).run(), name="mqtt")
        await home.next(STATE)
        await home.client.publish("homeassistant/status", "online", qos=1)
        await home.next(CONFIG)
        await home.next(STATE)


async def test_an_agent_that_stops_says_so_and_one_that_vanishes_is_missed(tmp_path: Path) -> None:
    async with mosquitto(tmp_path) as server, listener(server.port) as home:
        async with Background() as background:
            background.start(link(broker(server), FakeView()).run(), name="mqtt")
            await home.next(STATE)
        assert await home.next(AVAILABILITY, wanted=lambda word: word == "offline") == "offline"
        async with vanishing(server) as vanish:
            assert await home.next(AVAILABILITY, wanted=lambda word: word == "online") == "online"
            await vanish()
            assert await home.next(AVAILABILITY) == "offline"


@asynccontextmanager
async def vanishing(server: Mosquitto) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """Run a link through a forwarder that can be cut: the broker sees the connection end without a goodbye."""
    pipes: list[asyncio.StreamWriter] = []

    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", server.port)
        pipes.extend((writer, up_writer))
        await asyncio.gather(pump(reader, up_writer), pump(up_reader, writer))

    async def pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        while data := await source.read(4096):
            target.write(data)

    async def cut() -> None:
        door.close()
        for pipe in pipes:
            pipe.close()
            await pipe.wait_closed()

    door = await asyncio.start_server(forward, "127.0.0.1", 0)
    port = door.sockets[0].getsockname()[1]
    async with Background() as background:
        background.start(link(replace(broker(server), port=port), FakeView()).run(), name="mqtt")
        yield cut
    await cut()


async def test_a_stop_is_never_swallowed_by_an_answer_that_comes_with_it(tmp_path: Path) -> None:
    async with mosquitto(tmp_path) as server, listener(server.port) as home:
        for _ in range(30):
            async with io_timeout(LIMIT_S), Background() as background:
                background.start(link(broker(server), FakeView()).run(), name="mqtt")
                await home.next(STATE)  # the broker's answer to the sender comes in the same moment


async def test_it_comes_back_after_the_broker_was_away_and_says_so_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "skerry_agent.mqtt.link")
    async with mosquitto(tmp_path) as server, Background() as background:
        async with listener(server.port) as home:
            background.start(link(broker(server), FakeView()).run(), name="mqtt")
            await home.next(STATE)
        await server.kill()
        async with io_timeout(LIMIT_S):
            while "not connected" not in caplog.text:
                await SystemClock().sleep(0.02)
        await server.start()
        async with listener(server.port) as home:
            await home.next(CONFIG)
            await home.next(STATE)
    warnings = [one.getMessage() for one in caplog.records if one.levelno >= logging.WARNING]
    assert len(warnings) == 1
    assert caplog.text.count("connected to") == 2


async def test_login_is_needed_where_the_broker_wants_it_and_the_password_is_never_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    notice, sender = Notice(key="disk", raised=True, text="The disk is full."), Sender(name="otter", address="h1")
    async with mosquitto(tmp_path, login=True) as server:
        right = replace(broker(server), user="skerry", password=PASSWORD)
        async with right.connect(identifier="listener") as client:
            await client.listen(ALERT)
            await Channels(mqtt=right).send(notice, hotspot=sender, at_ns=0)
            async with io_timeout(LIMIT_S):
                body = json.loads(await client.next())
        assert body == {
            "key": "disk", "state": "raised", "text": "The disk is full.", "hotspot": "otter",
            "at": "1970-01-01T00:00:00.000Z", "event_type": "raised",
        }  # fmt: skip
        with pytest.raises(NotDelivered, match="mqtt: 127"):
            await Channels(mqtt=replace(right, password="wrong horse")).send(notice, hotspot=sender, at_ns=0)
    assert PASSWORD not in caplog.text
    assert "wrong horse" not in caplog.text


# The library leaves a socket whose handshake failed to the garbage collector.
@pytest.mark.filterwarnings("ignore:unclosed <ssl:ResourceWarning")
async def test_tls_is_checked_against_the_owners_certificate(tmp_path: Path) -> None:
    files = own_certificate(tmp_path / "tls", now_s=SystemClock().wall_s())
    async with mosquitto(tmp_path, tls=files) as server:
        known = replace(broker(server), host="localhost", tls=True, ca_file=str(files.certificate))
        async with known.connect(identifier="t") as client:
            await client.say("skerry/t", "1")
        with pytest.raises(BrokerLost, match="certificate verify failed"):
            async with replace(known, ca_file="").connect(identifier="t"):
                pass
        with pytest.raises(BrokerLost):
            async with replace(known, host="127.0.0.1").connect(identifier="t"):  # not the name in the certificate
                pass


def test_waits_double_up_to_a_cap() -> None:
    assert [retry_wait_s(failures, 0.5) for failures in (1, 2, 3)] == [
        FIRST_RETRY_S,
        2 * FIRST_RETRY_S,
        4 * FIRST_RETRY_S,
    ]
    assert retry_wait_s(99, 0.5) == RETRY_CAP_S
    assert retry_wait_s(99, 0.999) < 1.5 * RETRY_CAP_S


async def test_a_password_in_clear_beyond_this_machine_is_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    distant = Broker(host="broker.invalid", port=1, tls=False, topic="skerry", user="me", password=PASSWORD)
    async with Background() as background:
        background.start(link(distant, FakeView()).run(), name="mqtt")
        async with io_timeout(LIMIT_S):
            while "without encryption" not in caplog.text:
                await SystemClock().sleep(0.01)
    assert PASSWORD not in caplog.text
