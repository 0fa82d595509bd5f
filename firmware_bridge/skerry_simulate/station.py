"""A gateway that speaks LoRa Basics Station only: hears the RF medium, is told its channels, sends `dnmsg` frames.

Stands outside the code under test: it asks `/router-info` of an address and goes where it is told. Like the real
program (station 2.0.6) it drops in silence what it cannot send, confirms what it has sent when the frame is on the air,
inverts the chirps of everything, and chooses the power itself.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from random import Random
from types import TracebackType
from typing import Any, Self

import aiohttp

from skerry_core.clock import NS_PER_S, Clock, io_timeout
from skerry_radio.errors import RadioRefused
from skerry_radio.lora import Datarate
from skerry_simulate.accidents import Accidents
from skerry_simulate.faults import NO_FAULTS, Faults
from skerry_simulate.medium import AirFrame, Reception, RfMedium
from skerry_simulate.station_frames import taken_apart

__all__ = ["BasicStationEmulator"]

ANSWER_S = 5.0
RECONNECT_S = 1.0
AIM_GAP_US = 60_000  # a frame is handed to the concentrator so long before its moment
CLASS_C_AHEAD_US = 100_000
SESSION_BITS = 48  # xtime = session number above a microsecond counter
WRAP_US = 1 << 32
BUILTIN_EIRP_DBM = {"EU863": 16.0, "US902": 26.0, "AU915": 30.0, "KR920": 23.0, "AS923-1": 13.0}
CLASS_A, CLASS_C = 0, 2


class BasicStationEmulator:
    """`async with BasicStationEmulator(...) as station:` runs it; it connects again when the server is gone."""

    def __init__(
        self, *, eui: bytes, cell: str, medium: RfMedium, clock: Clock, server: tuple[str, int], seed: int,
        gain_dbi: float = 1.2, faults: Faults = NO_FAULTS,
    ) -> None:  # fmt: skip
        self.eui = eui
        self.faults = faults
        self.counts: Counter[str] = Counter()
        self.config: Mapping[str, Any] = {}
        self.configured = asyncio.Event()
        self._medium = medium
        self._clock = clock
        self._server = server
        self._random = Random(f"{seed}/{eui.hex()}")  # noqa: S311 - a simulation must repeat itself
        self._session = self._random.randrange(1, 128) << SESSION_BITS
        self._rates: list[Datarate | None] = []
        self._channels: frozenset[int] = frozenset()
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._group: asyncio.TaskGroup | None = None
        self._running: asyncio.Task[None] | None = None
        self._gain_dbi = gain_dbi
        self._accidents = Accidents(faults, clock=clock, reset=self._hang_up, unplug=self._hang_up, plug=lambda: None)
        self.station = medium.add(
            name=f"station:{eui.hex()}", cell=cell, gain_dbi=gain_dbi, listens=self._hears, on_frame=self._heard
        )

    async def __aenter__(self) -> Self:
        self._accidents.start()
        self._group = await asyncio.TaskGroup().__aenter__()
        self._running = self._group.create_task(self._run(), name=f"{self.station.name}: connection")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._accidents.stop()
        if self._running is not None and self._group is not None:
            group, self._group = self._group, None
            self._running.cancel()
            await group.__aexit__(None, None, None)

    def xtime(self) -> int:
        """Return the moment now as the station names it."""
        return self._session + self._clock.monotonic_ns() // 1000

    async def _run(self) -> None:
        async with aiohttp.ClientSession() as client:
            while True:
                with suppress(aiohttp.ClientError, OSError, TimeoutError):
                    await self._talk(client)
                self._socket = None
                self.configured.clear()
                await self._clock.sleep(RECONNECT_S)

    async def _talk(self, client: aiohttp.ClientSession) -> None:
        host, port = self._server
        async with io_timeout(ANSWER_S), client.ws_connect(f"http://{host}:{port}/router-info") as asking:
            await asking.send_str(json.dumps({"router": self.eui.hex("-")}))
            told = json.loads(await asking.receive_str())
        if "uri" not in told:
            return  # sent away with an error; it asks again
        async with client.ws_connect(told["uri"]) as socket:
            self._socket = socket
            version = {"msgtype": "version", "station": "2.0.6(emulated)", "model": "emulated", "protocol": 2}
            await socket.send_str(json.dumps(version | {"firmware": None, "package": None, "features": "gps"}))
            async for message in socket:
                if message.type is aiohttp.WSMsgType.TEXT:
                    self._take(json.loads(message.data))

    def _take(self, message: Mapping[str, Any]) -> None:
        self.counts[message["msgtype"]] += 1
        match message["msgtype"]:
            case "router_config":
                self._configure(message)
            case "dnmsg":
                self._schedule(message)
            case _:
                return

    def _configure(self, config: Mapping[str, Any]) -> None:
        self.config = config
        self._rates = [None if factor < 0 else Datarate(factor, khz) for factor, khz, _ in config["DRs"]]
        (chip,) = config["sx1301_conf"]
        used = [value for name, value in chip.items() if name.startswith("chan_") and value["enable"]]
        self._channels = frozenset(chip[f"radio_{chan['radio']}"]["freq"] + chan["if"] for chan in used)
        self.configured.set()

    def _hears(self, frame: AirFrame) -> bool:
        return not frame.inverted and frame.frequency_hz in self._channels and frame.datarate in self._rates

    def _heard(self, reception: Reception) -> None:
        frame = reception.frame
        parts = taken_apart(frame.phy)
        if parts is None:
            self.counts["not_lorawan"] += 1
            return
        info = {
            "rctx": 0, "xtime": self.xtime(), "gpstime": 0, "fts": -1, "rssi": round(reception.rssi_dbm),
            "snr": reception.snr_db, "rxtime": self._clock.wall_ns() / NS_PER_S,
        }  # fmt: skip
        place = {"DR": self._rates.index(frame.datarate), "Freq": frame.frequency_hz, "RefTime": 0.0}
        self.counts["heard"] += 1
        self._say({**parts, **place, "upinfo": info})

    def _say(self, message: Mapping[str, Any]) -> None:
        socket, group = self._socket, self._group
        if socket is None or group is None or socket.closed:
            return
        for piece in self.faults.pieces(json.dumps(message).encode(), self._random):
            text = piece.data.decode("utf-8", "replace")
            group.create_task(self._later(piece.delay_s, socket, text), name=f"{self.station.name}: message")

    async def _later(self, delay_s: float, socket: aiohttp.ClientWebSocketResponse, text: str) -> None:
        if delay_s:
            await self._clock.sleep(delay_s)
        if not socket.closed:
            await _sent(socket, text)

    def _hang_up(self) -> None:
        """Lose the connection; the station connects again by itself, with a new session as after a restart."""
        self._session = self._random.randrange(1, 128) << SESSION_BITS
        if self._socket is not None and self._group is not None:
            self._group.create_task(_closed(self._socket), name=f"{self.station.name}: lost connection")

    def _schedule(self, message: Mapping[str, Any]) -> None:
        """Find the moment of a frame; what has none, or comes too late, is dropped in silence."""
        second = "RX1Freq" not in message
        rate_number, frequency_hz = (message[f"RX{1 + second}{name}"] for name in ("DR", "Freq"))
        now = self.xtime()
        xtime = now + CLASS_C_AHEAD_US
        if message["dC"] == CLASS_A:
            xtime = message["xtime"] + (max(1, message["RxDelay"]) + second) * 1_000_000
        low_hz, high_hz = self.config["freq_range"]
        if self.config["region"] not in BUILTIN_EIRP_DBM:  # station 2.0.6 then drops every downlink
            self.counts["dropped"] += 1
            return
        if xtime < now + AIM_GAP_US or not low_hz <= frequency_hz <= high_hz or self._rates[rate_number] is None:
            self.counts["dropped"] += 1
            return
        due_ns = self._clock.monotonic_ns() + (xtime - now) * 1000
        self._clock.call_at(due_ns, lambda: self._transmit(message, rate_number, frequency_hz, xtime))

    def _transmit(self, message: Mapping[str, Any], rate_number: int, frequency_hz: int, xtime: int) -> None:
        eirp_dbm = min(BUILTIN_EIRP_DBM[self.config["region"]], self.config["max_eirp"])
        with suppress(RadioRefused):
            self._medium.transmit(
                self.station,
                phy=bytes.fromhex(message["pdu"]),
                frequency_hz=frequency_hz,
                datarate=str(self._rates[rate_number]),
                power_dbm=eirp_dbm - self._gain_dbi,
                inverted=True,
            )
            self.counts["sent"] += 1
            place = {"DR": rate_number, "Freq": frequency_hz, "rctx": message.get("rctx", 0), "xtime": xtime}
            names = {"diid": message["diid"], "seqno": message["diid"], "DevEui": message["DevEui"], "gpstime": 0}
            self._say({"msgtype": "dntxed", **names, **place, "txtime": self._clock.wall_ns() / NS_PER_S})


async def _closed(socket: aiohttp.ClientWebSocketResponse) -> None:
    with suppress(ConnectionError, aiohttp.ClientError, TimeoutError):
        await socket.close()


async def _sent(socket: aiohttp.ClientWebSocketResponse, text: str) -> None:
    with suppress(ConnectionError, aiohttp.ClientError, TimeoutError):
        async with io_timeout(ANSWER_S):
            await socket.send_str(text)
