"""Turns verdicts into reward shares: unit times density, by gateway and epoch (iot-poc 4.5, 4.8)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from skerry_coverage.iot.density import DensityMap
from skerry_coverage.iot.exact import EXACT
from skerry_coverage.iot.judge import PocVerdict, ReceivedBeacon
from skerry_coverage.iot.registry import KeptTimes, Registry
from skerry_coverage.iot.rewards import GatewayShares
from skerry_coverage.iot.units import reward_units

__all__ = ["DataTransfer", "PocShare", "ShareKind", "active_cells", "epoch_shares", "poc_shares"]


class ShareKind(Enum):
    """What a share was earned with."""

    BEACON = "beacon"
    WITNESS = "witness"


@dataclass(frozen=True, slots=True, kw_only=True)
class PocShare:
    """One gateway's share in one proof; `value` = density scale times reward unit, exact."""

    gateway: bytes
    kind: ShareKind
    poc_id: bytes
    received_ms: int
    hex_scale: Decimal
    reward_unit: Decimal

    @property
    def value(self) -> Decimal:
        """What the share counts."""
        return EXACT.multiply(self.hex_scale, self.reward_unit)


@dataclass(frozen=True, slots=True, kw_only=True)
class DataTransfer:
    """Data credits that a gateway's packets were charged with; `received_ms` decides the epoch."""

    gateway: bytes
    dc: int
    received_ms: int


def active_cells(registry: Registry, times: Mapping[bytes, KeptTimes], *, now_ms: int, window_s: int) -> dict[int, int]:
    """Count, per asserted cell, the gateways whose beacon others reported within the window: the density input."""
    counts: dict[int, int] = {}
    for key, kept in times.items():
        gateway = registry.get(key)
        last_ms = kept.last_beacon_reciprocity_ms
        if gateway is None or gateway.asserted is None or last_ms is None or last_ms <= now_ms - window_s * 1000:
            continue
        counts[gateway.asserted.cell] = counts.get(gateway.asserted.cell, 0) + 1
    return counts


def poc_shares(beacon: ReceivedBeacon, verdict: PocVerdict, *, beacon_cell: int, density: DensityMap) -> list[PocShare]:
    """Return the shares of one proof, none for an invalid beacon.

    The witnesses' scale is that of the beaconer's cell, not of their own. The density map is that of the time of the
    judgement; stored shares keep their scale.
    """
    if not verdict.beacon.valid:
        return []
    scale = density.scale(beacon_cell)
    beacon_unit, witness_unit = reward_units(len(verdict.selected))
    shares = [
        PocShare(
            gateway=one.witness.report.pub_key,
            kind=ShareKind.WITNESS,
            poc_id=verdict.poc_id,
            received_ms=one.witness.received_ms,
            hex_scale=scale,
            reward_unit=witness_unit,
        )
        for one in verdict.selected
    ]
    if scale > 0 and beacon_unit > 0:
        own = PocShare(
            gateway=beacon.report.pub_key,
            kind=ShareKind.BEACON,
            poc_id=verdict.poc_id,
            received_ms=beacon.received_ms,
            hex_scale=scale,
            reward_unit=beacon_unit,
        )
        shares.insert(0, own)
    return shares


def epoch_shares(
    shares: Iterable[PocShare], transfers: Iterable[DataTransfer], *, start_ms: int, end_ms: int
) -> dict[bytes, GatewayShares]:
    """Sum what belongs to an epoch, by gateway in order of key: start < receive time <= end.

    The sums are exact, so the order of the inputs does not matter.
    """
    zero = Decimal(0)
    sums: dict[bytes, dict[str, Decimal]] = {}
    for share in shares:
        if start_ms < share.received_ms <= end_ms:
            own = sums.setdefault(share.gateway, {"beacon": zero, "witness": zero, "dc": zero})
            own[share.kind.value] = EXACT.add(own[share.kind.value], share.value)
    for transfer in transfers:
        if start_ms < transfer.received_ms <= end_ms:
            own = sums.setdefault(transfer.gateway, {"beacon": zero, "witness": zero, "dc": zero})
            own["dc"] = EXACT.add(own["dc"], Decimal(transfer.dc))
    return {gateway: GatewayShares(**sums[gateway]) for gateway in sorted(sums)}
