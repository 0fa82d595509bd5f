"""An operator's signed word on one beacon: what it received when, what it knew, how it judged, which manifest paid.

It holds every input that the rules take beyond the reports themselves, so that anyone recomputes the verdicts from it.
The oracle makes it for the agents concerned; the bundle verifier checks it.
"""

import hashlib
from dataclasses import dataclass
from typing import Any

from skerry_coverage.evidence import dcbor
from skerry_coverage.evidence.errors import EvidenceRejected
from skerry_coverage.evidence.fields import Fields, decode_map
from skerry_keys.signer import Signer, evidence_message
from skerry_keys.verify import verify

__all__ = ["STATEMENT_DOMAIN", "SignedStatement", "StatedGateway", "StatedReport", "Statement", "sign_statement"]

STATEMENT_DOMAIN = "skerry/operator-statement/1"
MAX_TIMESTAMP_S = 1 << 40  # far beyond any date, and safely inside what the rules' arithmetic takes


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedGateway:
    """A registered hotspot as the operator knew it; times are the verifier's kept times in Unix milliseconds.

    `cell` is the asserted H3 index in hexadecimal text, None while nothing was asserted (then the rest is empty).
    """

    owner: bytes
    full: bool
    cell: str | None
    region: str
    gain_ddbi: int
    elevation_m: int
    denied: bool
    last_beacon_ms: int | None
    last_witness_ms: int | None
    last_beacon_reciprocity_ms: int | None

    def to_map(self) -> dict[str, Any]:
        """Return the fields as they are encoded."""
        return {
            "owner": self.owner,
            "full": self.full,
            "cell": self.cell,
            "region": self.region,
            "gain_ddbi": self.gain_ddbi,
            "elevation_m": self.elevation_m,
            "denied": self.denied,
            "last_beacon_ms": self.last_beacon_ms,
            "last_witness_ms": self.last_witness_ms,
            "last_beacon_reciprocity_ms": self.last_beacon_reciprocity_ms,
        }

    @classmethod
    def from_map(cls, untrusted: Any) -> "StatedGateway":
        """Raises `EvidenceRejected`."""
        fields = Fields(untrusted, what="stated hotspot")
        stated = cls(
            owner=fields.data("owner"),
            full=fields.flag("full"),
            cell=fields.optional_text("cell"),
            region=fields.text("region"),
            gain_ddbi=fields.integer("gain_ddbi"),
            elevation_m=fields.integer("elevation_m"),
            denied=fields.flag("denied"),
            last_beacon_ms=fields.optional_count("last_beacon_ms"),
            last_witness_ms=fields.optional_count("last_witness_ms"),
            last_beacon_reciprocity_ms=fields.optional_count("last_beacon_reciprocity_ms"),
        )
        fields.end()
        return stated


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedReport:
    """One report and its verdict. `report_hash` is SHA-256 of the exact signed bytes; `gateway` None = not registered.

    `reason` and `side` are names of the protocol (iot-poc 3.1), None when valid; `denied_edge` concerns witnesses.
    """

    report_hash: bytes
    received_ms: int
    gateway: StatedGateway | None
    denied_edge: bool
    reason: str | None
    side: str | None
    selected: bool

    @property
    def valid(self) -> bool:
        """Whether the operator accepted the report."""
        return self.reason is None

    def to_map(self) -> dict[str, Any]:
        """Return the fields as they are encoded."""
        return {
            "report_hash": self.report_hash,
            "received_ms": self.received_ms,
            "gateway": None if self.gateway is None else self.gateway.to_map(),
            "denied_edge": self.denied_edge,
            "reason": self.reason,
            "side": self.side,
            "selected": self.selected,
        }

    @classmethod
    def from_map(cls, untrusted: Any) -> "StatedReport":
        """Raises `EvidenceRejected`."""
        fields = Fields(untrusted, what="stated report")
        gateway = fields.take("gateway")
        stated = cls(
            report_hash=fields.data("report_hash", size=32),
            received_ms=fields.count("received_ms"),
            gateway=None if gateway is None else StatedGateway.from_map(gateway),
            denied_edge=fields.flag("denied_edge"),
            reason=fields.optional_text("reason"),
            side=fields.optional_text("side"),
            selected=fields.flag("selected"),
        )
        fields.end()
        return stated


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """Everything the operator says about one beacon. `entropy_*` are the stored entropy that the beacon names.

    `manifest_hash` is SHA-256 of the epoch's reward manifest, None while the epoch is open.
    """

    network: str
    profile_hash: bytes
    engine: str
    rule_set: str
    epoch: int
    manifest_hash: bytes | None
    denylist_serial: int
    entropy_data: bytes
    entropy_timestamp_s: int
    entropy_version: int
    beacon: StatedReport
    witnesses: tuple[StatedReport, ...]

    def to_bytes(self) -> bytes:
        """Return the bytes whose SHA-256 is signed."""
        return dcbor.encode(
            {
                "network": self.network,
                "profile_hash": self.profile_hash,
                "engine": self.engine,
                "rule_set": self.rule_set,
                "epoch": self.epoch,
                "manifest_hash": self.manifest_hash,
                "denylist_serial": self.denylist_serial,
                "entropy_data": self.entropy_data,
                "entropy_timestamp_s": self.entropy_timestamp_s,
                "entropy_version": self.entropy_version,
                "beacon": self.beacon.to_map(),
                "witnesses": [witness.to_map() for witness in self.witnesses],
            }
        )

    @classmethod
    def from_bytes(cls, untrusted: bytes) -> "Statement":
        """Decode a statement. Raises `EvidenceRejected`."""
        fields = decode_map(untrusted, what="statement")
        statement = cls(
            network=fields.text("network"),
            profile_hash=fields.data("profile_hash", size=32),
            engine=fields.text("engine"),
            rule_set=fields.text("rule_set"),
            epoch=fields.count("epoch"),
            manifest_hash=fields.optional_data("manifest_hash", size=32),
            denylist_serial=fields.count("denylist_serial"),
            entropy_data=fields.data("entropy_data"),
            entropy_timestamp_s=fields.count("entropy_timestamp_s"),
            entropy_version=fields.count("entropy_version"),
            beacon=StatedReport.from_map(fields.take("beacon")),
            witnesses=tuple(StatedReport.from_map(witness) for witness in fields.items("witnesses")),
        )
        fields.end()
        if statement.entropy_timestamp_s > MAX_TIMESTAMP_S or statement.entropy_version > 1:
            raise EvidenceRejected("bad_entropy", "the entropy's time or version is out of range")
        return statement


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedStatement:
    """The body of a `statement` entry: the exact statement, who signed it, the signature."""

    statement: bytes
    signer: bytes
    signature: bytes

    def to_bytes(self) -> bytes:
        """Return the entry body."""
        return dcbor.encode({"statement": self.statement, "signer": self.signer, "signature": self.signature})

    @classmethod
    def from_bytes(cls, untrusted: bytes) -> "SignedStatement":
        """Decode an entry body. Raises `EvidenceRejected`."""
        fields = decode_map(untrusted, what="signed statement")
        signed = cls(
            statement=fields.data("statement"), signer=fields.data("signer"), signature=fields.data("signature")
        )
        fields.end()
        return signed

    def decoded(self) -> Statement:
        """Return the statement. Raises `EvidenceRejected`."""
        return Statement.from_bytes(self.statement)

    def is_signed(self, network: str) -> bool:
        """Say whether the signer signed this statement for a network."""
        digest = hashlib.sha256(self.statement).digest()
        return verify(self.signer, evidence_message(STATEMENT_DOMAIN, network, digest), self.signature)


def sign_statement(statement: Statement, signer: Signer) -> SignedStatement:
    """Sign a statement with the operator's oracle key; may block for a hardware key."""
    encoded = statement.to_bytes()
    signature = signer.sign_evidence(STATEMENT_DOMAIN, statement.network, hashlib.sha256(encoded).digest())
    return SignedStatement(statement=encoded, signer=signer.public_key, signature=signature)
