"""Asks a port who it is: harmlessly, in the order of serial-devices 3, each on a fresh open with its own limit."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

from skerry_core.clock import Clock
from skerry_firmware_bridge.device import DeviceConfig, Surroundings, Values
from skerry_firmware_bridge.drivers import DRIVERS
from skerry_firmware_bridge.errors import BridgeError, LinkRefused
from skerry_firmware_bridge.links.settings import SerialSettings

__all__ = ["LIMITS_S", "Identified", "probe"]

# Seconds per question. The P1 limits are the meters' own periods and a bit.
LIMITS_S = {
    "sx1302-usb": 2.6,
    "picogw": 1.6,
    "modem": 7.0,
    "p1": 12.0,
    "p1-v2": 22.0,
    "sunspec": 15.0,
    "iec62056": 60.0,
}
LISTEN_S = 1.2  # a version 5 meter speaks every second
LISTENED = {"p1", "p1-v2"}
GENTLE = {"gentle": 1}  # an identity without touching the device's state


@dataclass(frozen=True, slots=True, kw_only=True)
class Identified:
    """The port answered as a device of `kind`."""

    kind: str
    identity: Values


async def probe(url: str, kinds: tuple[str, ...], around: Surroundings) -> Identified | None:
    """Return what the port is, None when nothing answers. Raises `LinkRefused` when it cannot be opened."""
    for kind in await _talkers_first(url, kinds, around):
        identity = await _ask(url, kind, around)
        if identity is not None:
            return Identified(kind=kind, identity=identity)
    return None


async def _ask(url: str, kind: str, around: Surroundings) -> Values | None:
    config = DeviceConfig(device_id=url, kind=kind, url=url, options=GENTLE)
    identity: Values | None = None

    async def identify() -> None:
        nonlocal identity
        async with DRIVERS[kind].open(config, around) as session:
            identity = await session.identify()

    with suppress(TimeoutError):
        await _limited(identify, around.clock, LIMITS_S[kind])
    return identity


async def _talkers_first(url: str, kinds: tuple[str, ...], around: Surroundings) -> tuple[str, ...]:
    """Listen before anything is written: a port that speaks by itself in telegrams is asked as a meter first."""
    if not LISTENED.intersection(kinds):
        return kinds
    link = await around.open_link(url, SerialSettings())
    heard = b""

    async def listen() -> None:
        nonlocal heard
        while b"/" not in heard:
            heard += await link.read()

    try:
        with suppress(TimeoutError):
            await _limited(listen, around.clock, LISTEN_S)
    finally:
        await link.close()
    meters = tuple(kind for kind in kinds if kind in LISTENED)
    return meters + tuple(kind for kind in kinds if kind not in LISTENED) if b"/" in heard else kinds


async def _limited(work: Callable[[], Awaitable[None]], clock: Clock, limit_s: float) -> None:
    try:
        async with clock.timeout(limit_s):
            await work()
    except LinkRefused:
        raise
    except BridgeError:
        return  # it answered something else, or nothing: not this kind
