"""LoRaWAN gateways on the network: listens where the agent would, and tells who speaks. Used by `scan`.

Packet forwarders speak every ten seconds and are acknowledged like by any server; a Basic Station is asked for its name
only and told to come again, so that neither gets orders from a look around.
"""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from skerry_core.clock import Clock
from skerry_firmware_bridge.device import Values
from skerry_firmware_bridge.errors import FrameRejected, LinkRefused
from skerry_firmware_bridge.radio import DeviceEvent, DeviceState, StateChanged

__all__ = ["GatewayHeard", "ListenFor", "gateways"]

NAME_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenFor:
    """Where the agent listens for gateways; None where it does not."""

    gwmp: tuple[str, int] | None = None
    station: tuple[str, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayHeard:
    """One gateway, or a `refused` address at which nobody can be heard."""

    kind: str
    url: str
    identity: Values = field(default_factory=dict)
    refused: LinkRefused | None = None


async def gateways(where: ListenFor, *, clock: Clock, limit_s: float) -> list[GatewayHeard]:
    """Return the gateways that speak within the limit, each once."""
    heard: dict[str, GatewayHeard] = {}
    servers = []
    if where.gwmp is not None:
        servers.append(("gwmp", _url("udp", where.gwmp), _forwarders(where.gwmp, heard, clock)))
    if where.station is not None:
        servers.append(("station", _url("ws", where.station), _stations(where.station, heard)))
    async with AsyncExitStack() as stack:
        listening = False
        for kind, url, server in servers:
            try:
                await stack.enter_async_context(server)
                listening = True
            except LinkRefused as error:
                heard[url] = GatewayHeard(kind=kind, url=url, refused=error)
        if listening:
            await clock.sleep(limit_s)
    return list(heard.values())


def _url(scheme: str, address: tuple[str, int]) -> str:
    return f"{scheme}://{address[0]}:{address[1]}"


@asynccontextmanager
async def _forwarders(address: tuple[str, int], heard: dict[str, GatewayHeard], clock: Clock) -> AsyncIterator[None]:
    from skerry_firmware_bridge.gwmp.server import GwmpServer

    def note(event: DeviceEvent) -> None:
        if isinstance(event, StateChanged) and event.state is DeviceState.UP:
            eui = event.device_id.partition(":")[2]
            identity: Values = {"eui": eui, "says": event.reason}
            heard[event.device_id] = GatewayHeard(kind="gwmp", url=_url("udp", address), identity=identity)

    async with GwmpServer(clock=clock, sink=note, host=address[0], port=address[1]):
        yield


@asynccontextmanager
async def _stations(address: tuple[str, int], heard: dict[str, GatewayHeard]) -> AsyncIterator[None]:
    from aiohttp import WSMsgType, web

    from skerry_firmware_bridge.basic_station.listening import listen
    from skerry_firmware_bridge.basic_station.messages import MAX_MESSAGE_BYTES, read_eui, read_message

    async def ask_name(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(max_msg_size=MAX_MESSAGE_BYTES)
        await socket.prepare(request)
        try:
            message = await socket.receive(timeout=NAME_S)
            router = read_message(message.data).get("router") if message.type is WSMsgType.TEXT else None
            eui = read_eui(router).hex()
        except (TimeoutError, FrameRejected):
            return socket
        identity: Values = {"eui": eui, "says": f"A Basic Station speaks from {request.remote}."}
        heard[f"station:{eui}"] = GatewayHeard(kind="station", url=_url("ws", address), identity=identity)
        await socket.send_str(json.dumps({"router": router, "error": "only a look around; try again later"}))
        await socket.close()
        return socket

    app = web.Application()
    app.router.add_get("/router-info", ask_name)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await listen(runner, address)
        yield
    finally:
        await runner.cleanup()
