"""One look at all ports for `skerry devices scan`: candidates, probes, and why a port cannot be opened."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from skerry_firmware_bridge.device import Surroundings, Values
from skerry_firmware_bridge.discovery.catalog import candidate
from skerry_firmware_bridge.discovery.ports import Port, list_ports
from skerry_firmware_bridge.discovery.probe import probe
from skerry_firmware_bridge.errors import LinkRefused

__all__ = ["ScannedDevice", "scan"]

AT_ONCE = 8  # ports probed at the same time


@dataclass(frozen=True, slots=True, kw_only=True)
class ScannedDevice:
    """What one port turned out to be. `kind` None = nothing answered; `problem` = why it could not be asked."""

    port: Port
    guess: str
    kind: str | None = None
    identity: Values = field(default_factory=dict)
    problem: Mapping[str, str] | None = None

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
        }


async def scan(
    *,
    around: Surroundings,
    announced: Path | None = None,
    ports: Callable[..., list[Port]] = list_ports,
    probing: bool = True,
) -> list[ScannedDevice]:
    """Look at every port, several at once. Never raises for a port's sake. `probing` False only lists."""
    with around.clock.hold("list ports"):
        found = await asyncio.to_thread(ports, announced=announced)
    gate = asyncio.Semaphore(AT_ONCE)

    async def look(port: Port) -> ScannedDevice:
        async with gate:
            return await _look(port, around, probing=probing)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(look(port), name=f"scan {port.path}") for port in found]
    return [task.result() for task in tasks]


async def _look(port: Port, around: Surroundings, *, probing: bool) -> ScannedDevice:
    guess = candidate(vid=port.vid, pid=port.pid, product=port.product, interface=port.interface)
    kinds, words = guess.kinds, guess.guess
    if "://" in port.path:
        kinds, words = ("sunspec",) if port.path.startswith("modbus-") else (), "announced network device"
    elif port.announced:
        kinds, words = (*kinds, "iec62056"), "announced serial device"
    if not probing or not kinds:
        return ScannedDevice(port=port, guess=words)
    try:
        identified = await probe(port.path, kinds, around)
    except LinkRefused as error:
        problem = {"code": error.code, "detail": error.detail, "remedy": error.remedy}
        return ScannedDevice(port=port, guess=words, problem=problem)
    if identified is None:
        return ScannedDevice(port=port, guess=words)
    return ScannedDevice(port=port, guess=words, kind=identified.kind, identity=identified.identity)
