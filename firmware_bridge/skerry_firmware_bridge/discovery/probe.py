"""Asks a port who it is: harmlessly, in the order of serial-devices 3, one opening for each speed, each with a limit.

A port that speaks is listened to first. Binary chatter may be a bus that others share, so nothing is written there.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from types import TracebackType
from typing import Self

from skerry_core.clock import NS_PER_S
from skerry_firmware_bridge.at_radio.dialects import DIALECTS
from skerry_firmware_bridge.device import DeviceConfig, Surroundings, Values
from skerry_firmware_bridge.discovery.lora import lora_identity
from skerry_firmware_bridge.discovery.questions import FAST, QUESTIONS, WHICH_AT, Question, is_bus
from skerry_firmware_bridge.discovery.talkers import Identified, talker
from skerry_firmware_bridge.drivers import DRIVERS
from skerry_firmware_bridge.errors import BridgeError, LinkRefused
from skerry_firmware_bridge.links.base import Link
from skerry_firmware_bridge.links.settings import Pin, SerialSettings

__all__ = ["Identified", "probe"]

TALKERS = frozenset({"gwmp-serial", "p1", "p1-v2"})  # they speak by themselves; nothing needs to be asked
HEARD_BYTES = 16 * 1024  # kept of what a port says; the longest telegram or frame is half of it
IDENTITY_LIMIT_S = 20.0  # a readout at 300 baud; every other driver says who its device is within three
SHORT_S = 1.2  # a version 5 meter speaks every second
PERIOD_S = 12.0  # old meters and packet forwarders speak every ten; counted from the opening of the port
MODBUS = "modbus-"
SLOW = SerialSettings(baudrate=9600)
GENTLE = {"gentle": 1}  # an identity without touching the device's state


async def probe(
    url: str, kinds: frozenset[str], around: Surroundings, *, lines_low: bool = False, any_speed: bool = False
) -> Identified | None:
    """Return what the port is, None when nothing answers.

    `lines_low` opens it with DTR and RTS low; `any_speed` = it is a pseudo-terminal. Raises `LinkRefused` when it
    cannot be opened, `LinkLost` when it goes meanwhile.
    """
    if url.startswith(MODBUS):
        return await _sunspec(url, around)
    async with _Line(url, around, kinds, lines_low=lines_low) as line:
        kind = await _talk(line, kinds, any_speed=any_speed)
        baudrate = line.baudrate
    if kind in TALKERS:
        return line.talker
    if kind is None:
        return await _sunspec(f"modbus-rtu://{url}", around) if "sunspec" in kinds else None
    with suppress(TimeoutError, BridgeError):
        async with around.clock.timeout(IDENTITY_LIMIT_S):
            return Identified(kind=kind, identity=await _identity(url, kind, around, baudrate=baudrate))
    return Identified(kind=kind)


async def _sunspec(url: str, around: Surroundings) -> Identified | None:
    """Ask a Modbus bus, which its owner has named, for a SunSpec device at address 1."""
    try:
        async with around.clock.timeout(IDENTITY_LIMIT_S):
            return Identified(kind="sunspec", identity=await _identity(url, "sunspec", around), url=url)
    except LinkRefused:
        raise
    except (TimeoutError, BridgeError):
        return None


async def _talk(line: "_Line", kinds: frozenset[str], *, any_speed: bool) -> str | None:
    """Listen, ask at the usual speed, listen for as long as slow talkers need, then ask at the other speeds.

    `any_speed`: a terminal without a speed answers every question, so all come before the long wait.
    """
    fast = [question for question in QUESTIONS if any_speed or question.settings == FAST]
    slow = [question for question in QUESTIONS if question not in fast]
    kind = await line.listen(SHORT_S, FAST)
    is_shared = is_bus(line.heard)
    if kind is None and not is_shared:
        kind = await _ask_all(line, kinds, fast)
    if kind is None:
        kind = await line.listen(PERIOD_S, FAST)
    speaks = bool(line.heard)
    if kind is None and not is_shared:
        kind = await _ask_all(line, kinds, slow)
    if kind is None and speaks:  # a slower meter, heard at the wrong speed
        kind = await line.listen(PERIOD_S, SLOW)
    return kind


async def _ask_all(line: "_Line", kinds: frozenset[str], questions: list[Question]) -> str | None:
    for question in questions:
        kind = None if question.kinds.isdisjoint(kinds) else await line.ask(question)
        if kind == "modem" and "rak3172" in question.kinds & kinds:
            kind = await line.ask(replace(WHICH_AT, settings=question.settings)) or kind
        if kind in {*question.kinds, *TALKERS} or kind in DIALECTS:
            return kind
    return None


async def _identity(url: str, kind: str, around: Surroundings, *, baudrate: int = FAST.baudrate) -> Values:
    """`baudrate` is where a LoRa module has answered; every other driver knows its own."""
    if kind in DIALECTS:
        return await lora_identity(url, kind, around, baudrate=baudrate)
    config = DeviceConfig(device_id=url, kind=kind, url=url, options=GENTLE)
    async with DRIVERS[kind].open(config, around) as session:
        return await session.identify()


class _Line:
    """The port while it is asked: opened anew for every speed, with all that was heard since."""

    def __init__(self, url: str, around: Surroundings, kinds: frozenset[str], *, lines_low: bool) -> None:
        self.heard = b""
        self.talker: Identified | None = None
        self._url = url
        self._around = around
        self._pin = Pin.LOW if lines_low else Pin.LEAVE
        self._listens = not TALKERS.isdisjoint(kinds)
        self._link: Link | None = None
        self._settings: SerialSettings | None = None
        self._opened_ns = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._link is not None:
            await self._link.close()

    @property
    def baudrate(self) -> int:
        """The speed that the port has now."""
        return FAST.baudrate if self._settings is None else self._settings.baudrate

    async def listen(self, until_s: float, settings: SerialSettings) -> str | None:
        """Return the kind of device that speaks by itself within `until_s` of the port's opening at these settings."""
        if not self._listens:
            return None
        link = await self._open(settings)
        left_s = until_s - (self._around.clock.monotonic_ns() - self._opened_ns) / NS_PER_S
        return await self._hear(link, left_s, lambda _: None)

    async def ask(self, question: Question) -> str | None:
        """Say what the question says and return the kind that answers, or one that happens to speak by itself."""
        link = await self._open(question.settings)
        for words in question.says:
            await link.write(words)
            if kind := await self._hear(link, question.limit_s, question.tell):
                return kind
        return None

    async def _hear(self, link: Link, limit_s: float, tell: Callable[[bytes], str | None]) -> str | None:
        with suppress(TimeoutError):
            async with self._around.clock.timeout(max(limit_s, 0.0)):
                while True:
                    self.heard = (self.heard + await link.read())[-HEARD_BYTES:]
                    if kind := self._hear_talker() or tell(self.heard):
                        return kind
        return None

    async def _open(self, settings: SerialSettings) -> Link:
        if self._link is not None and self._settings == settings:
            return self._link
        if self._link is not None:
            await self._link.close()
        self._settings, self.heard = settings, b""
        self._opened_ns = self._around.clock.monotonic_ns()
        self._link = await self._around.open_link(self._url, replace(settings, dtr=self._pin, rts=self._pin))
        return self._link

    def _hear_talker(self) -> str | None:
        self.talker = talker(self.heard) if self._listens else None
        return None if self.talker is None else self.talker.kind
