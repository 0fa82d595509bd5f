"""The server's side of GWMP without a socket: datagrams in, events and answers out.

Rules (serial-devices 2.3 and 4, DESIGN "GWMP"):
- Acknowledge first, work after; a header that can be read is acknowledged whatever its JSON holds.
- The way down is known from PULL_DATA only.
- A gateway is pinned to the address it was first heard from; another address is refused and reported while it lives.
  With `pins`, one beyond loopback is heard only from the address that its owner has named for its EUI.
- A downlink is over when its TX_ACK comes, when 5 s are over, or when its gateway is gone.
- Three keepalives missed: the gateway is unknown, or told as one that can only hear; after six it is down.
- Gateways that nobody has named are `guests`: their number is bounded.
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from skerry_core.clock import NS_PER_S
from skerry_firmware_bridge.errors import FrameRejected, LinkLost
from skerry_firmware_bridge.guests import Guests
from skerry_firmware_bridge.gwmp.datagram import (
    EUI_END,
    FROM_GATEWAY,
    HEADER_BYTES,
    Datagram,
    Kind,
    acknowledgement,
)
from skerry_firmware_bridge.gwmp.downlink import read_ack, request_json
from skerry_firmware_bridge.gwmp.gateway import (
    KEEPALIVE_S,
    LOOPBACK,
    REPORT_EVERY_NS,
    SHORTEST_KEEPALIVE_S,
    Address,
    Gateway,
    device_id,
    host_of,
    too_many,
)
from skerry_firmware_bridge.gwmp.push import read_push
from skerry_firmware_bridge.radio import DeviceEvent, DeviceForgotten, DeviceState, DeviceTrouble, StateChanged
from skerry_wire.frames import TransmitOutcome, TransmitRequest, TransmitStatus

__all__ = ["DownlinkConcluded", "GwmpSession"]

TX_ACK_TIMEOUT_S = 5  # a forwarder drops a txpk it dislikes without a word (serial-devices 2.3); gateway-rs waits 5 s
_NO_EUI = bytes(8)
_PUSH_ACK = bytes((Kind.PUSH_ACK,))


@dataclass(frozen=True, slots=True, kw_only=True)
class DownlinkConcluded(DeviceEvent):
    """What became of a PULL_RESP."""

    token: int
    outcome: TransmitOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pending:
    eui: bytes
    request: TransmitRequest
    due_ns: int


class GwmpSession:
    """All gateways of one server socket. Call `to_send` after every other call; `expire` at `next_deadline_ns`.

    `random_token` returns an unpredictable number from 0 to 65535, so that a TX_ACK cannot be invented blindly.
    `elsewhere` tells where a gateway speaks that this machine hears on another socket or port, None for the others.
    `known` are gateways that were settled in an earlier run, or that their owner has given a name.
    Times are monotonic nanoseconds; `wall_ns` only stamps events.
    """

    def __init__(
        self,
        *,
        random_token: Callable[[], int],
        keepalive_s: int = KEEPALIVE_S,
        pins: Mapping[bytes, str] | None = None,
        elsewhere: Callable[[bytes], str | None] = lambda _eui: None,
        known: Collection[bytes] = (),
    ) -> None:
        self._pins = pins
        self._elsewhere = elsewhere
        self._guests = Guests(named={*(pins or ()), *known})
        self._told_ns: dict[str, int] = {}  # when a trouble of no gateway was told last, by code
        self._counts: Counter[str] = Counter()  # of no gateway, and of those that are gone
        self._random_token = random_token
        self._keepalive_ns = keepalive_s * NS_PER_S
        self._gateways: dict[bytes, Gateway] = {}
        self._pending: dict[int, _Pending] = {}
        self._outgoing: list[tuple[bytes, Address]] = []

    @property
    def counts(self) -> Counter[str]:
        """Return what was counted since the start, over all gateways."""
        return sum((gateway.tally() for gateway in self._gateways.values()), self._counts)

    @property
    def gateways(self) -> dict[bytes, Gateway]:
        """Every gateway that is up or silent, by EUI; do not change it."""
        return self._gateways

    def to_send(self) -> list[tuple[bytes, Address]]:
        """Return the datagrams to send now, in order, and forget them."""
        outgoing, self._outgoing = self._outgoing, []
        return outgoing

    def receive(self, raw: bytes, source: Address, *, now_ns: int, wall_ns: int) -> list[DeviceEvent]:
        """Take one datagram; nothing that it holds raises. A source with port 0 is a serial port's name."""
        gateway = self._gateways.get(raw[HEADER_BYTES:EUI_END])
        if gateway is None or source != gateway.pushes_from or raw[3] or raw[0] != gateway.version:
            return self._receive_any(raw, source, now_ns=now_ns, wall_ns=wall_ns)
        # Nearly every datagram is a PUSH_DATA of a gateway that speaks as before.
        self._outgoing.append((raw[:3] + _PUSH_ACK, source))
        gateway.heard_ns = now_ns
        try:
            return self._push(gateway, raw[EUI_END:], now_ns=now_ns, wall_ns=wall_ns)
        except FrameRejected as error:
            return _unreadable(gateway, error, now_ns=now_ns, wall_ns=wall_ns)

    def _receive_any(self, raw: bytes, source: Address, *, now_ns: int, wall_ns: int) -> list[DeviceEvent]:
        try:
            datagram = Datagram.from_bytes(raw)
        except FrameRejected as error:
            return self._no_datagram(source, error.reason, error.brief(), now_ns=now_ns, wall_ns=wall_ns)
        if datagram.kind not in FROM_GATEWAY or datagram.eui is None:
            what = f"{datagram.kind.name} is for gateways"
            return self._no_datagram(source, "unexpected", what, now_ns=now_ns, wall_ns=wall_ns)
        if datagram.eui == _NO_EUI:
            return self._zero_eui(raw, source, now_ns=now_ns, wall_ns=wall_ns)
        gateway = self._gateways.get(datagram.eui)
        events: list[DeviceEvent] = []
        if gateway is None:
            refused = self._refuse(datagram.eui, source, now_ns=now_ns, wall_ns=wall_ns)
            if refused is not None:
                return refused
            gateway = self._meet(datagram.eui, datagram.version, source, now_ns=now_ns)
            events += self._greet(gateway, source, wall_ns=wall_ns, now_ns=now_ns)
        elif source[0] != gateway.told_host and host_of(source) != gateway.host:
            detail = _second(gateway.eui, told_host=source[0], host=gateway.host)
            return gateway.trouble("second_source", detail, now_ns=now_ns, wall_ns=wall_ns)
        answer = acknowledgement(raw)
        if answer is not None:
            self._outgoing.append((answer, source))
        gateway.heard_ns = now_ns
        gateway.version = datagram.version
        if gateway.state is not DeviceState.UP:
            gateway.state = DeviceState.UP
            events.append(self._state(gateway, "The packet forwarder speaks again.", wall_ns, now_ns=now_ns))
        try:
            events += self._handle(gateway, datagram, source, now_ns=now_ns, wall_ns=wall_ns)
        except FrameRejected as error:
            events += _unreadable(gateway, error, now_ns=now_ns, wall_ns=wall_ns)
        return events

    def transmit(self, eui: bytes, request: TransmitRequest, *, now_ns: int) -> int:
        """Queue a PULL_RESP and return its token. Raises `LinkLost` while the gateway has not asked for downlinks."""
        gateway = self._gateways.get(eui)
        if gateway is None or gateway.down is None:
            raise LinkLost(f"{device_id(eui)} sends no PULL_DATA, so there is no way down to it")
        token = self._random_token()
        while token in self._pending:
            token = (token + 1) & 0xFFFF
        body = request_json(request)
        self._pending[token] = _Pending(eui=eui, request=request, due_ns=now_ns + TX_ACK_TIMEOUT_S * NS_PER_S)
        datagram = Datagram(kind=Kind.PULL_RESP, token=token, body=body, version=gateway.version)
        self._outgoing.append((datagram.to_bytes(), gateway.down))
        gateway.counts["downlinks"] += 1
        return token

    def expire(self, *, now_ns: int, wall_ns: int) -> list[DeviceEvent]:
        """End what is overdue: downlinks without TX_ACK, gateways that fell silent."""
        events: list[DeviceEvent] = []
        for token, pending in list(self._pending.items()):
            if pending.due_ns <= now_ns:
                events.append(self._conclude(token, _failed("timeout")))
        for gateway in list(self._gateways.values()):
            silence_ns = now_ns - gateway.heard_ns
            if silence_ns >= 2 * gateway.patience_ns:
                events += self._drop(gateway, _silent(silence_ns), wall_ns - silence_ns, now_ns=now_ns)
            elif silence_ns >= gateway.patience_ns:
                if gateway.state is DeviceState.UP:
                    gateway.state = DeviceState.UNKNOWN
                    gateway.pushes_from = None
                    events.append(self._state(gateway, _silent(silence_ns), wall_ns - silence_ns, now_ns=now_ns))
            else:
                events += self._check_way_down(gateway, now_ns=now_ns, wall_ns=wall_ns)
        return events

    def _check_way_down(self, gateway: Gateway, *, now_ns: int, wall_ns: int) -> list[DeviceEvent]:
        """Tell of a gateway that is heard and asks for no downlinks any more; after twice the time forget the way."""
        silence_ns = now_ns - gateway.pulled_ns
        if not gateway.misses_pull(now_ns):
            return []
        if silence_ns >= 2 * gateway.patience_ns:
            gateway.forget_way_down()
        if gateway.told_no_pull:
            return []
        gateway.told_no_pull = True
        detail = (
            f"Packets come in, but no PULL_DATA for {silence_ns // NS_PER_S} s, so beacons and downlinks cannot be "
            "sent to it: let serv_port_down in the forwarder's configuration be the port that the agent listens on, "
            "and let firewalls pass it."
        )
        return gateway.trouble("no_pull_data", detail, now_ns=now_ns, wall_ns=wall_ns)

    def next_deadline_ns(self) -> int | None:
        """Return when `expire` has something to do at the earliest; hearing from gateways only moves it later."""
        deadlines = [pending.due_ns for pending in self._pending.values()]
        deadlines += [gateway.next_deadline_ns() for gateway in self._gateways.values()]
        return min(deadlines, default=None)

    def close(self, *, reason: str, now_ns: int, wall_ns: int) -> list[DeviceEvent]:
        """End everything at once, as when the socket is gone; `reason` is a sentence for people."""
        gone = [self._drop(gateway, reason, wall_ns, now_ns=now_ns) for gateway in list(self._gateways.values())]
        return [event for events in gone for event in events]

    def _handle(
        self, gateway: Gateway, datagram: Datagram, source: Address, *, now_ns: int, wall_ns: int
    ) -> list[DeviceEvent]:
        match datagram.kind:
            case Kind.PUSH_DATA:
                gateway.pushed_from(source)
                return self._push(gateway, datagram.body, now_ns=now_ns, wall_ns=wall_ns)
            case Kind.PULL_DATA:
                gateway.counts["pull_data"] += 1
                if gateway.move_down(source):
                    return self._asked(gateway, now_ns=now_ns, wall_ns=wall_ns)
                detail = (
                    f"Two forwarders on {gateway.host} use EUI {gateway.eui.hex()}; the one at port {source[1]} is "
                    "refused. Stop one of them, or give it another gateway_ID."
                )
                return gateway.trouble("second_source", detail, now_ns=now_ns, wall_ns=wall_ns)
            case _:
                gateway.counts["tx_ack"] += 1
                return self._acknowledge(gateway, datagram, now_ns=now_ns, wall_ns=wall_ns)

    def _asked(self, gateway: Gateway, *, now_ns: int, wall_ns: int) -> list[DeviceEvent]:
        was_told = gateway.told_no_pull
        gateway.pulled(now_ns)
        again = "The packet forwarder asks for downlinks again."
        return [self._state(gateway, again, wall_ns, now_ns=now_ns)] if was_told else []

    def _push(self, gateway: Gateway, body: bytes, *, now_ns: int, wall_ns: int) -> list[DeviceEvent]:
        gateway.pushes += 1
        if gateway.is_storm(now_ns):
            gateway.counts["storm_dropped"] += 1
            detail = (
                "Datagrams come faster than a concentrator can hear; the surplus is dropped. Restart the forwarder if "
                "it repeats itself, or look for a program that floods the port."
            )
            return gateway.trouble("storm", detail, now_ns=now_ns, wall_ns=wall_ns)
        return read_push(gateway, body, now_ns=now_ns, wall_ns=wall_ns)

    def _acknowledge(self, gateway: Gateway, datagram: Datagram, *, now_ns: int, wall_ns: int) -> list[DeviceEvent]:
        pending = self._pending.get(datagram.token)
        if pending is None or pending.eui != gateway.eui:
            gateway.counts["unmatched_tx_ack"] += 1
            return []
        try:
            outcome = read_ack(datagram.body)
        except FrameRejected as error:
            gateway.counts[error.reason] += 1
            outcome = _failed("unreadable_tx_ack")
        if outcome.status is TransmitStatus.SENT:
            power_dbm = pending.request.power_dbm
            outcome = TransmitOutcome(status=outcome.status, power_dbm=power_dbm, tmst_us=outcome.tmst_us)
        asked_dbm = pending.request.power_dbm
        raised = gateway.raised_power(asked_dbm, outcome.power_dbm, now_ns=now_ns, wall_ns=wall_ns)
        return [self._conclude(datagram.token, outcome), *raised]

    def _conclude(self, token: int, outcome: TransmitOutcome) -> DownlinkConcluded:
        pending = self._pending.pop(token)
        return DownlinkConcluded(device_id=device_id(pending.eui), token=token, outcome=outcome)

    def _meet(self, eui: bytes, version: int, source: Address, *, now_ns: int) -> Gateway:
        gateway = Gateway(
            eui=eui,
            host=host_of(source),
            told_host=source[0],
            version=version,
            heard_ns=now_ns,
            pulled_ns=now_ns,
            keepalive_ns=self._keepalive_ns,
            shortest_keepalive_ns=min(self._keepalive_ns, SHORTEST_KEEPALIVE_S * NS_PER_S),
            device_id=device_id(eui),
        )
        self._gateways[eui] = gateway
        return gateway

    def _greet(self, gateway: Gateway, source: Address, *, wall_ns: int, now_ns: int) -> list[DeviceEvent]:
        forgotten = self._guests.came(gateway.eui, now_ns=now_ns)
        events: list[DeviceEvent] = []
        if forgotten is not None and self._elsewhere(forgotten) is None:
            events.append(DeviceForgotten(device_id=device_id(forgotten)))
        events.append(self._state(gateway, f"A packet forwarder speaks from {source[0]}.", wall_ns, now_ns=now_ns))
        if gateway.version == 1:
            detail = "The forwarder speaks protocol version 1, which cannot confirm transmissions; update it."
            events += gateway.trouble("version_1", detail, now_ns=now_ns, wall_ns=wall_ns)
        return events

    def _drop(self, gateway: Gateway, reason: str, wall_ns: int, *, now_ns: int) -> list[DeviceEvent]:
        lost = [token for token, pending in self._pending.items() if pending.eui == gateway.eui]
        events: list[DeviceEvent] = [self._conclude(token, _failed("gateway_lost")) for token in lost]
        gateway.state = DeviceState.DOWN
        del self._gateways[gateway.eui]
        self._counts += gateway.tally()
        self._guests.went(gateway.eui, now_ns=now_ns)
        return [*events, self._state(gateway, reason, wall_ns, now_ns=now_ns)]

    def _state(self, gateway: Gateway, reason: str, wall_ns: int, *, now_ns: int) -> StateChanged:
        """Return the event; `wall_ns` is when the gateway was heard last."""
        is_known = self._guests.is_known(gateway.eui, now_ns=now_ns)
        return StateChanged(
            device_id=gateway.device_id, state=gateway.state, reason=reason, wall_ns=wall_ns, is_known=is_known
        )

    def _zero_eui(self, raw: bytes, source: Address, *, now_ns: int, wall_ns: int) -> list[DeviceEvent]:
        """Acknowledge, use nothing, and say once a minute that a forwarder has no identity (gateway-rs issue 482)."""
        self._counts["zero_eui"] += 1
        answer = acknowledgement(raw)
        if answer is not None:
            self._outgoing.append((answer, source))
        detail = (
            f"A forwarder at {source[0]} has the EUI 0, so its frames cannot be used: set gateway_ID in its "
            "configuration to the concentrator's EUI and restart it."
        )
        return self._nobodys_trouble(_NO_EUI, "zero_eui", detail, now_ns=now_ns, wall_ns=wall_ns)

    def _refuse(self, eui: bytes, source: Address, *, now_ns: int, wall_ns: int) -> list[DeviceEvent] | None:
        """Return what to say of a gateway that may not speak from there, None for one that may. It gets no answer."""
        if not self._is_expected(eui, source):
            self._counts["not_pinned"] += 1
            detail = (
                f"{source[0]} speaks with EUI {eui.hex()}, which gwmp.gateways does not name for it; refused. If it is "
                f"yours, add {eui.hex()}@{source[0]} to gwmp.gateways and restart the agent."
            )
            return self._nobodys_trouble(eui, "not_pinned", detail, now_ns=now_ns, wall_ns=wall_ns)
        if not self._guests.may_come(eui, now_ns=now_ns):
            self._counts["too_many_gateways"] += 1
            detail = too_many(eui, source)
            return self._nobodys_trouble(eui, "too_many_gateways", detail, now_ns=now_ns, wall_ns=wall_ns)
        other = self._elsewhere(eui)
        if other is not None:
            self._counts["second_source"] += 1
            detail = _second(eui, told_host=source[0], host=other)
            return self._nobodys_trouble(eui, "second_source", detail, now_ns=now_ns, wall_ns=wall_ns)
        return None

    def _no_datagram(self, source: Address, code: str, what: str, *, now_ns: int, wall_ns: int) -> list[DeviceEvent]:
        """Count what no gateway sends to a server, answer nothing, and say so once a minute."""
        self._counts[code] += 1
        detail = (
            f"{source[0]} sends what is no datagram of a gateway ({what}); let only packet forwarders of protocol "
            "version 1 or 2 send to this port."
        )
        return self._nobodys_trouble(_NO_EUI, code, detail, now_ns=now_ns, wall_ns=wall_ns)

    def _is_expected(self, eui: bytes, source: Address) -> bool:
        if self._pins is None or not source[1]:  # a serial port is its own pin
            return True
        pinned = self._pins.get(eui)
        if pinned is None:
            return host_of(source) == LOOPBACK
        return host_of(source) == host_of((pinned, source[1]))

    def _nobodys_trouble(self, eui: bytes, code: str, detail: str, *, now_ns: int, wall_ns: int) -> list[DeviceEvent]:
        """Tell of a gateway that is not one of ours; once a minute for all of them, so that a flood fills no log."""
        told_ns = self._told_ns.get(code)
        if told_ns is not None and now_ns - told_ns < REPORT_EVERY_NS:
            return []
        self._told_ns[code] = now_ns
        return [DeviceTrouble(device_id=device_id(eui), code=code, detail=detail, wall_ns=wall_ns)]


def _silent(silence_ns: int) -> str:
    return f"The packet forwarder is silent: no datagram for {silence_ns // NS_PER_S} s."


def _second(eui: bytes, *, told_host: str, host: str) -> str:
    return (
        f"{told_host} also claims EUI {eui.hex()}, which belongs to {host}; refused. Give one of the two gateways "
        "another gateway_ID; one that has moved is let in once the other is silent for a minute."
    )


def _unreadable(gateway: Gateway, error: FrameRejected, *, now_ns: int, wall_ns: int) -> list[DeviceEvent]:
    detail = f"A datagram cannot be read, so what it reported is lost ({error.brief()}); update the packet forwarder."
    return gateway.trouble(error.reason, detail, now_ns=now_ns, wall_ns=wall_ns)


def _failed(reason: str) -> TransmitOutcome:
    return TransmitOutcome(status=TransmitStatus.FAILED, reason=reason)
