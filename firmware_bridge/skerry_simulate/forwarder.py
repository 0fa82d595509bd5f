"""A packet forwarder and its concentrator: hears the RF medium, speaks GWMP over real UDP sockets.

Stands outside the code under test; it knows the server by its address only. Two sockets as the real program has: up for
PUSH_DATA, down for PULL_DATA, PULL_RESP and TX_ACK. Simulated time stands still while a datagram is in flight.
"""

import asyncio
import base64
import json
import socket
from collections import Counter
from contextlib import ExitStack, suppress
from functools import partial
from random import Random
from types import TracebackType
from typing import Any, Self

from skerry_core.clock import NS_PER_S, Clock
from skerry_firmware_bridge.errors import FrameRejected
from skerry_firmware_bridge.gwmp.datagram import Datagram, Kind
from skerry_radio.errors import RadioRefused
from skerry_simulate.accidents import Accidents
from skerry_simulate.faults import NO_FAULTS, Faults
from skerry_simulate.forwarder_rules import WRAP_US, Concentrator, Decision, decide
from skerry_simulate.medium import AirFrame, Reception, RfMedium

__all__ = ["PacketForwarderEmulator"]

ANSWER_WAIT_S = 0.5  # real time: a server on this machine answers in milliseconds or not at all
SPREADINGS = range(7, 13)


class PacketForwarderEmulator:
    """`async with PacketForwarderEmulator(...) as forwarder:` runs it; periods are in simulated seconds, 0 = never."""

    def __init__(
        self,
        *,
        eui: bytes,
        cell: str,
        medium: RfMedium,
        clock: Clock,
        server: tuple[str, int],
        seed: int,
        gain_dbi: float = 1.2,
        height_m: float = 10.0,
        keepalive_s: float = 10,
        stat_s: float = 30,
        settings: Concentrator | None = None,
        faults: Faults = NO_FAULTS,
    ) -> None:
        self.eui = eui
        self.counts: Counter[str] = Counter()
        self.faults = faults
        self._medium = medium
        self._clock = clock
        self._server = server
        self._random = Random(f"{seed}/{eui.hex()}")  # noqa: S311 - a simulation must repeat itself
        self._counter_offset_us = self._random.randrange(WRAP_US)
        self._periods = {"keepalive": keepalive_s, "stat": stat_s}
        self._settings = settings or Concentrator()
        self._up: socket.socket | None = None
        self._down: socket.socket | None = None
        self._group: asyncio.TaskGroup | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._in_flight: dict[int, ExitStack] = {}
        self._is_connected = True
        self._accidents = Accidents(
            faults,
            clock=clock,
            reset=self.restart,
            unplug=partial(self._connect, False),
            plug=partial(self._connect, True),
        )
        self.station = medium.add(
            name=f"gwmp:{eui.hex()}",
            cell=cell,
            gain_dbi=gain_dbi,
            height_m=height_m,
            listens=_hears,
            on_frame=self._heard,
        )

    async def __aenter__(self) -> Self:
        self._up, self._down = self._open(self._read_up), self._open(self._read_down)
        self._accidents.start()
        self._group = await asyncio.TaskGroup().__aenter__()
        name = self.station.name
        for period, work in (("keepalive", self._pull), ("stat", self._push_stat)):
            if self._periods[period]:
                repeated = self._repeat(self._periods[period], work)
                self._tasks.append(self._group.create_task(repeated, name=f"{name}: {period}"))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._accidents.stop()
        for task in self._tasks:
            task.cancel()
        if self._group is not None:
            await self._group.__aexit__(None, None, None)
        for sock in (self._up, self._down):
            if sock is not None:
                asyncio.get_running_loop().remove_reader(sock.fileno())
                sock.close()
        self._up = self._down = None
        for token in list(self._in_flight):
            self._land(token)

    def counter_us(self) -> int:
        """Return the concentrator's 32-bit microsecond counter."""
        return (self._clock.monotonic_ns() // 1000 + self._counter_offset_us) % WRAP_US

    def restart(self) -> None:
        """Start the concentrator anew: its counter begins somewhere else."""
        self._counter_offset_us = self._random.randrange(WRAP_US)

    def _connect(self, is_connected: bool) -> None:
        self._is_connected = is_connected

    def _open(self, read: Any) -> socket.socket:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.setblocking(False)
        sock.connect(self._server)
        asyncio.get_running_loop().add_reader(sock.fileno(), read)
        return sock

    async def _repeat(self, period_s: float, work: Any) -> None:
        """Do `work` now and then once a period; the first pause is drawn so that forwarders do not march in step."""
        work()
        await self._clock.sleep(self._random.uniform(0, period_s))
        while True:
            work()
            await self._clock.sleep(period_s)

    def _pull(self) -> None:
        self._send(self._down, Kind.PULL_DATA, b"")

    def _push_stat(self) -> None:
        counts = self.counts
        stat = {
            "time": _gmt(self._clock.wall_s()),
            "rxnb": counts["heard"],
            "rxok": counts["heard"],
            "rxfw": counts["heard"],
            "ackr": round(100.0 * counts["acked"] / max(1, counts["pushed"]), 1),
            "dwnb": counts["pull_resp"],
            "txnb": counts["sent"],
            "temp": 24.0,
        }
        self._send(self._up, Kind.PUSH_DATA, json.dumps({"stat": stat}, separators=(",", ":")).encode())

    def _heard(self, reception: Reception) -> None:
        self.counts["heard"] += 1
        if self._up is not None:
            rxpk = _rxpk(reception, tmst=self.counter_us())
            self._send(self._up, Kind.PUSH_DATA, json.dumps({"rxpk": [rxpk]}, separators=(",", ":")).encode())

    def _send(self, sock: socket.socket | None, kind: Kind, body: bytes) -> None:
        if sock is None:
            return
        token = self._random.randrange(1 << 16)
        self.counts["pushed"] += kind is Kind.PUSH_DATA
        message = Datagram(kind=kind, token=token, eui=self.eui, body=body).to_bytes()
        self._put(sock, message, token=token)

    def _put(self, sock: socket.socket, message: bytes, *, token: int | None) -> None:
        """Send what the faults leave of a message, and hold the clock until it is answered if it will be."""
        for piece in self.faults.pieces(message, self._random):
            if piece.delay_s:
                due_ns = self._clock.monotonic_ns() + round(piece.delay_s * NS_PER_S)
                self._clock.call_at(due_ns, lambda data=piece.data: self._put_now(sock, data, None))  # type: ignore[misc]  # mypy cannot infer a lambda with a default
            else:
                self._put_now(sock, piece.data, token if piece.real else None)

    def _put_now(self, sock: socket.socket, data: bytes, token: int | None) -> None:
        if sock.fileno() < 0 or not self._is_connected:
            return
        try:
            sock.send(data)
        except OSError:  # nobody listens: as lost as on any network
            self.counts["send_failed"] += 1
            return
        if token is not None and token not in self._in_flight:
            hold = ExitStack()
            hold.enter_context(self._clock.hold(f"{self.station.name}: datagram"))
            give_up = asyncio.get_running_loop().call_later(ANSWER_WAIT_S, self._land, token)
            hold.callback(give_up.cancel)
            self._in_flight[token] = hold

    def _land(self, token: int) -> None:
        hold = self._in_flight.pop(token, None)
        if hold is not None:
            hold.close()

    def _read_up(self) -> None:
        for datagram in _datagrams(self._up):
            if datagram.kind is Kind.PUSH_ACK:
                self.counts["acked"] += 1
                self._land(datagram.token)

    def _read_down(self) -> None:
        for datagram in _datagrams(self._down):
            if not self._is_connected:
                continue
            match datagram.kind:
                case Kind.PULL_ACK:
                    self._land(datagram.token)
                case Kind.PULL_RESP:
                    self._take(datagram)

    def _take(self, question: Datagram) -> None:
        self.counts["pull_resp"] += 1
        decision = decide(question, eui=self.eui, settings=self._settings, counter_us=self.counter_us())
        if decision.answer is not None and self._down is not None:
            self._put(self._down, decision.answer, token=None)
        if decision.at_us is not None:
            ahead_us = (decision.at_us - self.counter_us()) % WRAP_US
            self._clock.call_at(self._clock.monotonic_ns() + ahead_us * 1000, lambda: self._transmit(decision))

    def _transmit(self, decision: Decision) -> None:
        txpk = decision.txpk
        if txpk is None or decision.power_dbm is None or txpk["modu"] != "LORA" or self._down is None:
            return
        with suppress(RadioRefused):  # SF5 and SF6, which no receiver here can hear
            self._medium.transmit(
                self.station,
                phy=decision.payload,
                frequency_hz=round(txpk["freq"] * 1_000_000),
                datarate=txpk["datr"],
                power_dbm=decision.power_dbm,
                inverted=txpk.get("ipol") is True,
            )
            self.counts["sent"] += 1


def _hears(frame: AirFrame) -> bool:
    return not frame.inverted and frame.datarate.spreading_factor in SPREADINGS


def _datagrams(sock: socket.socket | None) -> list[Datagram]:
    found: list[Datagram] = []
    while sock is not None:
        try:
            found.append(Datagram.from_bytes(sock.recv(65_536)))
        except FrameRejected:
            continue
        except OSError:  # empty, or an ICMP answer because nobody listens yet
            break
    return found


def _rxpk(reception: Reception, *, tmst: int) -> dict[str, Any]:
    """Return the packet in the real forwarder's order of members."""
    frame = reception.frame
    return {
        "jver": 1,
        "tmst": tmst,
        "chan": frame.frequency_hz // 200_000 % 8,
        "rfch": 0,
        "freq": frame.frequency_hz / 1_000_000,
        "mid": 0,
        "stat": 1,
        "modu": "LORA",
        "datr": str(frame.datarate),
        "codr": "4/5",
        "rssis": round(reception.signal_dbm),
        "lsnr": reception.snr_db,
        "foff": 0,
        "rssi": round(reception.rssi_dbm),
        "size": len(frame.phy),
        "data": base64.b64encode(frame.phy).decode(),
    }


def _gmt(wall_s: int) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(wall_s, UTC).strftime("%Y-%m-%d %H:%M:%S GMT")
