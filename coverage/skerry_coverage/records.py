"""The records that make a hotspot known, in their signed form; CLI, oracle and proof verifier read them.

A record is canonical JSON (`skerry_core.strict_json.canonical`), signed over its SHA-256 in an evidence domain of its
own, so that no signature of one record can pass for another's.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from skerry_core import strict_json
from skerry_core.cells import cell_number, resolution
from skerry_core.errors import UsageError
from skerry_keys.errors import KeyRejected
from skerry_keys.public_key import PublicKey
from skerry_keys.signer import Signer, evidence_message
from skerry_keys.verify import verify

__all__ = ["DenylistRecord", "Location", "Record", "Registration", "is_signed", "sign_record"]

MAX_RECORD_BYTES = 4_096
MAX_DENYLIST_BYTES = 16 << 20  # some 200,000 keys


class Record:
    """What all signed records share: a kind, a network, canonical bytes."""

    __slots__ = ()
    DOMAIN: ClassVar[str]
    MAX_BYTES: ClassVar[int] = MAX_RECORD_BYTES
    network: str

    def members(self) -> dict[str, Any]:
        """Return the record's own members in plain JSON values."""
        raise NotImplementedError

    def to_bytes(self) -> bytes:
        """Return the canonical bytes that are hashed, signed and kept."""
        return strict_json.canonical({"kind": self.DOMAIN, "network": self.network, "version": 1, **self.members()})

    @classmethod
    def from_bytes(cls, untrusted: bytes) -> Self:
        """Parse canonical bytes. Raises `UsageError` E_RECORD_MALFORMED."""
        try:
            members = strict_json.loads(untrusted, limit_bytes=cls.MAX_BYTES)
            if not isinstance(members, dict) or strict_json.canonical(members) != untrusted:
                raise ValueError("it is not in canonical form")
            if members.pop("kind", None) != cls.DOMAIN or members.pop("version", None) != 1:
                raise ValueError(f"it is not a {cls.DOMAIN} record of version 1")
            record = cls._from_members(members)
            if record.to_bytes() != untrusted:
                raise ValueError("it has unknown members")
        except (strict_json.JsonRejected, KeyRejected, ValueError, TypeError, KeyError) as error:
            raise UsageError(
                "E_RECORD_MALFORMED",
                f"The {cls.DOMAIN} record cannot be read: {error}.",
                remedy="Make and sign it anew.",
            ) from None
        return record

    @classmethod
    def _from_members(cls, members: Mapping[str, Any]) -> Self:
        raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration(Record):
    """Gateway and owner state together that they belong together; both sign it."""

    DOMAIN: ClassVar[str] = "registration"
    network: str
    gateway: bytes
    owner: bytes
    is_full: bool
    made_ms: int

    def members(self) -> dict[str, Any]:
        return {
            "gateway": PublicKey(self.gateway).address,
            "owner": PublicKey(self.owner).address,
            "full": self.is_full,
            "made_ms": self.made_ms,
        }

    @classmethod
    def _from_members(cls, members: Mapping[str, Any]) -> Self:
        owner = PublicKey.from_address(members["owner"])
        if owner.solana_address is None:
            raise ValueError("the owner's key is not an Ed25519 wallet key")
        return cls(
            network=_text(members["network"]),
            gateway=PublicKey.from_address(members["gateway"]).binary,
            owner=owner.binary,
            is_full=_boolean(members["full"]),
            made_ms=_whole(members["made_ms"], low=0),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Location(Record):
    """The owner states where a gateway's antenna is; `number` counts a gateway's assertions from 1.

    `cell` is an H3 index in hexadecimal text, `gain_ddbi` dBi times ten, `region` a name of iot-poc 3.2.
    """

    DOMAIN: ClassVar[str] = "location"
    network: str
    gateway: bytes
    owner: bytes
    number: int
    cell: str
    region: str
    gain_ddbi: int
    elevation_m: int
    made_ms: int

    def members(self) -> dict[str, Any]:
        return {
            "gateway": PublicKey(self.gateway).address,
            "owner": PublicKey(self.owner).address,
            "number": self.number,
            "cell": self.cell,
            "region": self.region,
            "gain_ddbi": self.gain_ddbi,
            "elevation_m": self.elevation_m,
            "made_ms": self.made_ms,
        }

    @classmethod
    def _from_members(cls, members: Mapping[str, Any]) -> Self:
        return cls(
            network=_text(members["network"]),
            gateway=PublicKey.from_address(members["gateway"]).binary,
            owner=PublicKey.from_address(members["owner"]).binary,
            number=_whole(members["number"], low=1),
            cell=_cell(members["cell"]),
            region=_region(members["region"]),
            gain_ddbi=_whole(members["gain_ddbi"], low=-100, high=500),
            elevation_m=_whole(members["elevation_m"], low=-1000, high=10_000),
            made_ms=_whole(members["made_ms"], low=0),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DenylistRecord(Record):
    """Keys and pairs of keys that the operator excludes; a higher serial replaces a lower one."""

    DOMAIN: ClassVar[str] = "denylist"
    MAX_BYTES: ClassVar[int] = MAX_DENYLIST_BYTES
    network: str
    serial: int
    keys: tuple[bytes, ...] = ()
    edges: tuple[tuple[bytes, bytes], ...] = ()
    made_ms: int = 0

    def members(self) -> dict[str, Any]:
        pairs = (sorted((_address(a), _address(b))) for a, b in self.edges)
        return {
            "serial": self.serial,
            "keys": sorted(_address(key) for key in self.keys),
            "edges": sorted(pairs),
            "made_ms": self.made_ms,
        }

    @classmethod
    def _from_members(cls, members: Mapping[str, Any]) -> Self:
        return cls(
            network=_text(members["network"]),
            serial=_whole(members["serial"], low=0),
            keys=tuple(_binary(key) for key in members["keys"]),
            edges=tuple((_binary(a), _binary(b)) for a, b in members["edges"]),
            made_ms=_whole(members["made_ms"], low=0),
        )


def sign_record(record: Record, signer: Signer) -> bytes:
    """Return `signer`'s signature over the record; may block for a hardware key."""
    return signer.sign_evidence(record.DOMAIN, record.network, hashlib.sha256(record.to_bytes()).digest())


def is_signed(record: Record, public_key: bytes, signature: bytes) -> bool:
    """Say whether `signature` is `public_key`'s over the record."""
    digest = hashlib.sha256(record.to_bytes()).digest()
    return verify(public_key, evidence_message(record.DOMAIN, record.network, digest), signature)


def _address(key: bytes) -> str:
    return PublicKey(key).address


def _binary(address: str) -> bytes:
    return PublicKey.from_address(address).binary


def _text(value: object) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= 64:
        raise ValueError(f"expected a text of 1 to 64 characters, got {value!r}")
    return value


def _boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"expected true or false, got {value!r}")
    return value


def _whole(value: object, *, low: int, high: int = (1 << 53) - 1) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise ValueError(f"expected a whole number from {low} to {high}, got {value!r}")
    return value


def _cell(value: object) -> str:
    text = _text(value)
    cell = cell_number(text)
    if cell is None or resolution(cell) < 11:
        raise ValueError(f"{text!r} is not an H3 cell of resolution 11 or finer")
    return text


def _region(value: object) -> str:
    from skerry_wire.generated import region_pb2

    text = _text(value)
    if text not in region_pb2.region.keys() or text == "UNKNOWN":  # noqa: SIM118 - an enum wrapper is no mapping
        raise ValueError(f"{text!r} is not a region")
    return text
