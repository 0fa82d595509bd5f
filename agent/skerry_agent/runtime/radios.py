"""The radios that the settings name: the Semtech UDP server and serial LoRa modules, each in its own task.

A radio that cannot be opened is tried again for ever and says why; it never stops the others.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from skerry_agent.settings import Settings
from skerry_agent.settings.table import GWMP_LISTEN, REGION, SERIAL_RADIOS
from skerry_core.clock import Clock
from skerry_core.errors import UsageError
from skerry_firmware_bridge.gwmp.server import GwmpServer
from skerry_firmware_bridge.links.base import Link
from skerry_firmware_bridge.radio import DeviceEvent, DeviceState, EventSink, Radio, StateChanged
from skerry_radio.lora import Datarate
from skerry_radio.regions import region_params

__all__ = ["RadioSettings", "Radios", "SerialRadio", "radio_settings", "serial_radio"]

LISTEN_DATARATE = "SF9BW125"  # the beacon rate of most regions; the region's own rate is used where it is known
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class SerialRadio:
    """One serial module: its kind and port."""

    kind: str
    port: str

    @property
    def device_id(self) -> str:
        """The device's id in the API."""
        return f"{self.kind}:{self.port}"


def serial_radio(text: str) -> SerialRadio:
    """Read `KIND:PORT` of the setting serial.radios. Raises `UsageError` E_SERIAL_RADIO."""
    from skerry_firmware_bridge.at_radio.dialects import DIALECTS

    kind, colon, port = text.partition(":")
    if not colon or not port or kind not in DIALECTS:
        raise UsageError(
            "E_SERIAL_RADIO",
            f"{text!r} in serial.radios is not KIND:PORT.",
            remedy=f"Write it like wio-e5:/dev/ttyUSB0; known kinds are {', '.join(sorted(DIALECTS))}.",
            params={"value": text},
        )
    return SerialRadio(kind=kind, port=port)


@dataclass(frozen=True, slots=True, kw_only=True)
class RadioSettings:
    """Which radios to run; `gwmp` None switches the UDP server off."""

    gwmp: tuple[str, int] | None
    serial: Sequence[SerialRadio]
    region: str | None


def radio_settings(settings: Settings) -> RadioSettings:
    """Read the radios from the settings. Raises `UsageError` E_SERIAL_RADIO, E_LISTEN."""
    listen = settings[GWMP_LISTEN]
    host, colon, port = listen.rpartition(":")
    if listen and not (colon and port.isdecimal()):
        raise UsageError("E_LISTEN", f"gwmp.listen is {listen!r}.", remedy="Write it like 127.0.0.1:1680.")
    return RadioSettings(
        gwmp=(host, int(port)) if listen else None,
        serial=tuple(serial_radio(text) for text in settings[SERIAL_RADIOS]),
        region=settings[REGION] or None,
    )


class Radios:
    """Every radio of one agent; `up` and `down` are told which radios work."""

    def __init__(
        self,
        *,
        settings: RadioSettings,
        clock: Clock,
        sink: EventSink,
        up: Callable[[Radio], None],
        down: Callable[[str], None],
        random: Random,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._sink = sink
        self._up = up
        self._down = down
        self._random = random
        self._serial: dict[str, Radio] = {}
        self.server: GwmpServer | None = None
        self.listening = asyncio.Event()  # set once the UDP socket is bound, or when there is none

    async def run(self) -> None:
        """Run until cancelled. Raises `LinkRefused` when the UDP port is taken."""
        async with asyncio.TaskGroup() as group:
            for serial in self._settings.serial:
                group.create_task(self._run_serial(serial), name=f"{serial.device_id}: link")
            if self._settings.gwmp is not None:
                await self._serve(*self._settings.gwmp)
            self.listening.set()

    async def _serve(self, host: str, port: int) -> None:
        async with GwmpServer(clock=self._clock, sink=self._take, host=host, port=port) as server:
            self.server = server
            self.listening.set()
            _log.info("packet forwarders: listening on %s port %d", *server.address)
            await asyncio.Event().wait()

    async def _run_serial(self, serial: SerialRadio) -> None:
        from skerry_firmware_bridge.at_radio.dialect import Tuning
        from skerry_firmware_bridge.at_radio.dialects import DIALECTS
        from skerry_firmware_bridge.at_radio.radio import AtRadio
        from skerry_firmware_bridge.links.open import open_link
        from skerry_firmware_bridge.links.reconnect import Reconnector
        from skerry_firmware_bridge.links.settings import SerialSettings

        dialect = DIALECTS[serial.kind]()
        frequency_hz, datarate = _listening(self._settings.region)
        radio = AtRadio(
            device_id=serial.device_id,
            dialect=dialect,
            tuning=Tuning(frequency_hz=frequency_hz, datarate=datarate),
            clock=self._clock,
            sink=self._take,
        )
        self._serial[serial.device_id] = radio
        line = SerialSettings(baudrate=dialect.baudrate)

        async def opened() -> Link:
            return await open_link(serial.port, clock=self._clock, settings=line)

        await Reconnector(
            name=serial.device_id,
            open_link=opened,
            use=radio.run,
            clock=self._clock,
            random=self._random,
            on_change=lambda state, reason: _log.debug("%s: %s (%s)", serial.device_id, state.value, reason),
        ).run()

    def _take(self, event: DeviceEvent) -> None:
        if isinstance(event, StateChanged):
            radio = self._radio(event.device_id)
            if event.state is DeviceState.UP and radio is not None:
                self._up(radio)
            elif event.state is DeviceState.DOWN:
                self._down(event.device_id)
        self._sink(event)

    def _radio(self, device_id: str) -> Radio | None:
        if device_id in self._serial:
            return self._serial[device_id]
        if self.server is not None and device_id.startswith("gwmp:"):
            return self.server.radio(bytes.fromhex(device_id.removeprefix("gwmp:")))
        return None


def _listening(region: str | None) -> tuple[int, Datarate]:
    """Return where a single-channel module listens: the region's first channel at its beacon rate."""
    if region is None:
        return 868_100_000, Datarate.parse(LISTEN_DATARATE)
    params = region_params(region)
    fitting = next(name for name, largest in params.spreading if largest >= 51)
    return params.channels_hz[0], Datarate.parse(f"{fitting}BW{params.bandwidth_hz // 1000}")
