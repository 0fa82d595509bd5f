"""A further network that takes uplinks as JSON by POST: any server of the owner's. Uplinks only.

Made by the hotspot for each entry of forward.http. Packets wait in a bounded queue while the server is away; what it
refuses for good is counted and dropped, everything else is posted again, later each time.
"""

import asyncio
import json
import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from skerry_agent.api.present import rfc3339
from skerry_agent.api.view import NetworkStatus
from skerry_agent.metrics import Metrics
from skerry_agent.runtime.frame_filter import EVERYTHING, FILTERS, FilterRejected, FrameFilter
from skerry_agent.runtime.packet_path import Heard
from skerry_agent.signature import signature_headers
from skerry_core.clock import NS_PER_S, Clock, io_timeout
from skerry_core.errors import UsageError
from skerry_firmware_bridge.radio import DeviceState

if TYPE_CHECKING:
    import aiohttp

__all__ = ["HttpForwarder", "HttpTarget", "http_targets"]

MAX_WAITING = 1000  # packets; twelve seconds of a full gateway, hours of a usual one
BATCH = 50
POST_LIMIT_S = 15.0
FIRST_RETRY_S, RETRY_CAP_S = 2.0, 300.0
NEVER = frozenset({400, 413, 415, 422})  # the server read the packets and will not take them another time either
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpTarget:
    """One server, what it wants, and the secret that signs what goes there."""

    url: str = field(repr=False)  # its path and query may let whoever knows them in
    filter: FrameFilter = EVERYTHING
    secret: bytes = field(default=b"", repr=False)

    @property
    def name(self) -> str:
        """The network's name in rows and metrics: scheme, host and port."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def http_targets(texts: tuple[str, ...], *, secret: bytes) -> tuple[HttpTarget, ...]:
    """Read the setting forward.http, each `URL[#devaddr=26000000/7;...&netid=...&joineui=...]`.

    Raises `UsageError` E_FORWARD_HTTP.
    """
    return tuple(_target(number, text, secret) for number, text in enumerate(texts, start=1))


def _target(number: int, text: str, secret: bytes) -> HttpTarget:
    url, _, fragment = text.partition("#")
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise _bad(number, "it is no address") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise _bad(number, "it does not begin with http://HOST or https://HOST")
    options = dict(parse_qsl(fragment, keep_blank_values=True))
    if unknown := options.keys() - set(FILTERS):
        raise _bad(number, f"{min(unknown)} is no option")
    try:
        return HttpTarget(url=url, filter=FrameFilter.from_options(options), secret=secret)
    except FilterRejected as error:
        raise _bad(number, str(error)) from None


def _bad(number: int, finding: str) -> UsageError:
    return UsageError(  # the address itself may be a secret
        "E_FORWARD_HTTP",
        f"Entry {number} of forward.http cannot be used: {finding}.",
        remedy="Write it like https://lns.example.org/uplinks or https://lns.example.org/uplinks#devaddr=26000000/7.",
        params={"entry": number},
    )


class HttpForwarder:
    """One server's uplinks; `jitter()` gives a number in [0, 1)."""

    def __init__(
        self,
        target: HttpTarget,
        *,
        hotspot: str,
        eui: bytes,
        clock: Clock,
        jitter: Callable[[], float],
        metrics: Metrics,
    ) -> None:
        self.target = target
        self.counts: Counter[str] = Counter()  # packets by what became of them: sent, refused, dropped
        self._hotspot = hotspot
        self._eui = eui
        self._clock = clock
        self._jitter = jitter
        self._metrics = metrics
        self._waiting: asyncio.Queue[Heard] = asyncio.Queue(MAX_WAITING)
        self._up: bool | None = None
        self._reason = "no packet posted yet"
        self._as_of_ns = clock.wall_ns()
        self._last_packet_ns: int | None = None

    @property
    def name(self) -> str:
        """The network's name in rows and metrics."""
        return self.target.name

    def offer(self, heard: Heard) -> bool:
        """Take an uplink if the server wants it and there is room; never blocks."""
        if not self.target.filter.wants(heard.frame.phy):
            return False
        try:
            self._waiting.put_nowait(heard)
        except asyncio.QueueFull:
            self._drop(1, "full")
            return False
        return True

    def status(self, hotspot: str) -> NetworkStatus:
        """Return how it is with this server; from memory."""
        last_ns = self._last_packet_ns
        return NetworkStatus(
            name=self.name,
            kind="http",
            hotspot=hotspot,
            state={True: DeviceState.UP, False: DeviceState.DOWN, None: DeviceState.UNKNOWN}[self._up],
            reason=self._reason,
            downlink=False,
            uplinks=self.counts["sent"],
            last_packet_ns=last_ns,
            last_packet_age_s=None if last_ns is None else max(0, self._clock.wall_ns() - last_ns) // NS_PER_S,
            as_of_ns=self._as_of_ns,
        )

    async def run(self) -> None:
        """Post until cancelled."""
        import aiohttp

        async with aiohttp.ClientSession() as session:
            while True:
                batch = [await self._waiting.get()]
                while len(batch) < BATCH and not self._waiting.empty():
                    batch.append(self._waiting.get_nowait())
                await self._deliver(session, batch)

    async def _deliver(self, session: "aiohttp.ClientSession", batch: list[Heard]) -> None:
        """Post one batch until the server has taken or refused it."""
        raw = json.dumps(self._body(batch)).encode()
        failures = 0
        while (refusal := await self._post(session, raw, count=len(batch))) is not None:
            failures += 1
            self._tell(up=False, reason=refusal)
            doubled_s = FIRST_RETRY_S * 2.0 ** min(failures - 1, 20)
            await self._clock.sleep(min(RETRY_CAP_S, doubled_s) * (0.5 + self._jitter()))

    async def _post(self, session: "aiohttp.ClientSession", raw: bytes, *, count: int) -> str | None:
        """Post once; return why it must be tried again, None when it need not."""
        import aiohttp

        headers = {"Content-Type": "application/json"} | signature_headers(self.target.secret, raw)
        try:
            with self._clock.hold(f"{self.name}: post"):
                async with (
                    io_timeout(POST_LIMIT_S),
                    session.post(self.target.url, data=raw, headers=headers, allow_redirects=False) as answer,
                ):
                    status = answer.status
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            return f"cannot be reached ({type(error).__name__})"
        if 200 <= status < 300:
            self.counts["sent"] += count
            self._last_packet_ns = self._clock.wall_ns()
            self._tell(up=True, reason="takes packets")
            return None
        if status in NEVER:
            self.counts["refused"] += count
            self._drop(count, "refused")
            self._tell(up=False, reason=f"refuses packets (HTTP {status})")
            return None
        return f"answers HTTP {status}"

    def _body(self, batch: list[Heard]) -> dict[str, Any]:
        return {"hotspot": self._hotspot, "gateway": self._eui.hex(), "packets": [_packet(heard) for heard in batch]}

    def _drop(self, count: int, reason: str) -> None:
        self.counts["dropped"] += count
        self._metrics.count("skerry_queue_dropped_total", count, queue=self.name, reason=reason)

    def _tell(self, *, up: bool, reason: str) -> None:
        if up is not self._up:
            _log.log(logging.INFO if up else logging.WARNING, "network %s: %s", self.name, reason)
            if self._up is False:
                self._metrics.count("skerry_link_reconnects_total", network=self.name)
        self._up, self._reason, self._as_of_ns = up, reason, self._clock.wall_ns()
        self._metrics.set("skerry_link_up", float(up), network=self.name)


def _packet(heard: Heard) -> dict[str, Any]:
    frame = heard.frame
    return {
        "id": heard.packet_id,
        "device": heard.device_id,
        "received": rfc3339(frame.received_wall_ns),
        "tmst_us": frame.tmst_us,
        "frequency_hz": frame.frequency_hz,
        "datarate": frame.datarate,
        "rssi_dbm": frame.rssi_dbm,
        "snr_db": frame.snr_db,
        "phy_hex": frame.phy.hex(),
    }
