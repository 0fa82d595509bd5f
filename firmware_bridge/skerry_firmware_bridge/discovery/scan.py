"""One look at everything that is attached, for `skerry devices scan`: what it probably is, and why it cannot be asked.

Serial ports, Bluetooth hotspots, ModemManager and gateways on the network are asked at the same time; the slowest takes
20 s.
"""

import asyncio
import logging
import os
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from skerry_firmware_bridge.ble.nearby import announced_bus, nearby
from skerry_firmware_bridge.cellular.modem_manager_list import announced_manager, managed_modems
from skerry_firmware_bridge.device import Surroundings
from skerry_firmware_bridge.discovery.catalog import candidate
from skerry_firmware_bridge.discovery.found import (
    GATEWAYS,
    HOTSPOT,
    KnownDevice,
    ScannedDevice,
    heard_device,
    hotspot_device,
    known_device,
    known_gateway,
    managed_modem,
)  # fmt: skip
from skerry_firmware_bridge.discovery.gateways import ListenFor, gateways
from skerry_firmware_bridge.discovery.ports import Port, list_ports
from skerry_firmware_bridge.discovery.probe import probe
from skerry_firmware_bridge.discovery.turn import scan_turn
from skerry_firmware_bridge.errors import BridgeError, LinkRefused
from skerry_firmware_bridge.links.refusal import shared

__all__ = ["KnownDevice", "ScannedDevice", "Scope", "scan"]

_log = logging.getLogger(__name__)

AT_ONCE = 32  # ports asked at the same time; each mostly waits
GATEWAYS_S = 12.0  # a packet forwarder's keepalive comes every ten seconds at the latest
PORT_LIMIT_S = 60.0  # nothing here takes half of that; a port must not be able to hold up the others
LISTENING = "gateways on the network"
BLUETOOTH = "Bluetooth"
MODEM_MANAGER = "ModemManager"
EMULATED = "emulated device"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What to look at. `probing` False sends nothing. `only` = these paths or URLs alone, none = everything.

    `also` = kinds to ask for though writing to an unknown bus is not harmless (sunspec, iec62056). `known` = what the
    running agent uses: such a port is not asked, and is no problem. `listen` = where gateways would speak to the agent.
    """

    probing: bool = True
    only: tuple[str, ...] = ()
    also: frozenset[str] = frozenset()
    known: tuple[KnownDevice, ...] = ()
    listen: ListenFor = field(default_factory=ListenFor)


async def scan(
    scope: Scope,
    *,
    around: Surroundings,
    announced: Path | None = None,
    lock: Path | None = None,
    ports: Callable[..., list[Port]] = list_ports,
    on_progress: Callable[[float, str], None] = lambda _fraction, _words: None,
) -> list[ScannedDevice]:
    """Look at everything, several at once, after any other scan that holds the file `lock`.

    Never raises for a port's sake; `RefusedError` E_SCAN_RUNNING when another scan does not end.
    """
    if lock is None or not scope.probing:  # a list opens no port, so that it is in nobody's way
        return await _scan(scope, around, announced, ports, on_progress)
    async with scan_turn(lock, clock=around.clock, on_progress=on_progress):
        return await _scan(scope, around, announced, ports, on_progress)


async def _scan(
    scope: Scope,
    around: Surroundings,
    announced: Path | None,
    ports: Callable[..., list[Port]],
    on_progress: Callable[[float, str], None],
) -> list[ScannedDevice]:
    with around.clock.hold("list ports"):
        found = await asyncio.to_thread(ports, announced=announced)
        known = await asyncio.to_thread(lambda: {_leads_to(device.place): device for device in scope.known})
        only = await asyncio.to_thread(lambda: {name: _leads_to(name) for name in scope.only})
    if only:
        chosen = [port for port in found if any(_is_at(port, *names) for names in only.items())]
        strange = [name for name, device in only.items() if not any(_is_at(port, name, device) for port in chosen)]
        found = chosen + [Port(path=name, key=name) for name in strange]
    return await _Look(scope, known, around, on_progress).look_at(found)


def _leads_to(place: str) -> str:
    """Return what a path or URL names in the end: the file of a port or of a Modbus line, or the address as it is."""
    scheme, separator, path = place.partition("://")
    return place if separator and scheme != "modbus-rtu" else os.path.realpath(path or place)


def _is_at(port: Port, name: str, device: str) -> bool:
    """Tell whether a port is meant by a name, which leads to `device`: a port has several."""
    return name in (port.path, port.key) or port.device == device


class _Look:
    """One scan in progress."""

    def __init__(
        self,
        scope: Scope,
        known: Mapping[str, KnownDevice],
        around: Surroundings,
        on_progress: Callable[[float, str], None],
    ) -> None:
        self._scope = scope
        self._known = known  # by what its place leads to
        self._around = around
        self._on_progress = on_progress
        self._gate = asyncio.Semaphore(AT_ONCE)
        self._waiting: list[str] = []

    async def look_at(self, found: list[Port]) -> list[ScannedDevice]:
        """Return every port, then the gateways that were heard."""
        listens = self._scope.probing and not self._scope.only
        works = [(port.path, self._look(port)) for port in found]  # two may have one name, as emulated hotspots do
        if listens:
            works += [(LISTENING, self._listen()), (BLUETOOTH, self._bluetooth(None))]
        if not self._scope.only:
            works.append((MODEM_MANAGER, self._managed(None)))  # no modem is asked anything
        self._waiting = [name for name, _ in works]
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(self._to_the_end(name, work, len(works)), name=f"scan {name}") for name, work in works
            ]
        gateways_known = () if self._scope.only else self._scope.known
        return [device for task in tasks for device in task.result()] + [
            known_gateway(device) for device in gateways_known if device.kind in GATEWAYS
        ]

    async def _listen(self) -> list[ScannedDevice]:
        heard = await gateways(self._scope.listen, clock=self._around.clock, limit_s=GATEWAYS_S)
        return [heard_device(gateway) for gateway in heard]

    async def _bluetooth(self, bus: str | None) -> list[ScannedDevice]:
        found = await nearby(clock=self._around.clock, probing=self._scope.probing, bus=bus)
        devices = [hotspot_device(hotspot) for hotspot in found.hotspots]
        if found.problem is not None:
            port = Port(path="ble:", key="ble:")
            devices.append(ScannedDevice(port=port, guess=HOTSPOT, problem=found.problem))
        return devices

    async def _managed(self, bus: str | None) -> list[ScannedDevice]:
        return [managed_modem(modem, self._scope.known) for modem in await managed_modems(bus)]

    async def _look(self, port: Port) -> list[ScannedDevice]:
        if manager := announced_manager(port.path):
            return await self._managed(manager)
        if port.device is not None and (bus := announced_bus(port.device)) and self._scope.probing:
            return await self._bluetooth(bus)
        async with self._gate:
            return [await self._ask(port)]

    async def _to_the_end(
        self, name: str, work: Coroutine[Any, Any, list[ScannedDevice]], total: int
    ) -> list[ScannedDevice]:
        try:
            devices = await work
        except Exception:  # noqa: BLE001 - outer edge: a mistake at one port must not hide the others
            _log.exception("%s: the look failed", name)
            failed = LinkRefused(
                "E_SCAN_FAILED", f"Looking at {name} failed.", remedy="Report it with the lines above."
            )
            devices = [ScannedDevice(port=Port(path=name, key=name), guess=name, problem=failed.problem())]
        self._done(name, total)
        return devices

    def _done(self, name: str, total: int) -> None:
        self._waiting.remove(name)
        words = f"waiting for {min(self._waiting)}" if self._waiting else "done"
        more = f" and {len(self._waiting) - 1} more" if len(self._waiting) > 1 else ""
        self._on_progress(1 - len(self._waiting) / total, words + more)

    async def _ask(self, port: Port) -> ScannedDevice:
        kinds, words, lines_low = self._likely(port)
        known = self._known.get(_leads_to(port.device or port.path))
        if known is not None:
            return known_device(known, port, words)
        if not self._scope.probing or not kinds:
            return ScannedDevice(port=port, guess=words)
        try:
            async with self._around.clock.timeout(PORT_LIMIT_S):
                identified = await probe(port.path, kinds, self._around, lines_low=lines_low, any_speed=port.announced)
        except LinkRefused as error:
            return ScannedDevice(port=port, guess=words, problem=error.problem())
        except (BridgeError, TimeoutError):
            detail = f"{port.path} went away while it was asked."
            gone = LinkRefused("E_PORT_GONE", detail, remedy="Plug it in and scan again.")
            return ScannedDevice(port=port, guess=words, problem=(await _shared(port) or gone).problem())
        if identified is None:
            taken = await _shared(port)
            return ScannedDevice(port=port, guess=words, problem=None if taken is None else taken.problem(), asked=True)
        port = replace(port, path=identified.url or port.path)
        silent = None
        if not identified.identity:
            detail = f"{port.path} answered like a {identified.kind} device, but did not say who it is."
            remedy = "Scan again; unplug the device for a moment if that does not help."
            silent = LinkRefused("E_DEVICE_SILENT", detail, remedy=remedy).problem()
        return ScannedDevice(
            port=port, guess=words, kind=identified.kind, identity=identified.identity, problem=silent, asked=True
        )

    def _likely(self, port: Port) -> tuple[frozenset[str], str, bool]:
        """Return the kinds to ask for, a guess in words, and whether DTR and RTS stay low."""
        also = self._scope.also
        if port.path.startswith("modbus-"):
            return frozenset({"sunspec"}), EMULATED if port.announced else "Modbus bus", False
        guess = candidate(vid=port.vid, pid=port.pid, product=port.product, interface=port.interface)
        if port.path.startswith("ble:"):
            return frozenset(), HOTSPOT, False
        if port.announced:  # an emulator of our own: nothing can be harmed
            return guess.kinds | {"iec62056"}, EMULATED, False
        return guess.kinds | also, guess.guess, guess.lines_low


async def _shared(port: Port) -> LinkRefused | None:
    return await asyncio.get_running_loop().run_in_executor(None, shared, port.device or port.path)
