"""Reward manifests: what one epoch pays to whom, in a canonical form that everybody who recomputes it gets again.

Integers and decimal text only; rows in order of key; the hash is what oracles sign and payers pay by.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from skerry_core import __version__
from skerry_core.errors import SkerryError
from skerry_core.strict_json import JsonRejected, canonical, loads
from skerry_coverage.iot.exact import plain
from skerry_coverage.iot.rewards import GatewayShares, Payout, Price, reward_epoch
from skerry_coverage.profile.model import IotEntry, Profile
from skerry_keys.public_key import PublicKey

__all__ = ["ENGINE_VERSION", "Manifest", "ManifestRejected", "ManifestRow", "iot_manifest"]

# Names the code that computed a manifest. Any change of a result is a new rule-set id, so this is for people.
ENGINE_VERSION = f"skerry {__version__}"
_FORMAT = "skerry-manifest-1"
_LIMIT_BYTES = 1 << 30  # 400 000 hotspots at some 500 bytes each, with room
_PARTS = ("beacon", "witness", "dc")


class ManifestRejected(SkerryError):
    """Bytes are no canonical manifest; `reason` is not_canonical, unknown_format or bad_row."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestRow:
    """What one hotspot earned, in base units; `lifetime_bones` includes this epoch."""

    hotspot: bytes
    owner: str
    beacon_bones: int
    witness_bones: int
    dc_bones: int
    lifetime_bones: int

    @property
    def total_bones(self) -> int:
        """The sum that the owner is paid for this hotspot."""
        return self.beacon_bones + self.witness_bones + self.dc_bones


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest's canonical content; equal contents have equal bytes and hashes."""

    content: Mapping[str, Any] = field(repr=False)

    @classmethod
    def from_bytes(cls, raw: bytes) -> "Manifest":
        """Read a manifest and check that its bytes are the canonical ones. Raises `ManifestRejected`."""
        try:
            content = loads(raw, limit_bytes=_LIMIT_BYTES)
            same = canonical(content) == raw
        except (JsonRejected, TypeError) as error:
            raise ManifestRejected("not_canonical", str(error)) from None
        if not same:
            raise ManifestRejected("not_canonical", "the bytes differ from the canonical form")
        if not isinstance(content, dict) or content.get("format") != _FORMAT:
            raise ManifestRejected("unknown_format")
        manifest = cls(content)
        manifest._check_sums()
        return manifest

    def to_bytes(self) -> bytes:
        """Return the canonical bytes."""
        return canonical(self.content)

    @property
    def hash(self) -> bytes:
        """SHA-256 of the canonical bytes."""
        return hashlib.sha256(self.to_bytes()).digest()

    @property
    def network(self) -> str:
        """The network whose rewards these are."""
        return str(self.content["network"])

    @property
    def epoch(self) -> int:
        """The number of the epoch."""
        return int(self.content["epoch"])

    def rows(self) -> list[ManifestRow]:
        """Return the paid hotspots in order of key."""
        return [
            ManifestRow(
                hotspot=PublicKey.from_address(row["hotspot"]).binary,
                owner=row["owner"],
                beacon_bones=row["beacon"],
                witness_bones=row["witness"],
                dc_bones=row["dc"],
                lifetime_bones=row["lifetime"],
            )
            for row in self.content["hotspots"]
        ]

    def owner_totals(self) -> dict[str, int]:
        """Return what each owner is paid, in order of owner address: the lines of the payout."""
        totals: dict[str, int] = {}
        for row in self.rows():
            totals[row.owner] = totals.get(row.owner, 0) + row.total_bones
        return dict(sorted(totals.items()))

    def _check_sums(self) -> None:
        try:
            paid = sum(row.total_bones for row in self.rows())
            emission = Decimal(self.content["emission_bones"])
            stated = self.content["paid_bones"]
        except (KeyError, TypeError, ValueError, ArithmeticError, SkerryError) as error:
            raise ManifestRejected("bad_row", str(error)) from None
        if paid != stated or paid > emission:
            raise ManifestRejected("bad_row", f"rows add up to {paid}, stated are {stated} of {emission}")


def iot_manifest(
    *,
    profile: Profile,
    entry: IotEntry,
    epoch: int,
    shares: Mapping[bytes, GatewayShares],
    owners: Mapping[bytes, str],
    lifetime_before: Mapping[bytes, int],
    previous_hash: bytes | None = None,
    emission_bones: Decimal | None = None,
    price: Price | None = None,
    test_tokens: bool = False,
) -> Manifest:
    """Compute an IoT epoch's manifest from its shares.

    `owners` gives each hotspot's owner address at the epoch's start; a hotspot without one earns nothing and is named
    under `without_owner`. `lifetime_before` holds base units earned in earlier epochs. Emission and price override the
    profile's, and must be given where the profile leaves them to the chain: raises `ValueError` otherwise.
    """
    emission = emission_bones
    if emission is None and entry.emission is not None:
        emission = entry.emission.of(entry.epoch_s)
    used_price = price or entry.price
    if emission is None or used_price is None:
        raise ValueError("this entry takes emission and price from the chain; give both")
    owned = {key: own for key, own in shares.items() if key in owners}
    rewards = reward_epoch(entry.split, emission_bones=emission, price=used_price, shares=owned)
    rows = [
        _row(key, owners[key], shares[key], rewards.gateways[key], lifetime_before.get(key, 0))
        for key in sorted(rewards.gateways)
    ]
    start_ms, end_ms = entry.epoch_bounds_ms(epoch)
    return Manifest(
        {
            "format": _FORMAT,
            "engine": ENGINE_VERSION,
            "network": profile.network,
            "profile": profile.id,
            "profile_hash": profile.hash.hex(),
            "rules": entry.rules.id,
            "density_table": entry.density_table,
            "split": entry.split.name,
            "token": {"id": entry.token.id, "symbol": entry.token.symbol, "decimals": entry.token.decimals},
            "test_tokens": test_tokens,
            "epoch": epoch,
            "start_ms": start_ms,
            "end_ms": end_ms,
            "emission_bones": plain(emission),
            "price": {"oracle_price": used_price.oracle_price, "decimals": used_price.decimals},
            "per_share": {part: plain(getattr(rewards.per_share, part)) for part in _PARTS},
            "hotspots": rows,
            "paid_bones": sum(row["total"] for row in rows),
            "operations_bones": rewards.operations_bones,
            "oracles_unallocated_bones": rewards.oracles_unallocated_bones,
            "poc_unallocated_bones": rewards.poc_unallocated_bones,
            "without_owner": [PublicKey(key).address for key in sorted(shares) if key not in owners],
            "previous": previous_hash.hex() if previous_hash else None,
        }
    )


def _row(hotspot: bytes, owner: str, own: GatewayShares, payout: Payout, before_bones: int) -> dict[str, Any]:
    return {
        "hotspot": PublicKey(hotspot).address,
        "owner": owner,
        "beacon": payout.beacon_bones,
        "witness": payout.witness_bones,
        "dc": payout.dc_bones,
        "total": payout.total_bones,
        "lifetime": before_bones + payout.total_bones,
        "shares": {part: plain(getattr(own, part)) for part in _PARTS},
    }
