"""An AT LoRa module at a pseudo-terminal: open `path` like the real module's port."""

from pathlib import Path
from random import Random
from types import TracebackType
from typing import Self

from skerry_core.clock import NS_PER_S, Clock
from skerry_simulate.accidents import Accidents
from skerry_simulate.faults import NO_FAULTS, Faults
from skerry_simulate.lora_module import LoraModule, Rak3172Firmware, WioE5Firmware
from skerry_simulate.medium import RfMedium
from skerry_simulate.pty import PtyPort
from skerry_simulate.rfc2217 import Rfc2217Port
from skerry_simulate.rn2483_module import Rn2483Firmware

__all__ = ["MODULES", "AtRadioEmulator"]

MODULES: dict[str, type[LoraModule]] = {
    module.kind: module for module in (WioE5Firmware, Rak3172Firmware, Rn2483Firmware)
}


class AtRadioEmulator:
    """`kind` is one of `MODULES`. `async with` plugs it in; `unplug`, `replug`, `restart`, `hang` are its accidents.

    `resets_on`: the control line, and its level, that reset the board; such a module is a network port, because a
    pseudo-terminal has no control lines.
    """

    def __init__(
        self,
        *,
        kind: str,
        name: str,
        cell: str,
        medium: RfMedium,
        clock: Clock,
        seed: int,
        folder: Path | None = None,
        gain_dbi: float = 1.2,
        height_m: float = 10.0,
        faults: Faults = NO_FAULTS,
        resets_on: tuple[str, bool] | None = None,
    ) -> None:
        self.firmware = MODULES[kind](
            name=name, cell=cell, medium=medium, clock=clock, gain_dbi=gain_dbi, height_m=height_m
        )
        self.firmware.output = self._say
        self.faults = faults
        self.port: PtyPort | Rfc2217Port = (
            PtyPort(name=name, clock=clock, on_data=self._feed, folder=folder)
            if resets_on is None
            else Rfc2217Port(name=name, clock=clock, on_data=self._feed, on_line=self._line)
        )
        self._accidents = Accidents(faults, clock=clock, reset=self.restart, unplug=self.unplug, plug=self.replug)
        self.resets = 0
        self._resets_on = resets_on
        self._levels = {"dtr": False, "rts": False}
        self._hung = False
        self._clock = clock
        self._random = Random(f"{seed}/{name}")  # noqa: S311 - a simulation must repeat itself

    @property
    def listens_at(self) -> tuple[int, str] | None:
        """Return frequency and data rate that the host has tuned it to, None while it does not listen."""
        hz, spreading, bandwidth, *_ = self.firmware.channel
        return (hz, f"SF{spreading}BW{bandwidth}") if self.firmware.is_listening else None

    @property
    def path(self) -> str:
        """Return the port to open."""
        return self.port.path

    async def __aenter__(self) -> Self:
        await self.port.__aenter__()
        self._accidents.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._accidents.stop()
        await self.port.__aexit__(kind, error, trace)

    def unplug(self) -> None:
        """Take the port away; the module loses power."""
        self.port.unplug()
        self.firmware.restart()

    def replug(self) -> None:
        """Bring the port back."""
        self.port.plug()

    def restart(self) -> None:
        """Restart the firmware with the port in place."""
        self.firmware.restart()

    def hang(self) -> None:
        """Let the firmware hang: it neither hears nor answers until its hardware is reset."""
        self._hung = True
        self.firmware.station.listens = None

    def _feed(self, data: bytes) -> None:
        if not self._hung:
            self.firmware.feed(data)

    def _line(self, name: str, level: bool) -> None:
        """Reset the board when its line leaves the level that resets."""
        was, self._levels[name] = self._levels[name], level
        if self._resets_on is not None and (name, was) == self._resets_on and level != was:
            self.resets += 1
            self._hung = False
            self.firmware.power_on()

    def _say(self, data: bytes) -> None:
        if self._hung:
            return
        for piece in self.faults.pieces(data, self._random):
            if piece.delay_s:
                due_ns = self._clock.monotonic_ns() + round(piece.delay_s * NS_PER_S)
                self._clock.call_at(due_ns, lambda data=piece.data: self.port.write(data))  # type: ignore[misc]  # mypy cannot infer a lambda with a default
            else:
                self.port.write(piece.data)
