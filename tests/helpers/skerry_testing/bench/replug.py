"""How soon a device works again once it is plugged in: a modem and a LoRa module over ptys, a gateway over UDP."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from random import Random

from skerry_core.clock import NS_PER_S, SystemClock, io_timeout
from skerry_firmware_bridge.at_radio.dialect import Tuning
from skerry_firmware_bridge.at_radio.dialects import DIALECTS
from skerry_firmware_bridge.at_radio.radio import AtRadio
from skerry_firmware_bridge.device import DeviceConfig, Surroundings
from skerry_firmware_bridge.gwmp.server import GwmpServer
from skerry_firmware_bridge.links.base import Link
from skerry_firmware_bridge.links.open import open_link
from skerry_firmware_bridge.links.reconnect import LinkChange, LinkState, Reconnector
from skerry_firmware_bridge.links.settings import SerialSettings
from skerry_firmware_bridge.radio import DeviceEvent, DeviceState, StateChanged
from skerry_firmware_bridge.supervise import supervise
from skerry_radio.lora import Datarate
from skerry_simulate.at_radio import AtRadioEmulator
from skerry_simulate.devices import run_emulator
from skerry_simulate.forwarder import PacketForwarderEmulator
from skerry_simulate.lone_radio import CELL, EUI
from skerry_simulate.medium import RfMedium

__all__ = ["ABSENCES_S", "measure"]

ABSENCES_S = (0.3, 4.0, 12.0)
LIMIT_S = 60.0
CLOCK = SystemClock()


class _Watch:
    """The state of one device."""

    def __init__(self) -> None:
        self.state: DeviceState | None = None
        self._changed = asyncio.Event()

    def __call__(self, event: DeviceEvent) -> None:
        if isinstance(event, StateChanged):
            self.state = event.state
            self._changed.set()

    async def until(self, up: bool) -> None:
        while (self.state is DeviceState.UP) is not up:
            self._changed.clear()
            await self._changed.wait()


async def measure(folder: Path) -> dict[str, float]:
    """Return the longest time of several, in seconds, by device."""
    return {
        "a 5G modem behind a pseudo-terminal": await _longest(_modem(folder)),
        "a LoRa module behind a pseudo-terminal": await _longest(_module(folder)),
        "a packet forwarder over UDP": await _longest(_gateway()),
    }


async def _longest(device: AbstractAsyncContextManager["_Running"]) -> float:
    worst_ns = 0
    async with io_timeout(LIMIT_S), device as (watch, unplug, plug):
        await watch.until(up=True)
        for absence_s in ABSENCES_S:
            await unplug()
            await watch.until(up=False)
            await CLOCK.sleep(absence_s)
            started_ns = CLOCK.monotonic_ns()
            await plug()
            await watch.until(up=True)
            worst_ns = max(worst_ns, CLOCK.monotonic_ns() - started_ns)
    return worst_ns / NS_PER_S


_Act = Callable[[], Awaitable[None]]
_Running = tuple[_Watch, _Act, _Act]


def _later(act: Callable[[], None]) -> _Act:
    async def later() -> None:
        act()

    return later


@asynccontextmanager
async def _modem(folder: Path) -> AsyncIterator[_Running]:
    watch = _Watch()

    def opened(url: str, settings: SerialSettings) -> Awaitable[Link]:
        return open_link(url, clock=CLOCK, settings=settings)

    around = Surroundings(clock=CLOCK, random=Random(1), open_link=opened)
    async with run_emulator("quectel-rm520n", clock=CLOCK, random=Random(2), announce=folder) as modem:
        config = DeviceConfig(device_id="modem", kind="modem", url=modem.url, options={"poll_s": 1})
        async with asyncio.TaskGroup() as group:
            task = group.create_task(supervise(config, around=around, events=watch), name="modem")
            yield watch, _later(modem.host.unplug), _later(modem.host.plug)  # type: ignore[union-attr]  # behind a pty
            task.cancel()


@asynccontextmanager
async def _module(folder: Path) -> AsyncIterator[_Running]:
    watch = _Watch()
    module = AtRadioEmulator(
        kind="wio-e5",
        name="module",
        cell=CELL,
        medium=RfMedium(clock=CLOCK, seed=1),
        clock=CLOCK,
        seed=1,
        folder=folder,
    )
    tuning = Tuning(frequency_hz=868_100_000, datarate=Datarate.parse("SF9BW125"))
    radio = AtRadio(device_id="module", dialect=DIALECTS["wio-e5"](), tuning=tuning, clock=CLOCK, sink=watch)
    async with module, asyncio.TaskGroup() as group:
        path = module.path

        async def opened() -> Link:
            return await open_link(path, clock=CLOCK)

        def changed(change: LinkChange) -> None:
            if change.state is LinkState.LOST:
                watch(StateChanged(device_id="module", state=DeviceState.DOWN, reason=change.reason, wall_ns=0))

        reconnector = Reconnector(
            name="module", open_link=opened, use=radio.run, clock=CLOCK, random=Random(1), on_change=changed
        )
        task = group.create_task(reconnector.run(), name="module")
        yield watch, _later(module.unplug), _later(module.replug)
        task.cancel()


@asynccontextmanager
async def _gateway() -> AsyncIterator[_Running]:
    watch = _Watch()
    async with GwmpServer(clock=CLOCK, sink=watch, port=0, keepalive_s=1) as server:
        running: list[PacketForwarderEmulator] = []

        async def plug() -> None:
            medium = RfMedium(clock=CLOCK, seed=1)
            forwarder = PacketForwarderEmulator(
                eui=EUI, cell=CELL, medium=medium, clock=CLOCK, server=server.address, seed=1, keepalive_s=0.4
            )
            running.append(await forwarder.__aenter__())

        async def unplug() -> None:
            await running.pop().__aexit__(None, None, None)

        await plug()
        yield watch, unplug, plug
        await unplug()
