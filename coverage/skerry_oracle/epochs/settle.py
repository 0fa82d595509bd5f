"""From an epoch's valid verdicts to shares, and from shares to the manifest: all arithmetic is `skerry_coverage`'s.

Pure: the driver reads the inputs and stores the results.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from skerry_coverage.iot.density import DensityMap
from skerry_coverage.iot.shares import DataTransfer, PocShare, ShareKind, epoch_shares
from skerry_coverage.iot.units import reward_units
from skerry_coverage.manifest import Manifest, iot_manifest
from skerry_keys.public_key import PublicKey
from skerry_oracle.network import OracleNetwork
from skerry_oracle.store.epochs import ShareRow
from skerry_oracle.store.reports import BEACON
from skerry_oracle.store.verdicts import VerdictRow

__all__ = ["EpochSums", "ProofFacts", "build_manifest", "shares_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofFacts:
    """What a share needs to know of its proof: the beaconer's cell and the number of selected witnesses."""

    beaconer_cell: int
    selected: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochSums:
    """What a manifest states besides the shares."""

    epoch: int
    owners: Mapping[bytes, bytes]  # gateway -> owner
    data_credits: Mapping[bytes, int]  # gateway -> DC carried
    lifetime: Mapping[bytes, int]  # gateway -> base units earned in earlier epochs
    previous_hash: bytes | None


def shares_of(
    verdicts: Iterable[VerdictRow],
    *,
    proofs: Mapping[bytes, ProofFacts],
    owners: Mapping[bytes, bytes],
    density: DensityMap,
) -> list[ShareRow]:
    """Return the share of every valid beacon and selected witness (iot-poc 4.5); the scale is the beaconer's cell's."""
    rows = (_share(verdict, proofs, owners, density) for verdict in verdicts if verdict.selected)
    return [row for row in rows if row is not None]


def _share(
    verdict: VerdictRow, proofs: Mapping[bytes, ProofFacts], owners: Mapping[bytes, bytes], density: DensityMap
) -> ShareRow | None:
    assert verdict.poc_id is not None
    proof = proofs[verdict.poc_id]
    beacon_unit, witness_unit = reward_units(proof.selected)
    share = PocShare(
        gateway=verdict.gateway,
        kind=ShareKind.BEACON if verdict.kind == BEACON else ShareKind.WITNESS,
        poc_id=verdict.poc_id,
        received_ms=verdict.received_ms,
        hex_scale=density.scale(proof.beaconer_cell),
        reward_unit=beacon_unit if verdict.kind == BEACON else witness_unit,
    )
    if share.value <= 0:
        return None
    return ShareRow(
        epoch=verdict.epoch,
        gateway=verdict.gateway,
        owner=owners.get(verdict.gateway),
        kind=verdict.kind,
        report_id=verdict.report_id,
        poc_id=verdict.poc_id,
        share=str(share.value),
        hex_scale=str(share.hex_scale),
        reward_unit=str(share.reward_unit),
        received_ms=verdict.received_ms,
    )


def build_manifest(shares: Sequence[ShareRow], sums: EpochSums, network: OracleNetwork) -> Manifest:
    """Return the reward manifest, checked as a payer will check it. Raises `ManifestRejected` for a bug of ours."""
    start_ms, end_ms = network.entry.epoch_bounds_ms(sums.epoch)
    transfers = [DataTransfer(gateway=gateway, dc=dc, received_ms=end_ms) for gateway, dc in sums.data_credits.items()]
    made = iot_manifest(
        profile=network.profile,
        entry=network.entry,
        epoch=sums.epoch,
        shares=epoch_shares(map(_poc_share, shares), transfers, start_ms=start_ms, end_ms=end_ms),
        owners={gateway: _wallet(owner) for gateway, owner in sums.owners.items()},
        lifetime_before=sums.lifetime,
        previous_hash=sums.previous_hash,
        emission_bones=Decimal(network.emission_bones),
        test_tokens=network.test_tokens,
    )
    return Manifest.from_bytes(made.to_bytes())


def _poc_share(row: ShareRow) -> PocShare:
    assert row.poc_id is not None
    return PocShare(
        gateway=row.gateway,
        kind=ShareKind(row.kind),
        poc_id=row.poc_id,
        received_ms=row.received_ms,
        hex_scale=Decimal(row.hex_scale),
        reward_unit=Decimal(row.reward_unit),
    )


def _wallet(owner: bytes) -> str:
    address = PublicKey(owner).solana_address
    assert address is not None  # registrations accept Ed25519 owners only
    return address
