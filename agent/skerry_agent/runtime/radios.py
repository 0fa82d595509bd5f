"""The radios that the settings name: servers for Semtech UDP and Basic Station, serial LoRa modules; a task for each.

A radio that cannot be opened is tried again for ever and says why; it never stops the others.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Iterable
from itertools import count
from random import Random
from typing import TYPE_CHECKING

from skerry_agent.background import run_together
from skerry_agent.runtime.radio_set import RadioSet
from skerry_agent.runtime.radio_settings import GATEWAY_ON_UART, RadioSettings, SerialRadio
from skerry_agent.runtime.serial_port import SerialPort
from skerry_core.clock import Clock
from skerry_firmware_bridge.errors import LinkRefused
from skerry_firmware_bridge.gwmp.host import GwmpHost
from skerry_firmware_bridge.gwmp.server import GwmpServer
from skerry_firmware_bridge.links.base import Link
from skerry_firmware_bridge.links.reopening import Reopening
from skerry_firmware_bridge.radio import (
    DeviceEvent,
    DeviceForgotten,
    DeviceState,
    DeviceTrouble,
    EventSink,
    Radio,
    StateChanged,
)
from skerry_firmware_bridge.repair import RadioRepair
from skerry_radio.lora import Datarate
from skerry_radio.regions import region_params

if TYPE_CHECKING:
    from skerry_firmware_bridge.basic_station.server import BasicStationServer
    from skerry_firmware_bridge.gwmp.serial import GwmpSerial
    from skerry_firmware_bridge.links.settings import SerialSettings

__all__ = ["Radios"]

LISTEN_AGAIN_S = 10.0
TELL_EVERY = 6  # attempts: once a minute
LISTEN_DATARATE = "SF9BW125"  # the beacon rate of most regions; the region's own rate is used where it is known
_log = logging.getLogger(__name__)


class Radios:
    """Every radio of one hotspot; `own` is told which there are and which work.

    `known` are ids of gateways that were settled in an earlier run or named by their owner: they always come in.
    """

    def __init__(
        self,
        *,
        settings: RadioSettings,
        clock: Clock,
        sink: EventSink,
        own: RadioSet,
        random: Random,
        known: Collection[str] = (),
    ) -> None:
        self._settings = settings
        self._known = known
        self._clock = clock
        self._sink = sink
        self._own = own
        for serial in settings.serial:
            own.expect(serial.device_id)
        self._random = random
        self._serial: dict[str, Radio] = {}
        self._links = {serial.device_id: Reopening() for serial in settings.serial}
        self._soft_resets: dict[str, Callable[[], None]] = {}
        self._behind: dict[str, str] = {}  # gateways on a UART, and the device id of their port
        self.repair = RadioRepair(
            resets=settings.resets, links=self._links, soft_resets=self._soft_resets, clock=clock, sink=sink,
            behind=self._behind,
        )  # fmt: skip
        self.server: GwmpServer | None = None
        self._on_uarts: list[GwmpSerial] = []
        self.stations: BasicStationServer | None = None
        self.listening = asyncio.Event()  # set once the UDP socket is bound, or when there is none

    async def run(self) -> None:
        """Run until cancelled."""
        work = {
            f"{serial.device_id}: link": self._run_gateway(serial)
            if serial.kind == GATEWAY_ON_UART
            else self._run_serial(serial)
            for serial in self._settings.serial
        }
        if self._settings.gwmp is None:
            self.listening.set()
        else:
            work["packet forwarders"] = self._keep_listening("gwmp", self._serve, self._settings.gwmp)
        if self._settings.resets:
            work["hardware resets"] = self.repair.run()
        if self._settings.station is not None:
            work["stations"] = self._keep_listening("station", self._serve_stations, self._settings.station)
        await run_together(work)

    async def _keep_listening(
        self, what: str, serve: Callable[[str, int], Awaitable[None]], address: tuple[str, int]
    ) -> None:
        """Serve; while the port cannot be had, often because another server has it, try again and say why."""
        for attempt in count():
            try:
                await serve(*address)
            except LinkRefused as error:
                if attempt % TELL_EVERY == 0:
                    detail, wall_ns = f"{error.detail} {error.remedy}", self._clock.wall_ns()
                    told = DeviceTrouble(
                        device_id=f"{what}.listen", code="cannot_listen", detail=detail, wall_ns=wall_ns
                    )
                    self._sink(told)
            await self._clock.sleep(LISTEN_AGAIN_S)

    async def _serve(self, host: str, port: int) -> None:
        def take(event: DeviceEvent) -> None:
            if _is_up(event):  # it may have been behind a serial port before
                self._behind.pop(event.device_id, None)
            self._take(event)

        async with GwmpServer(
            clock=self._clock, sink=take, host=host, port=port, pins=self._settings.pins,
            elsewhere=lambda eui: _place(eui, self._on_uarts), known=_euis("gwmp", self._known),
        ) as server:  # fmt: skip
            self.server = server
            self.listening.set()
            _log.info("packet forwarders: listening on %s port %d", *server.address)
            await asyncio.Event().wait()

    async def _serve_stations(self, host: str, port: int) -> None:
        from skerry_firmware_bridge.basic_station.server import BasicStationServer

        assert self._settings.region is not None
        server = BasicStationServer(
            clock=self._clock, sink=self._take, region=self._settings.region, host=host, port=port,
            pins=self._settings.pins, known=_euis("station", self._known),
        )  # fmt: skip
        async with server:
            self.stations = server
            _log.info("station gateways: listening on %s port %d", *server.address)
            await asyncio.Event().wait()

    async def _run_serial(self, serial: SerialRadio) -> None:
        from skerry_firmware_bridge.at_radio.dialect import Tuning
        from skerry_firmware_bridge.at_radio.dialects import DIALECTS
        from skerry_firmware_bridge.at_radio.radio import AtRadio
        from skerry_firmware_bridge.at_radio.speeds import Speeds
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
        self._soft_resets[serial.device_id] = radio.reset_next
        speeds = Speeds(dialect)

        def line() -> SerialSettings:
            radio.baudrate = speeds.now
            return SerialSettings(baudrate=speeds.now)

        async def used(link: Link) -> None:
            try:
                await radio.run(link)
            finally:
                speeds.answered() if radio.has_answered else speeds.silent()

        await self._port(serial).keep_open(used, line)

    async def _run_gateway(self, serial: SerialRadio) -> None:
        from skerry_firmware_bridge.gwmp.serial import GwmpSerial
        from skerry_firmware_bridge.links.settings import SerialSettings

        def elsewhere(eui: bytes) -> str | None:
            others = [host for host in (self.server, *self._on_uarts) if host is not None and host is not gateway]
            return _place(eui, others)

        def take(event: DeviceEvent) -> None:
            if _is_up(event) and event.device_id != serial.device_id:  # one that is refused here is behind another port
                self._behind[event.device_id] = serial.device_id
            self._take(event)

        gateway = GwmpSerial(
            device_id=serial.device_id, clock=self._clock, sink=take, elsewhere=elsewhere,
            known=_euis("gwmp", self._known),
        )  # fmt: skip
        self._on_uarts.append(gateway)
        await self._port(serial).keep_open(gateway.run, SerialSettings)

    def _port(self, serial: SerialRadio) -> SerialPort:
        def settings_of(settings: "SerialSettings") -> "SerialSettings":
            return self.repair.rested(serial.device_id, settings)

        before = self._settings.serial[: self._settings.serial.index(serial)]
        return SerialPort(
            serial, named_before=[other.port for other in before], reopening=self._links[serial.device_id],
            settings_of=settings_of, clock=self._clock, random=self._random, sink=self._take,
        )  # fmt: skip

    def _take(self, event: DeviceEvent) -> None:
        if isinstance(event, DeviceForgotten):
            self._own.forget(event.device_id)
            self._behind.pop(event.device_id, None)
        elif isinstance(event, StateChanged):
            radio = self._radio(event.device_id)
            if event.state is DeviceState.UP and radio is not None:
                self._own.up(radio)
            elif event.state is DeviceState.DOWN:
                self._own.down(event.device_id)
        self._sink(event)

    def _radio(self, device_id: str) -> Radio | None:
        if device_id in self._serial:
            return self._serial[device_id]
        if device_id.startswith("gwmp:"):
            return self._gwmp_radio(bytes.fromhex(device_id.removeprefix("gwmp:")))
        if self.stations is not None and device_id.startswith("station:"):
            return self.stations.radio(bytes.fromhex(device_id.removeprefix("station:")))
        return None

    def _gwmp_radio(self, eui: bytes) -> Radio | None:
        """Return the gateway where it speaks; no gateway is let in at two places."""
        hosts: list[GwmpHost] = [*self._on_uarts] if self.server is None else [self.server, *self._on_uarts]
        return next((host.radio(eui) for host in hosts if host.place_of(eui) is not None), None)


def _is_up(event: DeviceEvent) -> bool:
    return isinstance(event, StateChanged) and event.state is DeviceState.UP


def _euis(kind: str, device_ids: Iterable[str]) -> set[bytes]:
    """Return the EUIs in the ids of one kind."""
    begin = f"{kind}:"
    return {bytes.fromhex(one.removeprefix(begin)) for one in device_ids if one.startswith(begin)}


def _place(eui: bytes, hosts: Iterable[GwmpHost]) -> str | None:
    return next((place for host in hosts if (place := host.place_of(eui)) is not None), None)


def _listening(region: str | None) -> tuple[int, Datarate]:
    """Return where a single-channel module listens: the region's first channel at its beacon rate."""
    if region is None:
        return 868_100_000, Datarate.parse(LISTEN_DATARATE)
    params = region_params(region)
    fitting = next(name for name, largest in params.spreading if largest >= 51)
    return params.channels_hz[0], Datarate.parse(f"{fitting}BW{params.bandwidth_hz // 1000}")
