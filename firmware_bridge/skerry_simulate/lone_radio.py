"""One emulated radio with a neighbour that talks, for people: `skerry simulate wio-e5`, `... packet-forwarder`.

Works on the real clock as well as on simulated time.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

from skerry_core.clock import NS_PER_S, Clock
from skerry_simulate.at_radio import AtRadioEmulator
from skerry_simulate.faults import NO_FAULTS, Faults
from skerry_simulate.forwarder import PacketForwarderEmulator
from skerry_simulate.forwarder_serial import SerialForwarderEmulator
from skerry_simulate.medium import RfMedium, Station
from skerry_simulate.showing import announced_url, free_name

__all__ = ["BASIC_STATION", "LONE_RADIOS", "PACKET_FORWARDER", "LoneRadio", "lone_radio"]

PACKET_FORWARDER = "packet-forwarder"
BASIC_STATION = "basic-station"
GATEWAY_ON_UART = "gwmp-serial"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoneKind:
    """What a radio is called in the agent, and one line for people."""

    kind: str
    about: str


LONE_RADIOS: dict[str, LoneKind] = {
    PACKET_FORWARDER: LoneKind(kind="gwmp", about="LoRa packet forwarder that speaks Semtech UDP to a server"),
    BASIC_STATION: LoneKind(kind="station", about="LoRa Basics Station gateway that connects to a server by websocket"),
    GATEWAY_ON_UART: LoneKind(
        kind="gwmp-serial", about="LoRa gateway that speaks GWMP over serial at a pseudo-terminal"
    ),
    "wio-e5": LoneKind(kind="wio-e5", about="Seeed Wio-E5 LoRa module at a pseudo-terminal"),
    "rak3172": LoneKind(kind="rak3172", about="RAK3172 LoRa module at a pseudo-terminal"),
    "rn2483": LoneKind(kind="rn2483", about="Microchip RN2483 LoRa module at a pseudo-terminal"),
}
CELL, NEIGHBOUR_CELL = "8c1f1d4886017ff", "8c1f1d4897001ff"  # two places in Berlin, 2.2 km apart
EUI, STATION_EUI, UART_EUI = (bytes.fromhex(f"aa555a0000005e1{number}") for number in (1, 2, 3))
TALK_EVERY_S = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LoneRadio:
    """A running radio: `address` is the port to open, or the server that the packet forwarder talks to."""

    kind: str
    address: str
    medium: RfMedium


@asynccontextmanager
async def lone_radio(
    kind: str,
    *,
    clock: Clock,
    seed: int,
    server: tuple[str, int] = ("127.0.0.1", 1680),
    folder: Path | None = None,
    frequency_hz: int = 868_100_000,
    datarate: str = "SF12BW125",
    faults: Faults = NO_FAULTS,
    hangs_after_s: float | None = None,
) -> AsyncIterator[LoneRadio]:
    """Run a radio for the length of the body; its neighbour sends a data frame every 20 s. Raises `KeyError`.

    A module listens to one channel at a time: its neighbour talks where its host has tuned it to.
    A module that `hangs_after_s` stays dead until DTR has been low for a moment; it is at a network port, because a
    pseudo-terminal has no control lines.
    """
    if kind not in LONE_RADIOS:
        raise KeyError(kind)
    medium = RfMedium(clock=clock, seed=seed)
    neighbour = medium.add(name="neighbour", cell=NEIGHBOUR_CELL, listens=None)
    talk = _Talk(medium, neighbour, clock=clock, seed=seed, channel=lambda: (frequency_hz, datarate))
    talk.start()
    try:
        if kind == PACKET_FORWARDER:
            forwarder = PacketForwarderEmulator(
                eui=EUI, cell=CELL, medium=medium, clock=clock, server=server, seed=seed, faults=faults
            )
            async with forwarder:
                yield LoneRadio(kind="gwmp", address=f"udp://{server[0]}:{server[1]}", medium=medium)
        elif kind == BASIC_STATION:
            from skerry_simulate.station import BasicStationEmulator  # it takes an HTTP client

            station = BasicStationEmulator(
                eui=STATION_EUI, cell=CELL, medium=medium, clock=clock, server=server, seed=seed, faults=faults
            )
            async with station:
                yield LoneRadio(kind="station", address=f"ws://{server[0]}:{server[1]}", medium=medium)
        elif kind == GATEWAY_ON_UART:
            name = kind if folder is None else free_name(folder, kind)
            gateway = SerialForwarderEmulator(
                eui=UART_EUI, name=name, cell=CELL, medium=medium, clock=clock, seed=seed, folder=folder, faults=faults
            )
            async with gateway:
                yield LoneRadio(kind=kind, address=gateway.port.path, medium=medium)
        else:
            name = kind if folder is None else free_name(folder, kind)
            module = AtRadioEmulator(
                kind=kind, name=name, cell=CELL, medium=medium, clock=clock, seed=seed, folder=folder, faults=faults,
                resets_on=None if hangs_after_s is None else ("dtr", False),
            )  # fmt: skip
            talk.channel = lambda: module.listens_at or (frequency_hz, datarate)
            async with module:
                if hangs_after_s is not None:
                    clock.call_at(clock.monotonic_ns() + round(hangs_after_s * NS_PER_S), module.hang)
                with announced_url(None if hangs_after_s is None else folder, kind, module.path):
                    yield LoneRadio(kind=kind, address=module.path, medium=medium)
    finally:
        talk.stop()


class _Talk:
    """Sends a LoRaWAN data frame of a made-up device now and then."""

    def __init__(
        self, medium: RfMedium, station: Station, *, clock: Clock, seed: int, channel: Callable[[], tuple[int, str]]
    ) -> None:
        self.channel = channel
        self._medium = medium
        self._station = station
        self._clock = clock
        self._random = Random(seed)  # noqa: S311 - a simulation must repeat itself
        self._count = 0
        self._stopped = False

    def start(self) -> None:
        self._clock.call_at(self._clock.monotonic_ns() + round(TALK_EVERY_S * NS_PER_S), self._speak)

    def stop(self) -> None:
        self._stopped = True

    def _speak(self) -> None:
        if self._stopped:
            return
        frequency_hz, datarate = self.channel()
        header = b"\x40" + (0x7800_0100).to_bytes(4, "little") + b"\0" + self._count.to_bytes(2, "little") + b"\x01"
        self._count = (self._count + 1) & 0xFFFF
        self._medium.transmit(
            self._station,
            phy=header + self._random.randbytes(16),
            frequency_hz=frequency_hz,
            datarate=datarate,
            power_dbm=14,
            inverted=False,
        )
        self.start()
