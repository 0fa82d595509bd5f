"""From an epoch's valid verdicts to shares, and from shares to the manifest: all arithmetic is `skerry_coverage`'s.

Pure: the driver reads the inputs and stores the results.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from skerry_core import __version__, strict_json
from skerry_coverage.iot.density import DensityMap, density_map
from skerry_coverage.iot.exact import EXACT
from skerry_coverage.iot.rewards import GatewayShares, reward_epoch
from skerry_coverage.iot.units import reward_units
from skerry_keys.public_key import PublicKey
from skerry_oracle.errors import OracleError
from skerry_oracle.network import OracleNetwork
from skerry_oracle.store.epochs import ShareRow
from skerry_oracle.store.reports import BEACON
from skerry_oracle.store.verdicts import VerdictRow

__all__ = ["EmissionExceeded", "EpochSums", "ProofFacts", "build_manifest", "shares_of"]


class EmissionExceeded(OracleError):
    """The rules gave out more than the profile's emission: a bug of ours; nothing is signed."""


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
    verdicts: Mapping[tuple[str, str | None], int]
    lifetime: Mapping[str, int]  # owner's Solana address -> base units paid before
    previous_hash: bytes | None
    pays: bool


def shares_of(
    verdicts: Iterable[VerdictRow],
    *,
    proofs: Mapping[bytes, ProofFacts],
    owners: Mapping[bytes, bytes],
    active_cells: Iterable[int],
    network: OracleNetwork,
) -> list[ShareRow]:
    """Return the share of every valid beacon and selected witness (iot-poc 4.5); the scale is the beaconer's cell's."""
    density = density_map(active_cells, network.density_table)
    rows = (_share(verdict, proofs, owners, density) for verdict in verdicts if verdict.selected)
    return [row for row in rows if row is not None]


def _share(
    verdict: VerdictRow, proofs: Mapping[bytes, ProofFacts], owners: Mapping[bytes, bytes], density: DensityMap
) -> ShareRow | None:
    assert verdict.poc_id is not None
    proof = proofs[verdict.poc_id]
    beacon_unit, witness_unit = reward_units(proof.selected)
    unit = beacon_unit if verdict.kind == BEACON else witness_unit
    scale = density.scale(proof.beaconer_cell)
    if unit <= 0 or scale <= 0:
        return None
    return ShareRow(
        epoch=verdict.epoch,
        gateway=verdict.gateway,
        owner=owners.get(verdict.gateway),
        kind=verdict.kind,
        report_id=verdict.report_id,
        poc_id=verdict.poc_id,
        share=str(EXACT.multiply(scale, unit)),
        hex_scale=str(scale),
        reward_unit=str(unit),
        received_ms=verdict.received_ms,
    )


def build_manifest(shares: Sequence[ShareRow], sums: EpochSums, network: OracleNetwork) -> tuple[bytes, bytes]:
    """Return the reward manifest as canonical JSON, and its SHA-256. Raises `EmissionExceeded`."""
    by_gateway = _sum_shares(shares, sums.data_credits)
    rewards = reward_epoch(network.split, emission_bones=network.emission_bones, price=network.price, shares=by_gateway)
    payments: defaultdict[str, int] = defaultdict(int)
    lines = []
    for gateway, payout in rewards.gateways.items():
        owner = _wallet(sums.owners[gateway])
        payments[owner] += payout.total_bones
        lines.append(
            {
                "gateway": PublicKey(gateway).address,
                "owner": owner,
                "beacon_bones": payout.beacon_bones,
                "witness_bones": payout.witness_bones,
                "dc_bones": payout.dc_bones,
                "beacon_shares": str(by_gateway[gateway].beacon),
                "witness_shares": str(by_gateway[gateway].witness),
                "dc": int(by_gateway[gateway].dc),
            }
        )
    total = sum(payments.values())
    if total > network.emission_bones:
        raise EmissionExceeded(f"epoch {sums.epoch}: {total} of {network.emission_bones}")
    body = strict_json.canonical(
        {
            "kind": "manifest",
            "version": 1,
            "network": network.network,
            "profile_hash": network.profile_hash,
            "engine_version": __version__,
            "rule_set": network.rule_set,
            "epoch": sums.epoch,
            "start_ms": network.calendar.start_ms(sums.epoch),
            "end_ms": network.calendar.end_ms(sums.epoch),
            "token": network.token,
            "test_tokens": network.test_tokens,
            "pays": sums.pays,
            "emission_bones": network.emission_bones,
            "rewards": sorted(lines, key=lambda line: str(line["gateway"])),
            "payments": _amounts(payments),
            "paid_bones": total,
            "operations_bones": rewards.operations_bones,
            "oracles_unallocated_bones": rewards.oracles_unallocated_bones,
            "poc_unallocated_bones": rewards.poc_unallocated_bones,
            "lifetime": _amounts(_added(sums.lifetime, payments if sums.pays else {})),
            "verdicts": {
                f"{kind}/{reason or 'valid'}": count for (kind, reason), count in sorted(sums.verdicts.items(), key=str)
            },
            "previous": sums.previous_hash.hex() if sums.previous_hash else None,
        }
    )
    return body, hashlib.sha256(body).digest()


def _sum_shares(shares: Sequence[ShareRow], data_credits: Mapping[bytes, int]) -> dict[bytes, GatewayShares]:
    sums: dict[bytes, GatewayShares] = {}
    for row in shares:
        own, share = sums.get(row.gateway, GatewayShares()), Decimal(row.share)
        if row.kind == BEACON:
            own = GatewayShares(beacon=EXACT.add(own.beacon, share), witness=own.witness)
        else:
            own = GatewayShares(beacon=own.beacon, witness=EXACT.add(own.witness, share))
        sums[row.gateway] = own
    for gateway, dc in data_credits.items():
        own = sums.get(gateway, GatewayShares())
        sums[gateway] = GatewayShares(beacon=own.beacon, witness=own.witness, dc=Decimal(dc))
    return dict(sorted(sums.items()))


def _wallet(owner: bytes) -> str:
    address = PublicKey(owner).solana_address
    assert address is not None  # registrations accept Ed25519 owners only
    return address


def _added(before: Mapping[str, int], now: Mapping[str, int]) -> dict[str, int]:
    return {owner: before.get(owner, 0) + now.get(owner, 0) for owner in before.keys() | now.keys()}


def _amounts(amounts: Mapping[str, int]) -> list[dict[str, Any]]:
    return [{"owner": owner, "amount": amount} for owner, amount in sorted(amounts.items()) if amount]
