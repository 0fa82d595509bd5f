"""A further network over real HTTP."""

import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from skerry_agent.background import Background
from skerry_agent.metrics import Metrics
from skerry_agent.runtime.http_network import BATCH, MAX_WAITING, HttpForwarder, http_targets
from skerry_agent.signature import SIGNATURE
from skerry_core.clock import SystemClock, io_timeout
from skerry_core.errors import UsageError
from skerry_firmware_bridge.radio import DeviceState
from skerry_testing.runtime import DEVICE, UPLINK, carried, frame

SECRET = b"hunter2"


class QuickClock(SystemClock):
    """Waits a hundredth of the time, so that no test waits for a retry."""

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds / 100)


@dataclass(slots=True)
class Server:
    """Answers with the next status, then with 204, and keeps what it took."""

    statuses: list[int] = field(default_factory=list)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    asked: int = 0
    signed: list[bool] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        raw = await request.read()
        self.asked += 1
        status = self.statuses.pop(0) if self.statuses else 204
        if status == 204:
            self.bodies.append(json.loads(raw))
            expected = "sha256=" + hmac.new(SECRET, raw, hashlib.sha256).hexdigest()
            self.signed.append(request.headers.get(SIGNATURE) == expected)
        return web.Response(status=status)


def forwarder(url: str, metrics: Metrics | None = None, *, secret: bytes = SECRET) -> HttpForwarder:
    (target,) = http_targets((url,), secret=secret)
    return HttpForwarder(
        target, hotspot="h1", eui=bytes(8), clock=QuickClock(), jitter=lambda: 0.0, metrics=metrics or Metrics()
    )


@asynccontextmanager
async def served(options: str = "") -> AsyncIterator[tuple[Server, HttpForwarder, Metrics]]:
    server, metrics = Server(), Metrics()
    app = web.Application()
    app.router.add_post("/hidden/uplinks", server.take)
    async with TestServer(app) as test_server, Background() as background:
        found = forwarder(str(test_server.make_url("/hidden/uplinks")) + options, metrics)
        background.start(found.run(), name="http network")
        yield server, found, metrics


async def until(found: HttpForwarder, **counts: int) -> None:
    async with io_timeout(60):
        while any(found.counts[name] < count for name, count in counts.items()):
            await SystemClock().sleep(0.005)


async def test_an_uplink_is_posted_signed_with_everything_a_server_needs() -> None:
    async with served() as (server, found, metrics):
        before = found.status("h1")
        assert (before.state, before.reason, before.last_packet_age_s) == (
            DeviceState.UNKNOWN,
            "no packet posted yet",
            None,
        )
        heard = carried(frame(rssi_dbm=-77))
        assert found.offer(heard)
        await until(found, sent=1)
        (body,) = server.bodies
        (packet,) = body.pop("packets")
        assert body == {"hotspot": "h1", "gateway": "0000000000000000"}
        assert (packet["id"], packet["device"], packet["rssi_dbm"]) == (heard.packet_id, DEVICE, -77)
        assert (packet["phy_hex"], packet["frequency_hz"]) == (UPLINK.hex(), 868_100_000)
        assert server.signed == [True]
        status = found.status("h1")
        assert (status.kind, status.state, status.uplinks, status.last_packet_age_s) == ("http", DeviceState.UP, 1, 0)
        assert "hidden" not in status.name
        assert metrics.value("skerry_link_up", network=status.name) == 1


async def test_only_what_the_server_wants_is_posted() -> None:
    async with served("#devaddr=26000000/7") as (server, found, _):
        assert not found.offer(carried(frame()))
        assert found.offer(carried(frame(b"\x40\x00\x00\x00\x26" + bytes(12))))
        await until(found, sent=1)
        assert len(server.bodies) == 1


async def test_a_server_in_trouble_gets_the_same_packets_later_and_in_order(caplog: pytest.LogCaptureFixture) -> None:
    async with served() as (server, found, _):
        server.statuses = [503, 429, 401]
        for number in range(3):
            found.offer(carried(frame(tmst_us=number)))
        await until(found, sent=3)
        assert [packet["tmst_us"] for body in server.bodies for packet in body["packets"]] == [0, 1, 2]
        assert server.asked >= 4
        assert found.counts["dropped"] == 0
    assert caplog.text.count("answers HTTP 503") == 1


async def test_what_a_server_never_takes_is_dropped_and_counted_and_the_rest_goes_on() -> None:
    async with served() as (server, found, metrics):
        server.statuses = [422]
        found.offer(carried(frame()))
        await until(found, refused=1)
        assert (found.status("h1").state, found.status("h1").reason) == (DeviceState.DOWN, "refuses packets (HTTP 422)")
        found.offer(carried(frame(tmst_us=2)))
        await until(found, sent=1)
        assert found.status("h1").state is DeviceState.UP
        assert metrics.value("skerry_queue_dropped_total", queue=found.name, reason="refused") == 1


async def test_many_packets_go_in_few_posts() -> None:
    async with served() as (server, found, _):
        for number in range(BATCH + 1):
            found.offer(carried(frame(tmst_us=number)))
        await until(found, sent=BATCH + 1)
        assert [len(body["packets"]) for body in server.bodies] == [BATCH, 1]


async def test_a_server_that_is_away_costs_a_bounded_queue(unused_tcp_port: int) -> None:
    metrics = Metrics()
    found = forwarder(f"http://127.0.0.1:{unused_tcp_port}/x", metrics)
    async with Background() as background:
        taken = [found.offer(carried(frame(tmst_us=number))) for number in range(MAX_WAITING + 2)]
        assert taken == [True] * MAX_WAITING + [False] * 2
        background.start(found.run(), name="http network")
        async with io_timeout(60):
            while found.status("h1").state is not DeviceState.DOWN:
                await SystemClock().sleep(0.005)
        assert "cannot be reached" in found.status("h1").reason
    assert metrics.value("skerry_queue_dropped_total", queue=found.name, reason="full") == 2


@pytest.mark.parametrize(
    "text", ["lns.example.org", "ftp://host/x", "http://", "http://host:port/", "https://host/x#colour=red",
             "https://host/x#netid=3C", "https://host/x#devaddr=26"],
)  # fmt: skip
def test_a_setting_that_cannot_be_meant_is_refused_by_its_number(text: str) -> None:
    with pytest.raises(UsageError, match="Entry 2") as caught:
        http_targets(("https://host/good", text), secret=b"")
    assert (caught.value.code, bool(caught.value.remedy)) == ("E_FORWARD_HTTP", True)


def test_neither_path_nor_secret_of_a_target_is_shown() -> None:
    (target,) = http_targets(("https://me:pw@host:8443/hidden?key=1",), secret=SECRET)
    assert target.name == "https://host:8443"
    for secret in ("hidden", "pw", "hunter2", "key=1"):
        assert secret not in repr(target)
