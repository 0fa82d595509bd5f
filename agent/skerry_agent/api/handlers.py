"""The resources of `/api/v1`: each handler reads stores and view and returns JSON. The route table is at the end."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

from aiohttp import web

from skerry_agent.api.doc_page import doc_page
from skerry_agent.api.guard import ACCOUNT, PAGE_PATH, source_of
from skerry_agent.api.jobs import JOBS_PATH, JobRoutes
from skerry_agent.api.live import device_counts, live_device
from skerry_agent.api.page import CONTENT_SECURITY_POLICY, page
from skerry_agent.api.pairing import Pairing
from skerry_agent.api.present import present, rfc3339
from skerry_agent.api.requests import (
    MAX_BODY_BYTES,
    MAX_LIMIT,
    MAX_TEXT,
    absent,
    is_id,
    is_name,
    json_answer,
    json_object,
    limit_of,
    path_id,
    query_of,
    verdict_of,
)
from skerry_agent.api.stream import EventStreams
from skerry_agent.api.tokens import SCOPES
from skerry_agent.api.view import AgentView, BeaconSender, LiveDevice
from skerry_agent.api.wallet import WALLET_PATH, WalletRoutes
from skerry_agent.events import EventHub
from skerry_agent.jobs.board import JobBoard
from skerry_agent.metric_sources import MetricSources
from skerry_agent.metrics import Metrics
from skerry_agent.settings.live import Reloaded
from skerry_agent.settings.table import REGIONS
from skerry_agent.store import DeviceRow, Page, Stores
from skerry_client.readings import has_region
from skerry_core import __version__
from skerry_core.clock import NS_PER_S, Clock
from skerry_core.errors import RefusedError, UsageError

__all__ = ["METRICS_PATH", "Api", "Reload", "Route"]

METRICS_PATH = "/metrics"

Reload = Callable[[], Awaitable[Reloaded]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One resource and method; `scope` None means that no token is needed."""

    method: str
    path: str
    scope: str | None
    handler: Callable[[web.Request], Awaitable[web.StreamResponse]]


class Api:
    """The handlers of one agent."""

    def __init__(
        self, *, clock: Clock, stores: Stores, hub: EventHub, view: AgentView, metrics: Metrics, streams: EventStreams,
        jobs: JobBoard,
    ) -> None:  # fmt: skip
        self._clock = clock
        self._stores = stores
        self._hub = hub
        self._view = view
        self._metrics = metrics
        self._pairing = Pairing(clock=clock, pairings=stores.pairings, audit=stores.audit)
        self._sources = MetricSources(view=view, stores=stores, metrics=metrics, clock=clock)
        self._streams = streams
        self._jobs = JobRoutes(board=jobs, envelope=self._envelope)
        self.wallet = WalletRoutes(envelope=self._envelope)
        self.reload: Reload | None = None  # set by the service; an agent of the demo has no settings file
        self.beacons_by_hand: BeaconSender | None = None  # set by the composition root
        self._document = resources.files("skerry_agent.api").joinpath("openapi.json").read_bytes()

    def routes(self, *, metrics_open: bool) -> list[Route]:
        """Return every route; openapi.json lists exactly these."""
        read = "read"
        table: list[tuple[str, str, str | None, Callable[[web.Request], Awaitable[web.StreamResponse]]]] = [
            ("GET", PAGE_PATH, read, self.page),
            ("GET", "/healthz", None, self.healthz),
            ("GET", "/readyz", None, self.readyz),
            ("GET", METRICS_PATH, None if metrics_open else read, self.metrics),
            ("GET", "/openapi.json", None, self.openapi),
            ("GET", "/docs", None, self.docs),
            ("POST", "/api/v1/pair", None, self.pair),
            ("GET", "/api/v1/status", read, self.status),
            ("GET", "/api/v1/capabilities", read, self.capabilities),
            ("GET", "/api/v1/devices", read, self.devices),
            ("PATCH", "/api/v1/devices/{id}", "control", self.change_device),
            ("GET", "/api/v1/packets", read, self.packets),
            ("GET", "/api/v1/beacons", read, self.beacons),
            ("POST", "/api/v1/beacons", "control", self.send_beacon),
            ("GET", "/api/v1/witnesses", read, self.witnesses),
            ("GET", "/api/v1/witnesses/{id}/explain", read, self.explain_witness),
            ("GET", "/api/v1/rewards", read, self.rewards),
            ("GET", "/api/v1/rewards/{id}/explain", read, self.explain_reward),
            ("GET", "/api/v1/balances", read, self.balances),
            ("GET", "/api/v1/outbox", read, self.outbox),
            ("POST", "/api/v1/config/reload", "control", self.reload_config),
            ("POST", JOBS_PATH, "control", self._jobs.start),
            ("GET", JOBS_PATH, read, self._jobs.list),
            ("GET", JOBS_PATH + "/{id}", read, self._jobs.one),
            ("DELETE", JOBS_PATH + "/{id}", "control", self._jobs.cancel),
            ("GET", "/api/v1/audit", "control", self.audit),
            ("GET", "/api/v1/events", read, self.events),
            ("POST", WALLET_PATH, "wallet", self.wallet.create),
        ]
        return [Route(method=method, path=path, scope=scope, handler=call) for method, path, scope, call in table]

    async def healthz(self, _request: web.Request) -> web.Response:
        """The process runs."""
        return json_answer({"status": "ok"})

    async def readyz(self, _request: web.Request) -> web.Response:
        """The agent can do its work; 503 names what is missing."""
        checks = dict(self._view.ready())
        good = all(checks.values())
        return json_answer({"status": "ready" if good else "not_ready", "checks": checks}, status=200 if good else 503)

    async def page(self, request: web.Request) -> web.Response:
        """The status page; a browser sends the token as the password."""
        query_of(request)
        live = self._view.devices()
        text = page(
            status=self._view.status(),
            devices=[(row, live_device(row, live)) for row in await self._stores.devices.all()],
            packets=(await self._stores.packets.page(limit=10)).rows,
            beacons=(await self._stores.beacons.page(limit=5)).rows,
            witnesses=(await self._stores.witnesses.page(limit=5)).rows,
            backlog=await self._stores.outbox.backlog(),
            test_tokens=self._view.test_tokens,
        )
        headers = {"Content-Security-Policy": CONTENT_SECURITY_POLICY}
        return web.Response(text=text, content_type="text/html", headers=headers)

    async def metrics(self, request: web.Request) -> web.Response:
        """Prometheus text."""
        query_of(request)
        await self._sources.refresh()
        return web.Response(
            body=self._metrics.text().encode(), headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}
        )

    async def openapi(self, _request: web.Request) -> web.Response:
        """The contract itself."""
        return web.Response(body=self._document, content_type="application/json")

    async def docs(self, _request: web.Request) -> web.Response:
        """The contract as a page for people."""
        headers = {"Content-Security-Policy": CONTENT_SECURITY_POLICY}
        return web.Response(text=doc_page(self._document), content_type="text/html", headers=headers)

    async def pair(self, request: web.Request) -> web.Response:
        """Turn a one-time code into a token."""
        body = await json_object(request, {"code"})
        code = body["code"]
        if not (isinstance(code, str) and is_id(code)):
            raise UsageError("E_BODY", "code is the text that `skerry token create --pair` printed.")
        made = await self._pairing.redeem(code, source=source_of(request))
        return json_answer({"id": made.row.id, "token": made.secret, "scopes": made.row.scopes})

    async def status(self, request: web.Request) -> web.Response:
        """Everything on one screen."""
        query_of(request)
        status = self._view.status()
        body = present(status) | {
            "version": __version__,
            "uptime_s": max(0, (self._clock.wall_ns() - status.started_ns) // NS_PER_S),
            "devices": device_counts(await self._stores.devices.all(), self._view.devices()),
            "telemetry_rebuilt": self._stores.telemetry.rebuilt,
        }
        return json_answer(self._envelope() | body)

    async def capabilities(self, request: web.Request) -> web.Response:
        """What this agent, this version and this token can do."""
        query_of(request)
        body = {
            "version": __version__,
            "api": ["v1"],
            "features": dict(self._view.features()),
            "scopes": [scope for scope in SCOPES if scope in request[ACCOUNT].scopes],
            "limits": {"page": MAX_LIMIT, "body_bytes": MAX_BODY_BYTES},
        }
        return json_answer(self._envelope() | body)

    async def devices(self, request: web.Request) -> web.Response:
        """Every device ever seen, with its live state."""
        query_of(request)
        live = self._view.devices()
        return self._list([_device(row, live) for row in await self._stores.devices.all()])

    async def change_device(self, request: web.Request) -> web.Response:
        """Name a device or confirm its region."""
        device_id = path_id(request, "device")
        body = await json_object(request, {"name", "region"})
        name, region = body.get("name"), body.get("region")
        if name is not None and not (isinstance(name, str) and is_name(name)):
            raise UsageError("E_NAME", f"A name has 1 to {MAX_TEXT} characters and no control characters.")
        if region is not None and (not isinstance(region, str) or region not in REGIONS[1:]):
            raise UsageError("E_REGION", f"Regions are {', '.join(REGIONS[1:])}.")
        old = await self._stores.devices.get(device_id)
        if region is not None and old is not None and not has_region(old.kind):
            raise UsageError(
                "E_NO_RADIO", f"A {old.kind} device is no radio of this agent, so it has no region.",
                remedy="Confirm the region of the gateway or LoRa module that sends.",
            )  # fmt: skip
        row = await self._stores.devices.change(device_id, name=name, region=region)
        if row is None:
            raise absent("device", device_id)
        if region is not None:
            await self._view.region_confirmed(device_id, region)
        device = _device(row, self._view.devices())
        self._hub.publish("devices", device)
        return json_answer(self._envelope() | {"device": device})

    async def packets(self, request: web.Request) -> web.Response:
        """Received frames, newest first."""
        query = query_of(request, "device", "limit", "cursor")
        page = await self._stores.packets.page(
            cursor=query.get("cursor"), limit=limit_of(query), device_id=query.get("device")
        )
        return self._page(page)

    async def beacons(self, request: web.Request) -> web.Response:
        """Our own beacons, newest first."""
        query = query_of(request, "verdict", "limit", "cursor")
        page = await self._stores.beacons.page(
            cursor=query.get("cursor"), limit=limit_of(query), verdict=verdict_of(query)
        )
        return self._page(page, without=("report",))

    async def send_beacon(self, request: web.Request) -> web.Response:
        """What a beacon now would be, or with `commit` the beacon itself."""
        query_of(request)
        commit = (await json_object(request, {"commit"}))["commit"]
        if not isinstance(commit, bool):
            raise UsageError("E_BODY", "commit is true or false.")
        if self.beacons_by_hand is None:
            raise RefusedError("E_NO_BEACONS", "This agent sends no beacons.")
        offer = await (self.beacons_by_hand.send() if commit else self.beacons_by_hand.offer())
        return json_answer(self._envelope() | present(offer))

    async def witnesses(self, request: web.Request) -> web.Response:
        """Beacons of others that we heard, newest first."""
        query = query_of(request, "verdict", "limit", "cursor")
        page = await self._stores.witnesses.page(
            cursor=query.get("cursor"), limit=limit_of(query), verdict=verdict_of(query)
        )
        return self._page(page, without=("report",))

    async def explain_witness(self, request: web.Request) -> web.Response:
        """Why a witness report has its verdict."""
        query_of(request)
        report_id = path_id(request, "witness")
        row = await self._stores.witnesses.get(report_id)
        if row is None:
            raise absent("witness", report_id)
        return json_answer(self._envelope() | present(await self._view.explain_witness(row)))

    async def rewards(self, request: web.Request) -> web.Response:
        """Reward shares, newest first."""
        query = query_of(request, "hotspot", "limit", "cursor")
        page = await self._stores.rewards.page(
            cursor=query.get("cursor"), limit=limit_of(query), hotspot=query.get("hotspot")
        )
        return self._page(page)

    async def explain_reward(self, request: web.Request) -> web.Response:
        """Which reports earned a reward, back to the frames."""
        query_of(request)
        reward_id = path_id(request, "reward")
        row = await self._stores.rewards.get(reward_id)
        if row is None:
            raise absent("reward", reward_id)
        return json_answer(self._envelope() | present(await self._view.explain_reward(row)))

    async def balances(self, request: web.Request) -> web.Response:
        """What the owners hold, as last read from the chain."""
        query_of(request)
        return self._list([present(balance) for balance in await self._view.balances()])

    async def outbox(self, request: web.Request) -> web.Response:
        """What is waiting to be sent, by class."""
        query_of(request)
        return self._list([present(backlog) for backlog in await self._stores.outbox.backlog()])

    async def reload_config(self, request: web.Request) -> web.Response:
        """Read the settings again; keys that differ, applied or waiting for a restart."""
        query_of(request)
        if self.reload is None:
            raise RefusedError("E_NO_RELOAD", "This agent was not started from a settings file.")
        return json_answer(self._envelope() | present(await self.reload()))

    async def audit(self, request: web.Request) -> web.Response:
        """Who changed what, newest first."""
        query = query_of(request, "limit", "cursor")
        return self._page(await self._stores.audit.page(cursor=query.get("cursor"), limit=limit_of(query)))

    async def events(self, request: web.Request) -> web.StreamResponse:
        """The live stream."""
        query_of(request, "after", "topics")
        return await self._streams.serve(request)

    def _envelope(self) -> dict[str, Any]:
        return {
            "as_of": rfc3339(self._clock.wall_ns()),
            "test_tokens": self._view.test_tokens,
            "last_event_id": self._hub.last_id,
        }

    def _list(self, items: list[Any]) -> web.Response:
        return json_answer(self._envelope() | {"items": items})

    def _page(self, page: Page[Any], *, without: tuple[str, ...] = ()) -> web.Response:
        items = [present(row, without=without) for row in page.rows]
        return json_answer(self._envelope() | {"items": items, "next_cursor": page.next_cursor})


def _device(row: DeviceRow, live: Mapping[str, LiveDevice]) -> dict[str, Any]:
    return dict(present(row) | present(live_device(row, live)))
