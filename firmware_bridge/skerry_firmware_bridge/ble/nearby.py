"""Hotspots in reach, for `skerry devices scan`: found by their service, asked who they are.

bleak finds BlueZ by the environment of its process only, so another bus - a running emulator's - is looked at by a
child process with an environment of its own: this module, run as a program.
"""

import asyncio
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from skerry_core.clock import NS_PER_S, Clock, SystemClock, io_timeout
from skerry_firmware_bridge.errors import BridgeError, LinkRefused

__all__ = ["BUS_VARIABLE", "LIMIT_S", "Nearby", "NearbyHotspot", "announced_bus", "announcement", "nearby"]

LIMIT_S = 4.0  # a hotspot advertises several times a second; BlueZ needs a moment to begin
IDENTITY_LIMIT_S = 20.0  # for one hotspot, connecting included
CHILD_START_S = 10.0  # a Pi imports slowly
MOST_ASKED = 16  # hotspots; more are listed, not asked...
ASK_UNTIL_S = 20.0  # ...nor those whose turn comes later, because others do not answer
ANSWER_LIMIT_BYTES = 1 << 20
BUS_VARIABLE = "DBUS_SYSTEM_BUS_ADDRESS"
_ASKED = ("public_key", "serial_number", "firmware_revision", "mac")


@dataclass(frozen=True, slots=True, kw_only=True)
class NearbyHotspot:
    """A hotspot that advertises. `bus` is the private bus it was heard on, None for this computer's own Bluetooth.

    `identity` holds public_key, serial_number, firmware_revision and mac, None where it does not say; empty when it
    was not asked. `problem` (code, detail, remedy) says why it could not be asked.
    """

    address: str
    name: str
    rssi_dbm: int | None
    identity: Mapping[str, str | None] = field(default_factory=dict)
    problem: Mapping[str, str] | None = None
    bus: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Nearby:
    """What was heard; `problem` (code, detail, remedy) is set where there is Bluetooth that cannot be used."""

    hotspots: tuple[NearbyHotspot, ...] = ()
    problem: Mapping[str, str] | None = None


def announcement(address: str, bus: str) -> str:
    """Return the line by which an emulator tells in its `.url` file where its hotspot is."""
    return f"ble:{address} bus={bus}"


def announced_bus(line: str) -> str | None:
    """Return the private bus that an emulator's line names, None for another device's line."""
    place, separator, bus = line.strip().partition(" bus=")
    return bus if separator and bus and place.startswith("ble:") else None


async def nearby(*, clock: Clock, limit_s: float = LIMIT_S, probing: bool = True, bus: str | None = None) -> Nearby:
    """Listen for hotspots for `limit_s` seconds and, when `probing`, read who each is, one after the other.

    `bus` is the address of a private D-Bus to look at instead of the system's. Where there is no Bluetooth at all the
    answer is empty. Never raises for Bluetooth's sake.
    """
    if bus is not None:
        return await _on_other_bus(bus, limit_s=limit_s, probing=probing)
    from skerry_firmware_bridge.ble.availability import ABSENT
    from skerry_firmware_bridge.ble.scanning import find_hotspots

    try:
        found = await find_hotspots(scan_s=limit_s)
    except LinkRefused as error:
        return Nearby() if error.code in ABSENT else Nearby(problem=error.problem())
    hotspots = [NearbyHotspot(address=one.address, name=one.name, rssi_dbm=one.rssi_dbm) for one in found]
    if probing:
        hotspots[:MOST_ASKED] = await _identified(hotspots[:MOST_ASKED], clock=clock, scan_s=limit_s)
    return Nearby(hotspots=tuple(hotspots))


async def _identified(found: Sequence[NearbyHotspot], *, clock: Clock, scan_s: float) -> list[NearbyHotspot]:
    from skerry_firmware_bridge.ble.connecting import Central
    from skerry_firmware_bridge.ble.hotspot import Hotspot

    central = Central(clock=clock, scan_s=scan_s)

    async def ask(one: NearbyHotspot) -> NearbyHotspot:
        identity: Mapping[str, str | None] = {}
        problem: Mapping[str, str] | None = None
        try:
            async with clock.timeout(IDENTITY_LIMIT_S), central.connected(one.address) as connection:
                known = await Hotspot(connection, clock=clock).identity()
                identity = {name: known[name] for name in _ASKED}
        except LinkRefused as error:
            problem = error.problem()
        except (BridgeError, TimeoutError) as error:
            why = str(error) or f"no answer within {IDENTITY_LIMIT_S:g} s"
            detail = f"The hotspot does not say who it is: {why}."
            problem = LinkRefused("E_BLE_SILENT", detail, remedy="Go nearer and scan again.").problem()
        return NearbyHotspot(
            address=one.address, name=one.name, rssi_dbm=one.rssi_dbm, identity=identity, problem=problem
        )

    until_ns = clock.monotonic_ns() + round(ASK_UNTIL_S * NS_PER_S)
    return [await ask(one) if clock.monotonic_ns() < until_ns else one for one in found]


async def _on_other_bus(bus: str, *, limit_s: float, probing: bool) -> Nearby:
    """Run this module with `bus` in its environment and read what it prints; a bus that is gone has no hotspots."""
    limit = CHILD_START_S + limit_s + (IDENTITY_LIMIT_S if probing else 0)
    paths = os.pathsep.join(path for path in sys.path if path)  # a packaged starter sets it by hand
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", __name__, str(limit_s), *(["--probe"] if probing else []),
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        env=os.environ | {"PYTHONPATH": paths, BUS_VARIABLE: bus},
    )  # fmt: skip
    assert process.stdout is not None
    try:
        async with io_timeout(limit):
            answer = await _all_of(process.stdout)
            await process.wait()
    except TimeoutError:
        return Nearby(problem=_silent(f"the bus {bus} did not answer within {limit:g} s"))
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return _read_answer(answer, bus)


async def _all_of(stream: asyncio.StreamReader) -> bytes:
    found = bytearray()
    while len(found) < ANSWER_LIMIT_BYTES and (part := await stream.read(ANSWER_LIMIT_BYTES)):
        found += part
    return bytes(found)


def _read_answer(answer: bytes, bus: str) -> Nearby:
    try:
        stored: Any = json.loads(answer)
        hotspots = tuple(NearbyHotspot(**{**one, "bus": bus}) for one in stored["hotspots"])
        return Nearby(hotspots=hotspots, problem=stored["problem"])
    except (ValueError, KeyError, TypeError):
        return Nearby(problem=_silent(f"the look at the bus {bus} ended without an answer"))


def _silent(why: str) -> dict[str, str]:
    detail = f"The emulated hotspot could not be looked for: {why}."
    return LinkRefused("E_BLE_SCAN", detail, remedy="Start it again: skerry simulate helium-hotspot").problem()


async def _main(arguments: Sequence[str]) -> None:
    found = await nearby(clock=SystemClock(), limit_s=float(arguments[0]), probing="--probe" in arguments)
    sys.stdout.write(json.dumps(asdict(found), default=dict))


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1:]))
