"""The server's side of one ingest stream: nonce, session, signatures, time limits (iot-poc 2.3). Sans I/O.

The oracle's gRPC handler feeds requests with its own clock and closes the stream when told to.
"""

from dataclasses import dataclass
from enum import Enum, auto

from skerry_coverage.iot.signed_report import Report, SignedReport
from skerry_keys.errors import KeyRejected
from skerry_keys.public_key import PublicKey
from skerry_wire.errors import MessageRejected
from skerry_wire.generated.poc_lora_pb2 import lora_stream_request_v1, lora_stream_session_init_v1
from skerry_wire.messages import parse
from skerry_wire.signing import verify_message

__all__ = ["Accepted", "Closed", "IngestStream", "SessionStarted"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionStarted:
    """The client's init is good; `init` is kept as evidence for every report of the session."""

    init: lora_stream_session_init_v1


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A report with a valid session signature, to be stored before anything else."""

    report: SignedReport


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """The server ends the stream; `reason` is a term of the protocol's rules."""

    reason: str
    at_ms: int


class _State(Enum):
    OFFERED = auto()
    OPEN = auto()
    CLOSED = auto()


class IngestStream:
    """One client's stream. Times are milliseconds on any clock that never goes back."""

    def __init__(
        self, *, network: str, nonce: bytes, offered_at_ms: int, offer_timeout_ms: int, session_timeout_ms: int
    ) -> None:
        self._network = network
        self._nonce = nonce
        self._session_timeout_ms = session_timeout_ms
        self._due_ms = offered_at_ms + offer_timeout_ms
        self._state = _State.OFFERED
        self._gateway = b""
        self._session_key = b""

    @property
    def deadline_ms(self) -> int | None:
        """When `expire` has to be called, None once closed."""
        return None if self._state is _State.CLOSED else self._due_ms

    @property
    def gateway(self) -> bytes | None:
        """The gateway key of the session, None before the init."""
        return self._gateway or None

    def expire(self, now_ms: int) -> Closed | None:
        """Close the stream if its time limit has been reached."""
        if self._state is _State.CLOSED or now_ms < self._due_ms:
            return None
        reason = "offer_timeout" if self._state is _State.OFFERED else "session_timeout"
        return self._close(reason, self._due_ms)

    def receive(self, raw: bytes, now_ms: int) -> SessionStarted | Accepted | Closed:
        """Take one request's bytes. Raises `ValueError` once the stream is closed."""
        if self._state is _State.CLOSED:
            raise ValueError("the stream is closed")
        expired = self.expire(now_ms)
        if expired is not None:
            return expired
        try:
            request = parse(lora_stream_request_v1, raw)
        except MessageRejected:
            return self._close("empty_request", now_ms)
        match request.WhichOneof("request"):
            case "session_init":
                return self._init(request.session_init, now_ms)
            case "beacon_report":
                return self._report(request.beacon_report, now_ms)
            case "witness_report":
                return self._report(request.witness_report, now_ms)
            case _:
                return self._close("empty_request", now_ms)

    def _init(self, init: lora_stream_session_init_v1, now_ms: int) -> SessionStarted | Closed:
        try:
            network = PublicKey(init.pub_key).network
        except KeyRejected:
            return self._close("bad_signature", now_ms)
        if network != self._network:
            return self._close("wrong_network", now_ms)
        if not verify_message(init, init.pub_key):
            return self._close("bad_signature", now_ms)
        if self._state is not _State.OFFERED or init.nonce != self._nonce:
            return self._close("bad_nonce", now_ms)
        self._gateway, self._session_key = init.pub_key, init.session_key
        self._state, self._due_ms = _State.OPEN, now_ms + self._session_timeout_ms
        return SessionStarted(init=init)

    def _report(self, report: Report, now_ms: int) -> Accepted | Closed:
        if self._state is not _State.OPEN:
            return self._close("no_session", now_ms)
        signed = SignedReport.take(report)
        if not signed.is_signed_by(self._session_key):
            return self._close("bad_signature", now_ms)
        if report.pub_key != self._gateway:
            return self._close("wrong_gateway", now_ms)
        return Accepted(report=signed)

    def _close(self, reason: str, at_ms: int) -> Closed:
        self._state = _State.CLOSED
        return Closed(reason=reason, at_ms=at_ms)
