"""The websocket that Basic Stations connect to: `/router-info` tells where to go, `/traffic/EUI` is the conversation.

Binds loopback unless told otherwise. Beyond it a station is served only from the address that its owner has named for
its EUI, as packet forwarders are; the way there is a trusted network or a TLS proxy.
"""

import asyncio
import json
import logging
from collections import Counter
from collections.abc import Collection, Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from aiohttp import WSCloseCode, WSMsgType, web

from skerry_core.clock import NS_PER_S, Clock, io_timeout
from skerry_firmware_bridge.basic_station.downlink import Downlinks, failed
from skerry_firmware_bridge.basic_station.listening import listen
from skerry_firmware_bridge.basic_station.messages import (
    MAX_MESSAGE_BYTES,
    read_eui,
    read_frame,
    read_message,
    read_version,
)
from skerry_firmware_bridge.basic_station.plan import datarates, listens_first, router_config
from skerry_firmware_bridge.basic_station.radio import StationRadio, device_id
from skerry_firmware_bridge.errors import FrameRejected, LinkLost
from skerry_firmware_bridge.guests import Guests
from skerry_firmware_bridge.gwmp.gateway import LOOPBACK, host_of, too_many
from skerry_firmware_bridge.radio import (
    DeviceForgotten,
    DeviceState,
    DeviceTrouble,
    EventSink,
    FrameHeard,
    StateChanged,
    StatusReported,
)
from skerry_wire.frames import TransmitOutcome, TransmitRequest

__all__ = ["BasicStationServer"]

_log = logging.getLogger(__name__)

_NO_EUI = bytes(8)
DEFAULT_PORT = 3001  # where other network servers listen for stations
HEARTBEAT_S = 15.0  # a station that lost its power is forgotten in 22 s, and may connect again
SEND_S = 5.0
CLOSE_S = 1.0  # for all stations together: the agent is to stop within 5 s
ASK_S = 10.0  # a station asks as soon as it is connected
REPORT_EVERY_NS = 60 * NS_PER_S  # who knocks in vain is told once a minute
GPS_EPOCH_S = 315_964_800  # 1980-01-06 in Unix time
GPS_LEAP_S = 18  # leap seconds since then, unchanged since 2017


class _Station:
    """One connection: its websocket, its downlinks and who waits for them."""

    def __init__(self, eui: bytes, remote: str, downlinks: Downlinks) -> None:
        self.socket = web.WebSocketResponse(heartbeat=HEARTBEAT_S, max_msg_size=MAX_MESSAGE_BYTES)
        self.eui = eui
        self.device_id = device_id(eui)
        self.remote = remote
        self.version: object = None  # what it says of itself, soon after it is connected
        self.radio: StationRadio | None = None
        self.downlinks = downlinks
        self.waiting: dict[int, asyncio.Future[TransmitOutcome]] = {}
        self.told_ns: dict[str, int] = {}  # when a trouble was told last, by code

    def conclude(self, diid: int, outcome: TransmitOutcome) -> None:
        """Tell whoever waits for a downlink what became of it."""
        waiting = self.waiting.get(diid)
        if waiting is not None and not waiting.done():
            waiting.set_result(outcome)


class BasicStationServer:
    """`async with BasicStationServer(...) as server:` listens until the block is left; `address` tells the port.

    `pins` (EUI -> address) are the stations that may connect from beyond this machine; None lets any. `known` are those
    that were settled in an earlier run, or that their owner has given a name; all others are `guests`. Raises
    `UnknownRegion`, and `ValueError` for a region whose channels two radios cannot cover.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        sink: EventSink,
        region: str,
        host: str = "127.0.0.1",
        port: int = DEFAULT_PORT,
        pins: Mapping[bytes, str] | None = None,
        known: Collection[bytes] = (),
    ) -> None:
        router_config(region, wall_ns=0)
        self.address: tuple[str, int] = (host, port)
        self.counts: Counter[str] = Counter()
        self._clock = clock
        self._sink = sink
        self._region = region
        self._datarates = datarates(region)
        self._pins = pins
        self._guests = Guests(named={*(pins or ()), *known})
        self._stations: dict[bytes, _Station] = {}
        self._told_ns: dict[str, int] = {}
        self._runner: web.AppRunner | None = None

    def radio(self, eui: bytes) -> StationRadio:
        """Return the radio of a station, whether it is connected or not; nothing is assumed of one that is not."""
        station = self._stations.get(eui)
        if station is None:
            return StationRadio(eui=eui, has_lbt=False, send=self._transmit)
        if station.radio is None:
            has_lbt = listens_first(self._region, station.version)
            station.radio = StationRadio(eui=eui, has_lbt=has_lbt, send=self._transmit)
        return station.radio

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_get("/router-info", self._router_info)
        app.router.add_get("/traffic/{eui}", self._traffic)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=CLOSE_S)
        await self._runner.setup()
        await listen(self._runner, self.address)
        name = self._runner.addresses[0]
        self.address = (name[0], name[1])
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(TimeoutError):
            async with io_timeout(CLOSE_S), asyncio.TaskGroup() as group:
                for station in self._stations.values():
                    closing = station.socket.close(code=WSCloseCode.GOING_AWAY)
                    group.create_task(closing, name=f"{station.device_id}: closing")
        if self._runner is not None:
            await self._runner.cleanup()

    async def _router_info(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(heartbeat=HEARTBEAT_S, max_msg_size=MAX_MESSAGE_BYTES)
        await socket.prepare(request)
        asked: object = None
        try:
            async with io_timeout(ASK_S):
                message = await socket.receive()
            if message.type is not WSMsgType.TEXT:
                raise FrameRejected("invalid_json", detail="no text")
            asked = read_message(message.data).get("router")
            eui = read_eui(asked)
        except TimeoutError:
            self.counts["no_question"] += 1
        except FrameRejected as error:
            self.counts[error.reason] += 1
            await socket.send_str(json.dumps({"router": asked, "error": f"unreadable router id: {error.reason}"}))
        else:
            scheme = "wss" if request.secure else "ws"
            uri = f"{scheme}://{request.host}/traffic/{eui.hex()}"
            await socket.send_str(json.dumps({"router": asked, "muxs": "::0", "uri": uri}))
        await socket.close()
        return socket

    async def _traffic(self, request: web.Request) -> web.WebSocketResponse:
        try:
            eui = read_eui(request.match_info["eui"])
        except FrameRejected as error:
            raise web.HTTPNotFound(text="no such gateway") from error
        station = _Station(eui, request.remote or "unknown", Downlinks(self._datarates))
        if eui == _NO_EUI:
            detail = (
                f"A Basic Station at {station.remote} has the EUI 0; set routerid in its station.conf and restart it."
            )
            self._refuse(station, "zero_eui", detail)
            raise web.HTTPForbidden(text="a gateway needs an EUI")
        if not self._is_expected(eui, station.remote):
            detail = (
                f"{station.remote} speaks with EUI {eui.hex()}, which gwmp.gateways does not name for it; refused. If "
                f"it is yours, add {eui.hex()}@{station.remote} to gwmp.gateways and restart the agent."
            )
            self._refuse(station, "not_pinned", detail)
            raise web.HTTPForbidden(text="this gateway is not expected from there")
        if eui in self._stations:
            detail = (
                f"{station.remote} also claims EUI {eui.hex()}, which is connected already; refused. Give one of the "
                "two stations another routerid; one that has lost its power is let in after half a minute."
            )
            self._refuse(station, "second_source", detail)
            raise web.HTTPConflict(text="this gateway is connected already")
        if not self._guests.may_come(eui, now_ns=self._clock.monotonic_ns()):
            self._refuse(station, "too_many_gateways", too_many(eui, (station.remote, DEFAULT_PORT)))
            raise web.HTTPForbidden(text="too many gateways that nobody has named")
        self._stations[eui] = station
        forgotten = self._guests.came(eui, now_ns=self._clock.monotonic_ns())
        if forgotten is not None:
            self._sink(DeviceForgotten(device_id=device_id(forgotten)))
        try:
            await station.socket.prepare(request)
            self._tell(station, DeviceState.UP, f"A Basic Station speaks from {station.remote}.")
            await self._converse(station)
        except LinkLost as error:
            _log.debug("%s: %s", station.device_id, error)
        finally:
            del self._stations[eui]
            self._guests.went(eui, now_ns=self._clock.monotonic_ns())
            for diid in list(station.waiting):
                station.conclude(diid, failed("gateway_lost"))
            self._tell(station, DeviceState.DOWN, "The Basic Station has disconnected.")
        return station.socket

    async def _converse(self, station: _Station) -> None:
        async for received in station.socket:
            if received.type is not WSMsgType.TEXT:
                self.counts["no_text"] += 1
                continue
            try:
                answer = self._take(read_message(received.data), station)
            except FrameRejected as error:
                detail = f"A message cannot be read, so what it reported is lost ({error.brief()}); update the station."
                self._trouble(station, error.reason, detail, told_ns=station.told_ns)
                continue
            if answer is not None:
                await self._say(station, answer)

    async def _say(self, station: _Station, message: Mapping[str, Any]) -> None:
        """Send a message. Raises `LinkLost`."""
        try:
            async with io_timeout(SEND_S):
                await station.socket.send_str(json.dumps(message))
        except (TimeoutError, ConnectionError) as error:
            raise LinkLost(f"{station.device_id} takes no messages") from error

    async def _transmit(self, eui: bytes, request: TransmitRequest) -> TransmitOutcome:
        """Ask for a frame and wait for its confirmation. Raises `LinkLost`."""
        station = self._stations.get(eui)
        if station is None:
            raise LinkLost(f"{device_id(eui)} is not connected")
        order = station.downlinks.order(request, wall_ns=self._clock.wall_ns(), monotonic_ns=self._clock.monotonic_ns())
        if isinstance(order, TransmitOutcome):
            return order
        self.counts["downlinks"] += 1
        waiting: asyncio.Future[TransmitOutcome] = asyncio.get_running_loop().create_future()
        station.waiting[order.diid] = waiting
        try:
            await self._say(station, order.message)
            async with self._clock.timeout(order.limit_s):
                return await waiting
        except TimeoutError:  # a station drops what it cannot send without a word
            return failed(order.silence)
        finally:
            station.downlinks.forget(order.diid)
            del station.waiting[order.diid]

    def _take(self, message: dict[str, Any], station: _Station) -> dict[str, Any] | None:
        """Handle one message; return the answer that it wants."""
        match message.get("msgtype"):
            case "version":
                texts = read_version(message)
                station.version = texts.get("station")
                if station.radio is not None:
                    station.radio.know(has_lbt=listens_first(self._region, station.version))
                self._sink(StatusReported(device_id=station.device_id, values=texts, wall_ns=self._clock.wall_ns()))
                return router_config(self._region, wall_ns=self._clock.wall_ns())
            case "timesync":
                gps_us = (self._clock.wall_ns() + (GPS_LEAP_S - GPS_EPOCH_S) * NS_PER_S) // 1000
                return {"msgtype": "timesync", "txtime": message.get("txtime"), "gpstime": gps_us}
            case "dntxed":
                confirmed = station.downlinks.confirmed(message)
                if confirmed is None:
                    self.counts["unmatched_dntxed"] += 1
                else:
                    station.conclude(*confirmed)
                return None
        self._hear(message, station)
        return None

    def _hear(self, message: dict[str, Any], station: _Station) -> None:
        frame = read_frame(
            message,
            datarates=self._datarates,
            wall_ns=self._clock.wall_ns(),
            monotonic_ns=self._clock.monotonic_ns(),
            source=f"websocket {station.remote}",
        )
        if frame is None:
            self.counts["other_messages"] += 1
            return
        self.counts["frames"] += 1
        station.downlinks.heard(message, monotonic_ns=frame.received_monotonic_ns)
        self._sink(FrameHeard(device_id=station.device_id, frame=frame))

    def _is_expected(self, eui: bytes, remote: str) -> bool:
        if self._pins is None:
            return True
        pinned = self._pins.get(eui)
        return host_of((remote, 0)) == (LOOPBACK if pinned is None else host_of((pinned, 0)))

    def _refuse(self, station: _Station, code: str, detail: str) -> None:
        """Say that a station is not let in; it comes again every few seconds."""
        self._trouble(station, code, detail, told_ns=self._told_ns)

    def _trouble(self, station: _Station, code: str, detail: str, *, told_ns: dict[str, int]) -> None:
        """Count a trouble, and say it once a minute."""
        self.counts[code] += 1
        now_ns, wall_ns = self._clock.monotonic_ns(), self._clock.wall_ns()
        before_ns = told_ns.get(code)
        if before_ns is None or now_ns - before_ns >= REPORT_EVERY_NS:
            told_ns[code] = now_ns
            self._sink(DeviceTrouble(device_id=station.device_id, code=code, detail=detail, wall_ns=wall_ns))

    def _tell(self, station: _Station, state: DeviceState, reason: str) -> None:
        wall_ns, is_known = self._clock.wall_ns(), self._guests.is_known(station.eui, now_ns=self._clock.monotonic_ns())
        self._sink(
            StateChanged(device_id=station.device_id, state=state, reason=reason, wall_ns=wall_ns, is_known=is_known)
        )
