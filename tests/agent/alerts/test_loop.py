import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, time
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from skerry_agent.alerts.book import BOOK, AlertBook, Notice
from skerry_agent.alerts.channels import Channels, NotDelivered, Sender
from skerry_agent.alerts.loop import PAUSED_UNTIL_NS, Alerts, is_quiet, parse_quiet
from skerry_agent.api.view import DeviceState
from skerry_agent.settings import load
from skerry_agent.signature import SIGNATURE
from skerry_core.clock import NS_PER_S, SystemClock
from skerry_core.errors import UsageError, UserError
from skerry_testing.api import Served, fill, serve_api

SENDER = Sender(name="calm-teal-otter", address="h1")


@dataclass(slots=True)
class Receiver:
    """A web server that takes notices."""

    status: int = 200
    got: list[tuple[str, bytes, str]] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        self.got.append((request.path, await request.read(), request.headers.get(SIGNATURE, "")))
        return web.Response(status=self.status)


@asynccontextmanager
async def receiver() -> AsyncIterator[tuple[Receiver, str]]:
    found = Receiver()
    app = web.Application()
    app.router.add_route("*", "/{any}", found.take)
    async with TestServer(app) as server:
        yield found, str(server.make_url("/")).rstrip("/")


class Later(SystemClock):
    """Wall time that a test moves."""

    def __init__(self) -> None:
        self.added_s = 0

    def wall_ns(self) -> int:
        return super().wall_ns() + self.added_s * NS_PER_S


def alerts(served: Served, channels: Channels, clock: Later) -> Alerts:
    return Alerts(view=served.view, stores=served.stores, channels=channels, clock=clock, quiet=None)


def unplug(served: Served) -> None:
    served.view.live["d1"] = replace(served.view.live["d1"], state=DeviceState.DOWN, reason="unplugged")


async def passes(loop: Alerts, book: AlertBook, clock: Later, count: int) -> None:
    for _ in range(count):
        await loop.step(book)
        clock.added_s += 60


async def test_an_unplugged_radio_reaches_the_webhook_signed_and_its_return_too(tmp_path: Path) -> None:
    clock, book = Later(), AlertBook()
    async with serve_api(tmp_path) as served, receiver() as (web_server, address):
        await fill(served)
        loop = alerts(served, Channels(webhook=f"{address}/hook", secret=b"s", ntfy=f"{address}/topic"), clock)
        await passes(loop, book, clock, 2)
        unplug(served)
        await passes(loop, book, clock, 5)
        hook = [(body, signature) for path, body, signature in web_server.got if path == "/hook"]
        message = json.loads(hook[0][0])
        assert (message["key"], message["state"], message["text"]) == ("device d1", "raised", "d1: unplugged")
        assert hook[0][1] == "sha256=" + hmac.new(b"s", hook[0][0], hashlib.sha256).hexdigest()
        assert [path for path, _, _ in web_server.got] == ["/hook", "/topic"]
        served.view.live["d1"] = replace(served.view.live["d1"], state=DeviceState.UP)
        await passes(loop, book, clock, 3)
        assert json.loads(web_server.got[2][1])["state"] == "cleared"
        stored = AlertBook.from_json(await served.stores.facts.get(BOOK))
        assert "device d1" not in stored.standing()


async def test_a_receiver_that_is_down_gets_it_later(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    clock, book = Later(), AlertBook()
    async with serve_api(tmp_path) as served, receiver() as (web_server, address):
        await fill(served)
        loop = alerts(served, Channels(webhook=f"{address}/hook"), clock)
        await passes(loop, book, clock, 1)
        unplug(served)
        web_server.status = 503
        await passes(loop, book, clock, 6)
        assert len(web_server.got) == 4
        web_server.status = 204
        await passes(loop, book, clock, 3)
        assert len(web_server.got) == 5
    assert caplog.text.count("not delivered") == 1


async def test_maintenance_holds_everything_back(tmp_path: Path) -> None:
    clock, book = Later(), AlertBook()
    async with serve_api(tmp_path) as served, receiver() as (web_server, address):
        await fill(served)
        loop = alerts(served, Channels(webhook=f"{address}/hook"), clock)
        await passes(loop, book, clock, 1)
        await served.stores.facts.set(PAUSED_UNTIL_NS, str(clock.wall_ns() + 600 * NS_PER_S))
        unplug(served)
        await passes(loop, book, clock, 8)
        assert web_server.got == []
        await passes(loop, book, clock, 4)
        assert len(web_server.got) == 1


async def test_the_dead_mans_switch_is_told_that_the_agent_lives(tmp_path: Path) -> None:
    clock = Later()
    async with serve_api(tmp_path) as served, receiver() as (web_server, address):
        loop = alerts(served, Channels(deadman=f"{address}/ping"), clock)
        await passes(loop, AlertBook(), clock, 21)
        assert [path for path, _, _ in web_server.got] == ["/ping"] * 3


async def test_nobody_listening_is_said_without_the_address_path() -> None:
    with pytest.raises(NotDelivered) as caught:
        await Channels(webhook="http://127.0.0.1:9/secret").send(
            Notice(key="k", raised=True, text="t"), hotspot=SENDER, at_ns=1
        )
    assert "127.0.0.1:9" in str(caught.value)
    assert "secret" not in str(caught.value)
    with pytest.raises(NotDelivered):
        await Channels(webhook="nonsense").send(Notice(key="k", raised=True, text="t"), hotspot=SENDER, at_ns=1)


def test_quiet_hours_may_pass_midnight() -> None:
    hours = parse_quiet("22:00-07:00")
    assert hours == (time(22), time(7))
    assert hours is not None
    for text, quiet in (("23:30", True), ("06:59", True), ("07:00", False), ("12:00", False), ("22:00", True)):
        moment = datetime.fromisoformat(f"2026-11-20T{text}:00").astimezone()
        assert is_quiet(hours, int(moment.timestamp()) * NS_PER_S) is quiet, text
    noon = parse_quiet("12:00-13:00")
    assert noon is not None
    assert is_quiet(noon, int(datetime.fromisoformat("2026-11-20T12:30:00").astimezone().timestamp()) * NS_PER_S)
    assert parse_quiet("") is None
    for wrong in ("22", "22:00-", "a-b", "1-2-3"):
        with pytest.raises(UsageError):
            parse_quiet(wrong)


def test_the_secret_comes_from_a_file_and_stays_out_of_sight(tmp_path: Path) -> None:
    (tmp_path / "s").write_text("hunter2\n")
    flags = {"alerts.secret_file": str(tmp_path / "s"), "alerts.webhook": "http://x"}
    channels = Channels.from_settings(load(file=None, environ={}, flags=flags))
    assert channels.secret == b"hunter2"
    assert "hunter2" not in repr(channels)
    with pytest.raises(UserError, match="E_ALERTS_SECRET"):
        Channels.from_settings(load(file=None, environ={}, flags={"alerts.secret_file": str(tmp_path / "absent")}))
