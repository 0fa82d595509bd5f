"""The websocket that Basic Stations connect to: `/router-info` tells where to go, `/traffic/EUI` is the conversation.

Binds loopback unless told otherwise; stations on other machines reach it through a TLS proxy or a trusted network.
"""

import json
import logging
from collections import Counter
from types import TracebackType
from typing import Any, Self

from aiohttp import WSCloseCode, WSMsgType, web

from skerry_core.clock import NS_PER_S, Clock
from skerry_firmware_bridge.basic_station.messages import MAX_MESSAGE_BYTES, read_eui, read_frame, read_message
from skerry_firmware_bridge.basic_station.plan import datarates, router_config
from skerry_firmware_bridge.errors import FrameRejected, LinkRefused
from skerry_firmware_bridge.radio import (
    DeviceState,
    DeviceTrouble,
    EventSink,
    FrameHeard,
    StateChanged,
    StatusReported,
)

__all__ = ["BasicStationServer"]

_log = logging.getLogger(__name__)

DEFAULT_PORT = 3001  # where other network servers listen for stations
HEARTBEAT_S = 30.0
MAX_STATIONS = 256
GPS_EPOCH_S = 315_964_800  # 1980-01-06 in Unix time
GPS_LEAP_S = 18  # leap seconds since then, unchanged since 2017


class BasicStationServer:
    """`async with BasicStationServer(...) as server:` listens until the block is left; `address` tells the port."""

    def __init__(
        self, *, clock: Clock, sink: EventSink, region: str, host: str = "127.0.0.1", port: int = DEFAULT_PORT
    ) -> None:
        self.address: tuple[str, int] = (host, port)
        self.counts: Counter[str] = Counter()
        self._clock = clock
        self._sink = sink
        self._config = router_config(region)
        self._datarates = datarates(region)
        self._stations: dict[bytes, web.WebSocketResponse] = {}
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_get("/router-info", self._router_info)
        app.router.add_get("/traffic/{eui}", self._traffic)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, *self.address)
        try:
            await site.start()
        except OSError as error:
            await self._runner.cleanup()
            detail = f"Cannot listen for Basic Stations on {self.address[0]} port {self.address[1]}: {error.strerror}."
            raise LinkRefused("E_STATION_BIND", detail, remedy="Set another port.") from error
        name = self._runner.addresses[0]
        self.address = (name[0], name[1])
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for station in list(self._stations.values()):
            await station.close(code=WSCloseCode.GOING_AWAY)
        if self._runner is not None:
            await self._runner.cleanup()

    async def _router_info(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(heartbeat=HEARTBEAT_S, max_msg_size=MAX_MESSAGE_BYTES)
        await socket.prepare(request)
        message = await socket.receive()
        asked: object = None
        try:
            if message.type is not WSMsgType.TEXT:
                raise FrameRejected("invalid_json", detail="no text")
            asked = read_message(message.data).get("router")
            eui = read_eui(asked)
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
        socket = web.WebSocketResponse(heartbeat=HEARTBEAT_S, max_msg_size=MAX_MESSAGE_BYTES)
        try:
            eui = read_eui(request.match_info["eui"])
        except FrameRejected as error:
            raise web.HTTPNotFound(text="no such gateway") from error
        device_id, remote = f"station:{eui.hex()}", request.remote or "unknown"
        if eui in self._stations or len(self._stations) >= MAX_STATIONS:
            self.counts["second_source"] += 1
            detail = f"{remote} also claims EUI {eui.hex()}, which is connected already; refused."
            self._sink(
                DeviceTrouble(device_id=device_id, code="second_source", detail=detail, wall_ns=self._clock.wall_ns())
            )
            raise web.HTTPConflict(text="this gateway is connected already")
        self._stations[eui] = socket
        try:
            await socket.prepare(request)
            self._tell(device_id, DeviceState.UP, f"A Basic Station speaks from {remote}.")
            await self._converse(socket, device_id, f"websocket {remote}")
        finally:
            del self._stations[eui]
            self._tell(device_id, DeviceState.DOWN, "The Basic Station has disconnected.")
        return socket

    async def _converse(self, socket: web.WebSocketResponse, device_id: str, source: str) -> None:
        async for received in socket:
            if received.type is not WSMsgType.TEXT:
                self.counts["no_text"] += 1
                continue
            try:
                answer = self._take(read_message(received.data), device_id, source)
            except FrameRejected as error:
                self.counts[error.reason] += 1
                _log.debug("%s: %s", device_id, error)
                continue
            if answer is not None:
                await socket.send_str(json.dumps(answer))

    def _take(self, message: dict[str, Any], device_id: str, source: str) -> dict[str, Any] | None:
        """Handle one message; return the answer that it wants."""
        match message.get("msgtype"):
            case "version":
                texts: dict[str, int | float | str | None] = {
                    name: value for name, value in message.items() if isinstance(value, str | int)
                }
                self._sink(StatusReported(device_id=device_id, values=texts, wall_ns=self._clock.wall_ns()))
                return self._config
            case "timesync":
                gps_us = (self._clock.wall_ns() + (GPS_LEAP_S - GPS_EPOCH_S) * NS_PER_S) // 1000
                return {"msgtype": "timesync", "txtime": message.get("txtime"), "gpstime": gps_us}
        frame = read_frame(
            message,
            datarates=self._datarates,
            wall_ns=self._clock.wall_ns(),
            monotonic_ns=self._clock.monotonic_ns(),
            source=source,
        )
        if frame is None:
            self.counts["other_messages"] += 1
        else:
            self.counts["frames"] += 1
            self._sink(FrameHeard(device_id=device_id, frame=frame))
        return None

    def _tell(self, device_id: str, state: DeviceState, reason: str) -> None:
        self._sink(StateChanged(device_id=device_id, state=state, reason=reason, wall_ns=self._clock.wall_ns()))
