"""One serial line for all the meters on it: who may speak, what is heard, and whose number is whose.

`meter.iec62056_device` asks `MeterLines.use` for a place on a line. A dialogue is one turn, turns are taken in order,
and the silence of one meter costs the others the few seconds of its own turn. The line is opened by its first user and
closed by its last; its loss ends the dialogues of all.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from skerry_core.clock import Clock
from skerry_firmware_bridge.beside import beside
from skerry_firmware_bridge.errors import FrameRejected, LinkLost, LinkRefused
from skerry_firmware_bridge.links.base import BaudLink, Link, LinkOpener
from skerry_firmware_bridge.links.settings import SerialSettings
from skerry_firmware_bridge.meter.iec62056 import BAUDS, plain_address

__all__ = ["LINE", "MeterLine", "MeterLines"]

# 7E1 on the wire, made in software out of 8N1: the bits are the same, and every port and network server can do it.
# Optical heads take their power from DTR, which the system raises when the port is opened.
LINE = SerialSettings(baudrate=BAUDS[0])
TURN_PAUSE_S = 0.25  # a meter that was just let go is back at its opening speed
SETTLE_S = 1.5  # the longest that a meter lets others wait for its next character
SETTLE_LIMIT_S = 30.0  # a readout that nobody waits for any more is over by then, or somebody speaks without end
UNREAD_LIMIT = 16_384  # bytes kept for a dialogue that does not read them
SLASH = 0x2F  # begins every answer; its parity bit is set, unless something between here and the meter takes parity off
DAMAGED = 0x00  # stands for a byte with a wrong parity, so that the block check finds it


class MeterLines:
    """The lines in use; meters that name the same port share it, each with its own number."""

    def __init__(self) -> None:
        self._open: dict[str, MeterLine] = {}

    @asynccontextmanager
    async def use(self, url: str, *, address: str, open_link: LinkOpener, clock: Clock) -> AsyncIterator["MeterLine"]:
        """Give a place on a line for the length of the body. Raises `LinkRefused`."""
        line = self._open.get(url)
        if line is None or line.is_lost:
            line = self._open[url] = MeterLine(url, clock=clock)
        line.enter(address)
        try:
            await line.connect(open_link)
            async with beside(line.listen(), name=f"{url}: listen"):
                yield line
        finally:
            if line.leave(address):
                if self._open.get(url) is line:
                    del self._open[url]
                await line.close()


class MeterLine(Link):
    """One open line with even parity; what is read belongs to whoever has the turn. `speed`: where it can change."""

    def __init__(self, url: str, *, clock: Clock) -> None:
        self.key = self.url = url
        self.speed: BaudLink | None = None
        self._clock = clock
        self._link: Link | None = None
        self._numbers: dict[str, str | None] = {}  # by the address of each meter in use: the number that it has told
        self._opening, self._turn, self._one_listener = asyncio.Lock(), asyncio.Lock(), asyncio.Lock()
        self._rest_s = 0.0  # silence to wait for before the next turn
        self._heard = bytearray()
        self._has_parity: bool | None = None  # not known before the first slash of a turn
        self._news, self._gone = asyncio.Event(), asyncio.Event()

    @property
    def is_lost(self) -> bool:
        """Tell whether the port is gone; such a line is not used again."""
        return self._gone.is_set()

    def enter(self, address: str) -> None:
        """Note a meter. Raises `LinkRefused` when it could not be told from another one on the line."""
        mine = plain_address(address)
        if self._numbers and (mine in self._numbers or "" in {mine, *self._numbers}):
            raise LinkRefused(
                "E_METER_ADDRESS",
                f"Several meters on {self.url} cannot be told apart.",
                remedy="Give each of them its own number with the option address.",
            )
        self._numbers[mine] = None

    def leave(self, address: str) -> bool:
        """Forget a meter; return whether it was the last."""
        del self._numbers[plain_address(address)]
        return not self._numbers

    async def connect(self, open_link: LinkOpener) -> None:
        """Open the port unless it is open. Raises `LinkRefused`, `LinkLost`."""
        async with self._opening:
            if self._link is not None:
                return
            link = await open_link(self.url, LINE)
            try:
                self.speed = await _changeable(link)
            except LinkLost:
                await link.close()
                raise
            self._link = link

    async def listen(self) -> None:
        """Hear the line until it is lost. Every user runs this; one at a time listens, and the next takes over."""
        async with self._one_listener:
            link = self._open_link()
            try:
                while True:
                    self._hear(await link.read())
            except LinkLost:
                self._gone.set()
                self._news.set()
                await link.close()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Have the line to oneself. After a dialogue that broke off, nobody may be speaking any more.

        Raises `LinkLost`, `FrameRejected` babble.
        """
        async with self._turn:
            await self._settle()
            self._rest_s = SETTLE_S
            yield
            self._rest_s = TURN_PAUSE_S

    def claim(self, address: str, number: str) -> None:
        """Note the number that a meter has told. Raises `FrameRejected` another_meter for one that is another's."""
        mine, told = plain_address(address), plain_address(number)
        if mine != told:
            for other, known in self._numbers.items():
                if other != mine and told in (other, known):
                    raise FrameRejected("another_meter", detail=f"meter {number} answered to the number {address}")
        self._numbers[mine] = told

    async def watch(self) -> None:
        """Wait until the line is lost. Raises `LinkLost`, never returns."""
        await self._gone.wait()
        self._open_link()

    async def read(self) -> bytes:
        while not self._heard:
            self._open_link()
            self._news.clear()
            await self._news.wait()
        heard = bytes(self._heard)
        self._heard.clear()
        return heard

    async def write(self, data: bytes) -> None:
        await self._open_link().write(bytes(byte | 0x80 if byte.bit_count() % 2 else byte for byte in data))

    async def close(self) -> None:
        self._gone.set()
        self._news.set()
        if self._link is not None:
            await self._link.close()

    def _open_link(self) -> Link:
        if self._link is None or self.is_lost:
            raise LinkLost(f"the meters' line {self.url} is gone")
        return self._link

    def _hear(self, data: bytes) -> None:
        """Keep what belongs to a dialogue."""
        if self._turn.locked() and len(self._heard) < UNREAD_LIMIT:
            self._heard += bytes(map(self._seven_bits, data))
            self._news.set()

    def _seven_bits(self, byte: int) -> int:
        """Take the parity off, and look at it where there is one: two meters at once often pass the block check."""
        if self._has_parity is None and byte & 0x7F == SLASH:
            self._has_parity = byte > 0x7F
        return DAMAGED if self._has_parity and byte.bit_count() % 2 else byte & 0x7F

    async def _settle(self) -> None:
        """Wait for silence. Raises `FrameRejected` babble when somebody speaks without end, `LinkLost`."""
        self._heard.clear()
        self._has_parity = None
        try:
            async with self._clock.timeout(SETTLE_LIMIT_S):
                while self._rest_s and await self._hears_within(self._rest_s):
                    pass
        except TimeoutError:
            raise FrameRejected("babble", detail="somebody on the line speaks without being asked") from None

    async def _hears_within(self, limit_s: float) -> bool:
        try:
            async with self._clock.timeout(limit_s):
                return bool(await self.read())
        except TimeoutError:
            return False


async def _changeable(link: Link) -> BaudLink | None:
    """Return the link where its speed can be changed: a bare network socket's far end keeps its own."""
    if isinstance(link, BaudLink):
        with suppress(NotImplementedError):
            await link.set_baud(BAUDS[0])
            return link
    return None
