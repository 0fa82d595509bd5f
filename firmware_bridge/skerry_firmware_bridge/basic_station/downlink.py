"""Downlinks of one Basic Station without a socket: `dnmsg` out, `dntxed` in.

Rules (LNS protocol, and what station 2.0.6 does with it: `src/s2e.c` of lorabasics/basicstation):
- A class A answer names the uplink by its `xtime` and `rctx`, and the seconds after it; class C is sent at once.
- Only a sent frame is confirmed, when it is on the air. A frame that comes too late, finds no room or no duty cycle is
  dropped in silence, so each downlink has a time limit of its own. A class A answer is given up half a second after its
  moment, so that the second window, a second after the first, can still be asked for.
- The station chooses the power: that of its region, never above the `max_eirp` of our `router_config`.
- Every downlink has inverted chirps, whatever else it says: devices hear it, gateways do not. A beacon of ours has no
  message; the `bcning` of `router_config` sends class B beacons only.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard

from skerry_core.clock import NS_PER_S
from skerry_firmware_bridge.errors import FrameRejected
from skerry_radio.lora import Datarate
from skerry_wire.frames import TransmitOutcome, TransmitRequest, TransmitStatus

__all__ = ["Downlinks", "Order", "failed"]

CLASS_A, CLASS_C = 0, 2
NOBODY = "00-00-00-00-00-00-00-01"  # we do not know the device; a station confirms only what names one
REMEMBERED_UPLINKS = 512  # of the last 15 s, the longest delay of a receive window, even at 30 frames/s
WRAP_US = 1 << 32
STEP_US = 1_000_000
LONGEST_RX1_S = 15
CLASS_A_CONFIRM_S = 0.5  # from a frame's moment until it counts as dropped; leaves as long to reach the next window
CONFIRM_S = 5.0  # the same for class C, which nothing follows: the longest frame lasts 2.8 s
CLASS_C_S = 3.0  # a station tries class C again for 1 s, and may wait for a frame that is on the air
MOST_WAITING = 256
HIGHEST_XTIME = 1 << 63


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A `dnmsg` to send; `limit_s` is how long its confirmation may take, `silence` the reason when none comes."""

    diid: int
    message: Mapping[str, Any]
    limit_s: float
    silence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Uplink:
    xtime: int
    rctx: int
    heard_ns: int


class Downlinks:
    """What one station was asked to send. `datarates` is the table that the station was given."""

    def __init__(self, datarates: Sequence[Datarate | None]) -> None:
        self._numbers = {str(rate): number for number, rate in enumerate(datarates) if rate is not None}
        self._uplinks: deque[_Uplink] = deque(maxlen=REMEMBERED_UPLINKS)
        self._waiting: set[int] = set()
        self._last_diid = 0

    def heard(self, message: Mapping[str, Any], *, monotonic_ns: int) -> None:
        """Remember how an uplink is named and when it came, for the downlink that may answer it."""
        info = message.get("upinfo")
        xtime = info.get("xtime") if isinstance(info, dict) else None
        rctx = info.get("rctx") if isinstance(info, dict) else None
        if _is_number(xtime):
            rctx = rctx if _is_number(rctx) else 0
            self._uplinks.append(_Uplink(xtime=xtime, rctx=rctx, heard_ns=monotonic_ns))

    def order(self, request: TransmitRequest, *, wall_ns: int, monotonic_ns: int) -> Order | TransmitOutcome:
        """Return the message that asks for a frame, or the failure when no message could; the times are now."""
        rate = self._numbers.get(request.datarate)
        if rate is None:
            return failed("tx_datarate")
        if len(self._waiting) >= MOST_WAITING:
            return failed("collision_packet")
        self._last_diid += 1
        frame = {
            "msgtype": "dnmsg",
            "DevEui": NOBODY,
            "diid": self._last_diid,
            "pdu": request.phy.hex(),
            "priority": 1,
            "MuxTime": wall_ns / NS_PER_S,
        }
        first = {"RX1DR": rate, "RX1Freq": request.frequency_hz}
        second = {"RX2DR": rate, "RX2Freq": request.frequency_hz}
        limit_s, silence = CLASS_C_S + CONFIRM_S, "timeout"
        if request.tmst_us is None:
            rctx = self._uplinks[-1].rctx if self._uplinks else 0
            frame |= second | {"dC": CLASS_C, "RxDelay": 1, "rctx": rctx}
        else:
            answered = self._answered(request.tmst_us)
            if answered is None:
                return failed("unknown_uplink")
            uplink, delay_s = answered
            window = first | {"RxDelay": delay_s}
            if delay_s > LONGEST_RX1_S:  # the second window is a second later than its message says
                window = second | {"RxDelay": LONGEST_RX1_S}
            frame |= window | {"dC": CLASS_A, "xtime": uplink.xtime, "rctx": uplink.rctx}
            waited_s = (monotonic_ns - uplink.heard_ns) / NS_PER_S
            limit_s, silence = max(0.0, delay_s - waited_s) + CLASS_A_CONFIRM_S, "not_confirmed"
        self._waiting.add(self._last_diid)
        return Order(diid=self._last_diid, message=frame, limit_s=limit_s, silence=silence)

    def confirmed(self, message: Mapping[str, Any]) -> tuple[int, TransmitOutcome] | None:
        """Read a `dntxed`: which downlink, and when it went out; None for one that nobody waits for.

        Raises `FrameRejected("missing_field")`.
        """
        diid, xtime = message.get("diid", message.get("seqno")), message.get("xtime")
        if not _is_number(diid):
            raise FrameRejected("missing_field", detail="diid")
        if diid not in self._waiting:
            return None
        tmst_us = xtime % WRAP_US if _is_number(xtime) else None
        return diid, TransmitOutcome(status=TransmitStatus.SENT, tmst_us=tmst_us)

    def forget(self, diid: int) -> None:
        """Wait no longer for a confirmation."""
        self._waiting.discard(diid)

    def _answered(self, tmst_us: int) -> tuple[_Uplink, int] | None:
        """Return the latest uplink that a moment lies whole seconds after, and how many."""
        for uplink in reversed(self._uplinks):
            delay_us = (tmst_us - uplink.xtime) % WRAP_US
            if delay_us % STEP_US == 0 and 1 <= delay_us // STEP_US <= LONGEST_RX1_S + 1:
                return uplink, delay_us // STEP_US
        return None


def failed(reason: str) -> TransmitOutcome:
    """Return the outcome of a frame that was not sent."""
    return TransmitOutcome(status=TransmitStatus.FAILED, reason=reason)


def _is_number(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < HIGHEST_XTIME
