"""Feeds every radio's sentinel, stores what it learned, shows its judgement and begins the repairs that a radio has.

The agent gives it each device event. A judgement comes once a minute; what is normal for a radio is stored hourly and
at the end, so that a restart does not begin to learn anew. The sentinel bounds repairs (never a loop). Nothing is
learned of the hours, and no silence is judged, while the computer's clock is not believed. As many radios are watched
as the board shows: a gateway that is forgotten there is forgotten here, with what was learned of it.
"""

import json
import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Self

from skerry_agent.runtime.device_board import DeviceBoard
from skerry_agent.store import Facts
from skerry_core import strict_json
from skerry_core.clock import Clock
from skerry_core.errors import SkerryError
from skerry_firmware_bridge.radio import (
    DeviceEvent,
    DeviceForgotten,
    DeviceState,
    DeviceTrouble,
    FrameHeard,
    StateChanged,
    StatusReported,
)
from skerry_firmware_bridge.repair import Repairs
from skerry_firmware_bridge.sentinel.ladder import Repair
from skerry_firmware_bridge.sentinel.normal import Normal
from skerry_firmware_bridge.sentinel.sentinel import CERTAIN_FRAMES, Condition, Judgement, Others, Sentinel
from skerry_firmware_bridge.sentinel.signal import Heard
from skerry_wire.frames import Crc, ReceivedFrame

__all__ = ["RadioWatch"]

JUDGE_S = 60.0
STORE_EVERY = 60  # judgements; an SD card is not worn for what may be learned again
MAX_LEARNED = 512  # radios of which something is stored; of more, those that were heard least are forgotten
READ_TOGETHER = 64  # frames: one at a time would cost three times as much (`packet_path`), all at once too long
MAX_BROKEN = 50  # broken frames counted of one status message: it may claim any number
FACT = "radio_normal "
PORTS = ("gwmp-serial:",)  # devices that hear nothing themselves: the gateway behind is the radio
DATA_UP = {2, 4}  # message types of LoRaWAN frames that bear a device address
SHORTEST_DATA = 12
ADVICE = {
    "gwmp": "Check power, antenna and cable; restart the packet forwarder, or the whole gateway.",
    "station": "Check power, antenna and cable; restart the Basic Station, or the whole gateway.",
}
_log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class _Watched:
    sentinel: Sentinel
    is_up: bool = True
    last_ns: int  # monotonic time of the latest good frame, or of the beginning
    others_before: int = 0  # frames that the other radios had heard at the judgement after this one's last frame
    heard_lately: bool = True  # since the latest judgement
    condition: Condition | None = None


class RadioWatch:
    """The sentinels of one agent's radios, between them and the board that shows what they say."""

    def __init__(self, *, facts: Facts, clock: Clock, board: DeviceBoard, clock_is_right: Callable[[], bool]) -> None:
        self._facts = facts
        self._clock = clock
        self._board = board
        self._clock_is_right = clock_is_right
        self._repairs: Repairs | None = None
        self._repaired = False
        self._radios: dict[str, _Watched] = {}
        self._normal: dict[str, Normal] = {}
        self._heard: Counter[str] = Counter()
        self._heard_by_gone = 0  # frames of radios that are forgotten
        self._unread: list[FrameHeard] = []
        self._forgotten: set[str] = set()  # whose stored facts have to go

    @classmethod
    async def open(
        cls, *, facts: Facts, clock: Clock, board: DeviceBoard, clock_is_right: Callable[[], bool] = lambda: True
    ) -> Self:
        """Return a watch that knows what earlier runs learned."""
        watch = cls(facts=facts, clock=clock, board=board, clock_is_right=clock_is_right)
        await watch.load()
        return watch

    def pass_on(self, event: DeviceEvent) -> None:
        """Take an event and give it to the board: the radios' sink."""
        self._board.take(event)
        self.take(event)

    def repair_with(self, repairs: Repairs) -> None:
        """Say who repairs, before `run`."""
        self._repairs = repairs

    async def load(self) -> None:
        """Read what earlier runs learned; what cannot be read is learned again."""
        for name, text in (await self._facts.starting_with(FACT)).items():
            try:
                raw = strict_json.loads(text.encode())
            except strict_json.JsonRejected as error:
                _log.warning("%s: what was learned cannot be read (%s)", name, error)
                continue
            if isinstance(raw, dict):
                self._normal[name.removeprefix(FACT)] = Normal.from_json(raw)
        least = sorted(self._normal, key=lambda device_id: self._normal[device_id].frames)
        for device_id in least[: max(0, len(least) - MAX_LEARNED)]:
            del self._normal[device_id]
            await self._facts.forget(FACT + device_id)

    def take(self, event: DeviceEvent) -> None:
        """Feed one event; never blocks."""
        match event:
            case FrameHeard():
                self._unread.append(event)
                if len(self._unread) >= READ_TOGETHER:
                    self._read()
            case StateChanged():
                self._read()
                self._changed(event)
            case StatusReported(device_id=device_id, values=values):
                self._read()
                watched = self._radios.get(device_id)
                for _ in range(_broken(values) if watched is not None else 0):
                    assert watched is not None
                    watched.sentinel.heard(Heard(monotonic_ns=self._clock.monotonic_ns(), wall_ns=None, crc_ok=False))
            case DeviceForgotten(device_id=device_id):
                self._read()
                self._forget(device_id)
            case _:
                return

    def _forget(self, device_id: str) -> None:
        self._radios.pop(device_id, None)
        self._normal.pop(device_id, None)
        self._heard_by_gone += self._heard.pop(device_id, 0)
        self._forgotten.add(device_id)

    def _changed(self, event: StateChanged) -> None:
        if event.device_id.startswith(PORTS):
            return
        watched, now_ns = self._watched(event.device_id), self._clock.monotonic_ns()
        watched.is_up = event.state is DeviceState.UP
        if watched.is_up:
            watched.sentinel.came(now_ns=now_ns)
        else:
            watched.sentinel.went(now_ns=now_ns, reason=event.reason)

    async def run(self) -> None:
        """Judge once a minute until cancelled, then store."""
        rounds = 0
        try:
            while True:
                await self._clock.sleep(JUDGE_S)
                self.judge()
                rounds += 1
                if rounds % STORE_EVERY == 0 or self._repaired:  # a restart must not begin a new day of repairs
                    self._repaired = False
                    await self.store()
        finally:
            await self.store()

    def judge(self) -> None:
        """Judge every radio now, show it, repair what is due."""
        self._read()
        now_ns, wall_ns, is_right = self._clock.monotonic_ns(), self._clock.wall_ns(), self._clock_is_right()
        for device_id, watched in self._radios.items():
            if watched.heard_lately:  # what the others heard in the same minute is mostly the same frames
                watched.others_before, watched.heard_lately = self._others_heard(device_id), False
            judgement = watched.sentinel.judge(
                now_ns=now_ns,
                wall_ns=wall_ns,
                clock_is_right=is_right,
                others=partial(self._others, device_id, now_ns=now_ns, wall_ns=wall_ns),
                possible=self._repairs.possible(device_id) if self._repairs is not None else (),
            )
            self._log_change(device_id, judgement, before=watched.condition)
            watched.condition = judgement.condition
            self._board.judged(device_id, judgement)
            if judgement.repair is not None:
                self._repair(device_id, judgement, judgement.repair)

    def _log_change(self, device_id: str, judgement: Judgement, *, before: Condition | None) -> None:
        if judgement.condition is before:
            return
        level = logging.WARNING if judgement.condition.is_ill else logging.DEBUG
        _log.log(level, "%s: %s: %s", device_id, judgement.condition.value, judgement.reason)
        if judgement.condition is Condition.HEALTHY and before is not None and before.is_ill:
            _log.info("%s: hears as usual again", device_id)

    def _others(self, device_id: str, *, now_ns: int, wall_ns: int) -> Others | None:
        """Return what the other radios that work heard in one's silence, and what is usual for them in such a time."""
        silence_ns = now_ns - self._radios[device_id].last_ns
        working = [other for name, other in self._radios.items() if name != device_id and other.is_up]
        if not working:
            return None
        expected = 0.0
        for other in working:
            expected += other.sentinel.normal.expected(wall_ns - silence_ns, wall_ns)
            if expected >= CERTAIN_FRAMES:  # enough to judge by: asking all of many radios takes long
                break
        heard = self._others_heard(device_id) - self._radios[device_id].others_before
        return Others(heard=heard, expected=expected)

    async def store(self) -> None:
        """Store what was learned; a failing disk costs only that."""
        self._read()
        try:
            for device_id in list(self._forgotten):
                await self._facts.forget(FACT + device_id)
                self._forgotten.remove(device_id)
            for device_id, watched in list(self._radios.items()):  # a radio may come while one is stored
                await self._facts.set(FACT + device_id, json.dumps(watched.sentinel.normal.to_json()))
        except SkerryError as error:
            _log.warning("what is normal for the radios is not stored (%s)", error)

    def _read(self) -> None:
        """Feed the frames that came since the last time: no sentinel is asked before."""
        events, self._unread = self._unread, []
        is_right = self._clock_is_right()
        for event in events:
            device_id, frame = event.device_id, event.frame
            watched = self._watched(device_id)
            if frame.crc is not Crc.FAILED:
                self._heard[device_id] += 1
                watched.heard_lately, watched.last_ns = True, frame.received_monotonic_ns
            watched.sentinel.heard(_heard(frame, clock_is_right=is_right))

    def _repair(self, device_id: str, judgement: Judgement, repair: Repair) -> None:
        """Begin a stage and say why, or tell a person after the last one."""
        self._repaired = True
        if repair is not Repair.TELL and self._repairs is not None:
            _log.warning("%s: %s %s", device_id, judgement.reason, self._repairs.begin(device_id, repair))
        else:
            kind = device_id.partition(":")[0]
            advice = ADVICE.get(kind, "Check power, antenna and cable; unplug the radio and plug it in again.")
            detail = f"{judgement.reason} {advice}"
            code = f"radio_{judgement.condition.value}"
            trouble = DeviceTrouble(device_id=device_id, code=code, detail=detail, wall_ns=self._clock.wall_ns())
            self._board.take(trouble)

    def _watched(self, device_id: str) -> _Watched:
        watched = self._radios.get(device_id)
        if watched is None:
            now_ns, wall_ns = self._clock.monotonic_ns(), self._clock.wall_ns()
            sentinel = Sentinel(now_ns=now_ns, wall_ns=wall_ns, normal=self._normal.pop(device_id, None))
            watched = self._radios[device_id] = _Watched(sentinel=sentinel, last_ns=now_ns)
        return watched

    def _others_heard(self, device_id: str) -> int:
        return self._heard_by_gone + self._heard.total() - self._heard[device_id]


def _heard(frame: ReceivedFrame, *, clock_is_right: bool) -> Heard:
    return Heard(
        monotonic_ns=frame.received_monotonic_ns,
        wall_ns=frame.received_wall_ns if clock_is_right else None,
        crc_ok=frame.crc is not Crc.FAILED,
        rssi_dbm=frame.rssi_dbm,
        snr_db=frame.snr_db,
        tmst_us=frame.tmst_us,
        sender=_sender(frame.phy),
    )


def _sender(phy: bytes) -> str | None:
    """Return the device address of a LoRaWAN data frame."""
    if len(phy) < SHORTEST_DATA or phy[0] >> 5 not in DATA_UP:
        return None
    return phy[1:5].hex()


def _broken(values: dict[str, int | float | str | None]) -> int:
    """Return how many broken frames a forwarder counted and did not hand on in the time of one status message."""
    received, good, forwarded = (values.get(name) for name in ("received", "received_ok", "forwarded"))
    if not (isinstance(received, int) and isinstance(good, int) and isinstance(forwarded, int)):
        return 0
    return min(MAX_BROKEN, max(0, received - max(good, forwarded)))
