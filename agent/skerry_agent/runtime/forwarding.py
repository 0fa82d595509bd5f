"""Further networks of one radio: which frames each wants, and the packet forwarder's side of GWMP towards it. Pure.

The shell with the socket is `runtime.forwarder`; the settings are `forward.gwmp`. A network gets our uplinks as if it
had a packet forwarder of its own here; it may send only when its owner allows that (one network at most, because a
duty cycle can't be shared: peers-features G3, G5).
"""

import base64
import json
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from urllib.parse import parse_qsl

from skerry_agent.runtime.frame_filter import EVERYTHING, FILTERS, FilterRejected, FrameFilter
from skerry_core.errors import UsageError
from skerry_firmware_bridge.errors import FrameRejected
from skerry_firmware_bridge.gwmp.datagram import HEADER_BYTES, Datagram, Kind, read_json
from skerry_firmware_bridge.gwmp.downlink import Downlink, ack_json
from skerry_wire.frames import ReceivedFrame, TransmitOutcome, TransmitRequest, TransmitStatus

# What a network may leave out of a txpk, as The Things Stack does with a false imme, and what forwarders take then.
_OPTIONAL = {"imme": False, "ipol": False, "powe": 0}
_encode = json.JSONEncoder(separators=(",", ":")).encode  # made once: that takes as long as writing an uplink
# The failures that network servers know. With another word they neither tell the application nor try the next window.
_KNOWN = ("too_late", "too_early", "collision_packet", "collision_beacon", "tx_freq", "tx_power", "gps_unlocked")
_SILENT = ("not_confirmed", "timeout", "unknown_uplink", "gateway_lost")  # its moment went by and nothing was sent

__all__ = ["ForwardTarget", "GwmpUpstream", "PullResp", "forward_targets"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ForwardTarget:
    """One network: where it listens, what it wants (empty: everything), whether it may send."""

    host: str
    port: int
    filter: FrameFilter = EVERYTHING
    downlink: bool = False

    @property
    def name(self) -> str:
        """The network's name in rows and metrics."""
        return f"{self.host}:{self.port}"


def forward_targets(texts: tuple[str, ...]) -> tuple[ForwardTarget, ...]:
    """Read the setting forward.gwmp, each `HOST:PORT[?devaddr=26000000/7;...&netid=...&joineui=...&downlink=yes]`.

    Raises `UsageError` E_FORWARD.
    """
    targets = tuple(_target(text) for text in texts)
    if sum(target.downlink for target in targets) > 1:
        raise _bad(", ".join(texts), "two networks may not send by one radio")
    return targets


def _target(text: str) -> ForwardTarget:
    place, _, query = text.partition("?")
    host, colon, port = place.rpartition(":")
    if not colon or not host or not port.isdecimal() or not 0 < int(port) < 1 << 16:
        raise _bad(text, "there is no HOST:PORT")
    options = dict(parse_qsl(query, keep_blank_values=True))
    unknown = options.keys() - {*FILTERS, "downlink"}
    if unknown:
        raise _bad(text, f"{min(unknown)} is no option")
    downlink = options.get("downlink", "no")
    if downlink not in {"yes", "no"}:
        raise _bad(text, "downlink is yes or no")
    try:
        wanted = FrameFilter.from_options(options)
    except FilterRejected as error:
        raise _bad(text, str(error)) from None
    return ForwardTarget(host=host.strip("[]"), port=int(port), filter=wanted, downlink=downlink == "yes")


def _bad(text: str, finding: str) -> UsageError:
    return UsageError(
        "E_FORWARD",
        f"{text!r} in forward.gwmp cannot be used: {finding}.",
        remedy="Write it like lns.example.org:1700 or lns.example.org:1700?devaddr=26000000/7.",
        params={"value": text},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PullResp:
    """A downlink that the network asks for; `request` None with the reason why no radio could be asked."""

    token: int
    request: TransmitRequest | None
    reason: str | None = None


class GwmpUpstream:
    """The protocol state towards one network: makes datagrams, reads answers, counts both."""

    def __init__(self, *, eui: bytes, target: ForwardTarget, antenna_gain_ddbi: int) -> None:
        self._eui = eui
        self._target = target
        self._gain_ddbi = antenna_gain_ddbi
        self._token = 0
        self._told: Counter[str] = Counter()  # the counts at the last stat
        self._unanswered = 0  # datagrams since the network's last word
        self._has_answered = True  # since `is_silent` was asked last
        self.counts: Counter[str] = Counter()

    def push(self, frame: ReceivedFrame) -> bytes:
        """Return the PUSH_DATA of one uplink."""
        rxpk = {
            "tmst": frame.tmst_us, "chan": 0, "rfch": 0, "freq": frame.frequency_hz / 1_000_000, "stat": 1,
            "modu": "LORA", "datr": frame.datarate, "codr": "4/5", "rssi": frame.rssi_dbm, "lsnr": frame.snr_db,
            "size": len(frame.phy), "data": base64.b64encode(frame.phy).decode(),
        }  # fmt: skip
        self.counts["uplinks"] += 1
        return self._question(Kind.PUSH_DATA, {"rxpk": [rxpk]})

    def stat(self, wall_s: int) -> bytes:
        """Return the PUSH_DATA that tells the network that this gateway lives."""
        time = datetime.fromtimestamp(wall_s, UTC).strftime("%Y-%m-%d %H:%M:%S GMT")
        counts, self._told = self.counts - self._told, self.counts.copy()  # a forwarder counts from stat to stat
        acknowledged = round(100.0 * counts["push_acks"] / max(1, counts["pushed"]), 1)
        stat = {
            "time": time, "rxnb": counts["uplinks"], "rxok": counts["uplinks"], "rxfw": counts["uplinks"],
            "ackr": min(100.0, acknowledged), "dwnb": counts["downlinks"], "txnb": counts["sent"],
        }  # fmt: skip
        return self._question(Kind.PUSH_DATA, {"stat": stat})

    def pull(self) -> bytes:
        """Return the PULL_DATA that keeps the way down open."""
        return self._question(Kind.PULL_DATA, None)

    def receive(self, raw: bytes) -> PullResp | None:
        """Take a datagram of the network; return a downlink when it is one. Raises `FrameRejected`."""
        if len(raw) == HEADER_BYTES and raw[3] == Kind.PUSH_ACK:  # nearly all that a network says
            self.counts["push_acks"] += 1
            self._unanswered, self._has_answered = 0, True
            return None
        datagram = Datagram.from_bytes(raw)
        match datagram.kind:
            case Kind.PUSH_ACK:
                self.counts["push_acks"] += 1
            case Kind.PULL_ACK:
                self.counts["pull_acks"] += 1
            case Kind.PULL_RESP:
                self._unanswered, self._has_answered = 0, True
                return self._downlink(datagram)
            case _:
                raise FrameRejected("unexpected", detail=datagram.kind.name)
        self._unanswered, self._has_answered = 0, True
        return None

    def is_silent(self, *, after: int) -> bool:
        """Return whether `after` datagrams found no answer, and none came since the last call; then count anew.

        A burst that has just left has had no time for an answer.
        """
        has_answered, self._has_answered = self._has_answered, False
        if has_answered or self._unanswered < after:
            return False
        self._unanswered, self._has_answered = 0, True
        return True

    def answer(self, token: int, outcome: TransmitOutcome) -> bytes:
        """Return the TX_ACK that tells what became of a downlink, in words of the protocol."""
        self.counts[outcome.status.value] += 1
        if outcome.status is TransmitStatus.FAILED and outcome.reason not in _KNOWN:
            outcome = replace(outcome, reason="too_late" if outcome.reason in _SILENT else "tx_freq")
        if outcome.power_dbm is not None:  # radiated power, as the network states it
            outcome = replace(outcome, power_dbm=(outcome.power_dbm * 10 + self._gain_ddbi) // 10)
        return Datagram(kind=Kind.TX_ACK, token=token, eui=self._eui, body=ack_json(outcome)).to_bytes()

    def _question(self, kind: Kind, content: object) -> bytes:
        self._token = (self._token + 1) & 0xFFFF
        self._unanswered += 1
        self.counts["pushed"] += kind is Kind.PUSH_DATA
        body = b"" if content is None else _encode(content).encode()
        return Datagram(kind=kind, token=self._token, eui=self._eui, body=body).to_bytes()

    def _downlink(self, datagram: Datagram) -> PullResp:
        self.counts["downlinks"] += 1
        if not self._target.downlink:
            return PullResp(token=datagram.token, request=None, reason="send_fail")
        txpk = read_json(datagram.body).get("txpk")
        if not isinstance(txpk, dict):
            raise FrameRejected("invalid_json", detail="no txpk")
        asked = Downlink.from_json(_OPTIONAL | txpk)
        if not asked.immediate and asked.tmst is None:
            return PullResp(token=datagram.token, request=None, reason="gps_unlocked")
        request = TransmitRequest(
            phy=asked.payload,
            frequency_hz=round(asked.freq_mhz * 1_000_000),
            datarate=asked.datarate,
            # Network servers state radiated power, and packet forwarders take the antenna's gain off.
            power_dbm=(asked.power_dbm * 10 - self._gain_ddbi) // 10,
            inverted_polarity=asked.inverted_polarity,
            tmst_us=None if asked.immediate else asked.tmst,
        )
        return PullResp(token=datagram.token, request=request)
