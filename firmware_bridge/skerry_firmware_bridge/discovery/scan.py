"""One look at everything that is attached, for `skerry devices scan`: what it probably is, and why it cannot be asked.

Serial ports, Bluetooth hotspots and gateways on the network are asked at the same time; the slowest takes 20 s.
"""

import asyncio
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from skerry_firmware_bridge.at_radio.dialects import DIALECTS
from skerry_firmware_bridge.device import Surroundings, Values
from skerry_firmware_bridge.discovery.catalog import candidate
from skerry_firmware_bridge.discovery.gateways import GatewayHeard, ListenFor, gateways
from skerry_firmware_bridge.discovery.ports import Port, list_ports
from skerry_firmware_bridge.discovery.probe import probe
from skerry_firmware_bridge.errors import BridgeError, LinkRefused

__all__ = ["GATEWAYS", "KnownDevice", "ScannedDevice", "Scope", "scan"]

AT_ONCE = 32  # ports asked at the same time; each mostly waits
GATEWAYS_S = 12.0  # a packet forwarder's keepalive comes every ten seconds at the latest
PORT_LIMIT_S = 60.0  # nothing here takes half of that; a port must not be able to hold up the others
LISTENING = "gateways on the network"
EMULATED = "emulated device"
GATEWAYS = {"gwmp": "packet forwarder (Semtech UDP)", "station": "LoRa Basics Station"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ScannedDevice:
    """What one port turned out to be. `kind` None = nothing answered; `problem` = why it could not be asked;
    `device_id` = the running agent uses it under this id."""

    port: Port
    guess: str
    kind: str | None = None
    identity: Values = field(default_factory=dict)
    problem: Mapping[str, str] | None = None
    device_id: str | None = None

    @property
    def setting(self) -> tuple[str, str] | None:
        """The setting that lets the agent use the device, and the value to add there; None where it needs none."""
        if self.kind == "station":
            return "station.listen", self.port.path.removeprefix("ws://")
        if self.kind is None or self.kind in {"gwmp", "helium-ble"}:
            return None
        radio = self.kind in DIALECTS or self.kind == "gwmp-serial"
        return "serial.radios" if radio else "devices.attached", f"{self.kind}:{self.port.path}"

    def to_json(self) -> dict[str, Any]:
        """Return the device for `--json`; `url` and `kind` are what a settings file needs."""
        return {
            "url": self.port.path,
            "key": self.port.key,
            "usb": None if self.port.vid is None else f"{self.port.vid:04x}:{self.port.pid or 0:04x}",
            "product": self.port.product,
            "by_path": self.port.by_path,
            "guess": self.guess,
            "kind": self.kind,
            "identity": dict(self.identity),
            "problem": None if self.problem is None else dict(self.problem),
            "device_id": self.device_id,
            "setting": None if self.setting is None else dict(zip(("name", "value"), self.setting, strict=True)),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownDevice:
    """A device of the running agent; `place` is its path, URL or, for a gateway, its EUI."""

    device_id: str
    kind: str
    place: str
    identity: Values = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What to look at. `probing` False sends nothing. `only` = these paths or URLs alone, none = everything.

    `also` = kinds to ask for though writing to an unknown bus is not harmless (sunspec, iec62056). `known` = what the
    running agent uses, as path or URL -> device id: such a port is not asked, and is no problem. `listen` = where
    gateways would speak to the agent.
    """

    probing: bool = True
    only: tuple[str, ...] = ()
    also: frozenset[str] = frozenset()
    known: tuple["KnownDevice", ...] = ()
    listen: ListenFor = field(default_factory=ListenFor)


async def scan(
    scope: Scope,
    *,
    around: Surroundings,
    announced: Path | None = None,
    ports: Callable[..., list[Port]] = list_ports,
    on_progress: Callable[[float, str], None] = lambda _fraction, _words: None,
) -> list[ScannedDevice]:
    """Look at everything, several at once. Never raises for a port's sake."""
    with around.clock.hold("list ports"):
        found = await asyncio.to_thread(ports, announced=announced)
        known = await asyncio.to_thread(lambda: {os.path.realpath(device.place): device for device in scope.known})
    if scope.only:
        found = [port for port in found if port.path in scope.only or port.key in scope.only]
        found += [Port(path=name, key=name) for name in scope.only if not _has(found, name)]
    return await _Scan(scope, known, around, on_progress).look_at(found)


def _has(found: list[Port], name: str) -> bool:
    return any(name in (port.path, port.key) for port in found)


class _Scan:
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
        self._waiting: set[str] = set()

    async def look_at(self, found: list[Port]) -> list[ScannedDevice]:
        """Return every port, then the gateways that were heard."""
        listens = self._scope.probing and not self._scope.only
        self._waiting = {port.path for port in found} | ({LISTENING} if listens else set())
        total = len(self._waiting)
        async with asyncio.TaskGroup() as group:
            looks = [group.create_task(self._look(port, total), name=f"scan {port.path}") for port in found]
            heard = group.create_task(self._listen(total), name=f"scan {LISTENING}") if listens else None
        others = [] if heard is None else [_heard_device(gateway) for gateway in heard.result()]
        if not self._scope.only:
            others += [_known_gateway(device) for device in self._scope.known if device.kind in GATEWAYS]
        return [look.result() for look in looks] + others

    async def _listen(self, total: int) -> list[GatewayHeard]:
        heard = await gateways(self._scope.listen, clock=self._around.clock, limit_s=GATEWAYS_S)
        self._done(LISTENING, total)
        return heard

    async def _look(self, port: Port, total: int) -> ScannedDevice:
        async with self._gate:
            device = await self._ask(port)
        self._done(port.path, total)
        return device

    def _done(self, name: str, total: int) -> None:
        self._waiting.discard(name)
        words = f"waiting for {min(self._waiting)}" if self._waiting else "done"
        more = f" and {len(self._waiting) - 1} more" if len(self._waiting) > 1 else ""
        self._on_progress(1 - len(self._waiting) / total, words + more)

    async def _ask(self, port: Port) -> ScannedDevice:
        kinds, words, lines_low = self._likely(port)
        known = self._known.get(port.device or port.path)
        if known is not None:
            return _known_device(known, port, words)
        if not self._scope.probing or not kinds:
            return ScannedDevice(port=port, guess=words)
        try:
            async with self._around.clock.timeout(PORT_LIMIT_S):
                identified = await probe(port.path, kinds, self._around, lines_low=lines_low, any_speed=port.announced)
        except LinkRefused as error:
            return ScannedDevice(port=port, guess=words, problem=_problem(error.code, error.detail, error.remedy))
        except (BridgeError, TimeoutError):
            gone = _problem("E_PORT_GONE", f"{port.path} went away while it was asked.", "Plug it in and scan again.")
            return ScannedDevice(port=port, guess=words, problem=gone)
        if identified is None:
            return ScannedDevice(port=port, guess=words)
        port = replace(port, path=identified.url or port.path)
        silent = None
        if not identified.identity:
            silent = _problem(
                "E_DEVICE_SILENT", f"{port.path} answered like a {identified.kind} device, but did not say who it is.",
                "Scan again; unplug the device for a moment if that does not help.",
            )  # fmt: skip
        return ScannedDevice(port=port, guess=words, kind=identified.kind, identity=identified.identity, problem=silent)

    def _likely(self, port: Port) -> tuple[frozenset[str], str, bool]:
        """Return the kinds to ask for, a guess in words, and whether DTR and RTS stay low."""
        also = self._scope.also
        if port.path.startswith("modbus-"):
            return frozenset({"sunspec"}), EMULATED if port.announced else "Modbus bus", False
        guess = candidate(vid=port.vid, pid=port.pid, product=port.product, interface=port.interface)
        if port.announced:  # an emulator of our own: nothing can be harmed
            return guess.kinds | {"iec62056"}, EMULATED, False
        return guess.kinds | also, guess.guess, guess.lines_low


def _known_device(known: KnownDevice, port: Port, words: str) -> ScannedDevice:
    return ScannedDevice(
        port=port, guess=words, kind=known.kind, identity=known.identity, device_id=known.device_id
    )  # fmt: skip


def _known_gateway(known: KnownDevice) -> ScannedDevice:
    identity = {"eui": known.place, **known.identity}
    port = Port(path=known.device_id, key=known.place)
    return _known_device(replace(known, identity=identity), port, GATEWAYS[known.kind])


def _heard_device(gateway: GatewayHeard) -> ScannedDevice:
    eui = str(gateway.identity.get("eui", ""))
    words = GATEWAYS[gateway.kind]
    port = Port(path=gateway.url, key=eui or gateway.url)
    if gateway.refused is not None:
        error = gateway.refused
        return ScannedDevice(port=port, guess=words, problem=_problem(error.code, error.detail, error.remedy))
    return ScannedDevice(port=port, guess=words, kind=gateway.kind, identity=gateway.identity)


def _problem(code: str, detail: str, remedy: str) -> Mapping[str, str]:
    return {"code": code, "detail": detail, "remedy": remedy}
