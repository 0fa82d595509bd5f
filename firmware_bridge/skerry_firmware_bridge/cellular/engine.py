"""The AT engine: one command at a time over a `Link`, unsolicited lines apart, nothing waits for ever.

`cellular.modem` and the AT radios' drivers use it.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from skerry_core.clock import Clock
from skerry_firmware_bridge.beside import beside
from skerry_firmware_bridge.cellular.replies import Transcript, own_prefixes, read_transcript
from skerry_firmware_bridge.errors import BridgeError, DeviceTimeout, LinkLost
from skerry_firmware_bridge.links.base import Link

__all__ = ["AtEngine", "CommandFailed", "open_engine"]

COMMAND_TIMEOUT_S = 3.0  # ModemManager's for plain queries
SETTLE_S = 0.3  # silence that ends a late reply
SETTLE_LOOKS = 10  # a port that never falls silent is used all the same
REPLY_LIMIT = 65_536  # characters; an operator scan has a few thousand, more is a flood of junk


class CommandFailed(BridgeError):
    """The modem answered a command with an error; `code` is its CME or CMS number."""

    def __init__(self, command: str, *, final: str, code: int | None) -> None:
        super().__init__(f"{command}: {final}" + ("" if code is None else f" {code}"))
        self.command = command
        self.final = final
        self.code = code


def _answers_another(command: str, transcript: Transcript) -> bool:
    """Tell the late reply to a command that has timed out: its lines have a prefix, and it is another command's."""
    own = own_prefixes(command)
    prefixes = {line.partition(":")[0] for line in transcript.lines if line.startswith("+") and ":" in line}
    return bool(own and prefixes) and not own & prefixes


def _ignore(line: str) -> None:
    """Drop an unsolicited line nobody wants."""
    del line


@dataclass(slots=True)
class _Pending:
    command: str
    done: asyncio.Future[Transcript]
    received: str = ""


@asynccontextmanager
async def open_engine(
    link: Link, *, clock: Clock, on_urc: Callable[[str], None] | None = None
) -> AsyncIterator["AtEngine"]:
    """Run an engine on a link for the length of the body; the link stays the caller's."""
    engine = AtEngine(link, clock=clock, on_urc=on_urc or _ignore)
    async with beside(engine.pump(), name=f"{link.key}: AT read"):
        yield engine


class AtEngine:
    """Commands and replies on one port."""

    def __init__(self, link: Link, *, clock: Clock, on_urc: Callable[[str], None]) -> None:
        self._link = link
        self._clock = clock
        self._on_urc = on_urc
        self._one_at_a_time = asyncio.Lock()
        self._pending: _Pending | None = None
        self._idle_text = ""
        self._lost: LinkLost | None = None
        self._gone = asyncio.Event()
        self._unsettled = False
        self._pieces = 0

    async def ask(self, command: str, *, timeout_s: float = COMMAND_TIMEOUT_S) -> tuple[str, ...]:
        """Send `command` and return its reply lines. Raises `CommandFailed`, `DeviceTimeout`, `LinkLost`."""
        outcome = (transcript := await self.send(command, timeout_s=timeout_s)).outcome
        if outcome.final.is_error:
            raise CommandFailed(command, final=outcome.final.value, code=outcome.code)
        return transcript.lines

    async def send(self, command: str, *, timeout_s: float = COMMAND_TIMEOUT_S) -> Transcript:
        """Send `command` and return everything received for it. Raises `DeviceTimeout`, `LinkLost`."""
        async with self._one_at_a_time:
            await self._settle()
            if self._lost is not None:
                raise self._lost
            pending = _Pending(command, asyncio.get_running_loop().create_future())
            self._pending = pending
            try:
                async with self._clock.timeout(timeout_s):
                    await self._link.write(command.encode("latin-1") + b"\r")
                    return await pending.done
            except TimeoutError:
                self._unsettled = True
                raise DeviceTimeout(f"{command}: no answer within {timeout_s:g} s") from None
            finally:
                self._pending = None

    async def watch(self) -> None:
        """Wait until the link is lost. Raises `LinkLost`, never returns."""
        await self._gone.wait()
        raise self._lost or LinkLost("the AT port is gone")

    async def _settle(self) -> None:
        """After a command that timed out, wait for silence: a late reply would set all later ones off by one."""
        for _ in range(SETTLE_LOOKS):
            if not self._unsettled:
                return
            pieces = self._pieces
            await self._clock.sleep(SETTLE_S)
            self._unsettled = pieces != self._pieces

    async def pump(self) -> None:
        """Read the link until it is lost, which fails the pending command at once."""
        try:
            while True:
                self._feed((await self._link.read()).decode("latin-1"))
        except LinkLost as error:
            self._lost = error
            self._gone.set()
            if self._pending is not None and not self._pending.done.done():
                self._pending.done.set_exception(error)

    def _feed(self, text: str) -> None:
        self._pieces += 1
        pending = self._pending
        if pending is None or pending.done.done():
            self._feed_idle(text)
            return
        pending.received = (pending.received + text)[-REPLY_LIMIT:]
        if "\n" not in text and ">" not in text:
            return  # no line and no prompt has ended: a port full of junk must not cost a look at all of it per byte
        transcript = read_transcript(pending.command, pending.received)
        if transcript is None:
            return
        for line in transcript.urcs:
            self._on_urc(line)
        if _answers_another(pending.command, transcript):
            pending.received = ""
        else:
            pending.done.set_result(transcript)

    def _feed_idle(self, text: str) -> None:
        """Take lines that come while nothing was asked: unsolicited ones, or a reply that came too late."""
        *lines, self._idle_text = (self._idle_text + text)[-REPLY_LIMIT:].split("\n")
        for line in lines:
            if line.strip():
                self._on_urc(line.strip())
