"""Splits an epoch's emission over beacons, witnesses, data transfer, operations and oracles (iot-poc 4.8, section 0).

Exact decimals with named roundings; amounts paid are whole base units.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from skerry_coverage.iot.exact import EXACT, ceil_places, half_even, whole

__all__ = [
    "DC_DOLLARS",
    "HIP138",
    "HIP149",
    "RULES",
    "Buckets",
    "EpochRewards",
    "GatewayShares",
    "Payout",
    "PerShare",
    "Price",
    "SplitRules",
    "bones_to_dc",
    "dc_to_bones",
    "reward_epoch",
]

DC_DOLLARS = Decimal("0.00001")
SHARE_PLACES = 15
_ZERO = Decimal(0)
_PPM = Decimal(1_000_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitRules:
    """Parts of an emission in parts per million; `unused_*` says where the unspent data-transfer part goes."""

    name: str
    beacon_ppm: int
    witness_ppm: int
    data_transfer_ppm: int
    operations_ppm: int
    oracles_ppm: int
    unused_to_beacon_ppm: int
    unused_to_witness_ppm: int
    unused_to_operations_ppm: int = 0

    @property
    def pays_coverage(self) -> bool:
        """Whether beacons and witnesses earn anything."""
        return self.beacon_ppm + self.witness_ppm > 0


HIP138 = SplitRules(
    name="hip138",
    beacon_ppm=60_000,
    witness_ppm=240_000,
    data_transfer_ppm=500_000,
    operations_ppm=70_000,
    oracles_ppm=70_000,
    unused_to_beacon_ppm=200_000,
    unused_to_witness_ppm=800_000,
)
HIP149 = SplitRules(
    name="hip149",
    beacon_ppm=0,
    witness_ppm=0,
    data_transfer_ppm=500_000,
    operations_ppm=370_000,
    oracles_ppm=70_000,
    unused_to_beacon_ppm=0,
    unused_to_witness_ppm=0,
    unused_to_operations_ppm=1_000_000,
)
RULES: Mapping[str, SplitRules] = {rules.name: rules for rules in (HIP138, HIP149)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """An oracle price: dollars per token times 10^decimals; the token has as many decimals itself."""

    oracle_price: int
    decimals: int

    @property
    def per_token(self) -> Decimal:
        """Dollars per token."""
        return Decimal(self.oracle_price).scaleb(-self.decimals, context=EXACT)

    @property
    def per_bone(self) -> Decimal:
        """Dollars per base unit."""
        return self.per_token.scaleb(-self.decimals, context=EXACT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Buckets:
    """An emission's parts before rounding; `data_transfer` is the cap."""

    data_transfer: Decimal
    beacon: Decimal
    witness: Decimal
    operations: Decimal
    oracles: Decimal

    @classmethod
    def split(cls, rules: SplitRules, *, emission_bones: int | Decimal, unused_dc_bones: Decimal) -> "Buckets":
        """Split an emission, with the unspent data-transfer part given."""
        emission = Decimal(emission_bones)

        def part(ppm: int, unused_ppm: int = 0) -> Decimal:
            own = EXACT.divide(EXACT.multiply(emission, Decimal(ppm)), _PPM)
            return EXACT.add(own, EXACT.divide(EXACT.multiply(unused_dc_bones, Decimal(unused_ppm)), _PPM))

        return cls(
            data_transfer=part(rules.data_transfer_ppm),
            beacon=part(rules.beacon_ppm, rules.unused_to_beacon_ppm),
            witness=part(rules.witness_ppm, rules.unused_to_witness_ppm),
            operations=part(rules.operations_ppm, rules.unused_to_operations_ppm),
            oracles=part(rules.oracles_ppm),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayShares:
    """One gateway's shares of an epoch: density times unit summed, and data credits carried."""

    beacon: Decimal = _ZERO
    witness: Decimal = _ZERO
    dc: Decimal = _ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class PerShare:
    """Base units per share, 15 places."""

    beacon: Decimal
    witness: Decimal
    dc: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Payout:
    """What one gateway is paid, in whole base units."""

    beacon_bones: int
    witness_bones: int
    dc_bones: int

    @property
    def total_bones(self) -> int:
        """The sum."""
        return self.beacon_bones + self.witness_bones + self.dc_bones


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochRewards:
    """An epoch's result; `gateways` leaves out those that are paid nothing, in the order of the shares given."""

    per_share: PerShare
    gateways: Mapping[bytes, Payout] = field(repr=False)
    poc_unallocated_bones: int | None
    operations_bones: int
    oracles_unallocated_bones: int


def dc_to_bones(dc: Decimal, price_per_bone: Decimal) -> Decimal:
    """Return what data credits are worth in base units, rounded up at 15 places."""
    return ceil_places(EXACT.divide(EXACT.multiply(dc, DC_DOLLARS), price_per_bone), SHARE_PLACES)


def bones_to_dc(bones: Decimal, price_per_bone: Decimal) -> int:
    """Return the whole data credits that an amount buys, rounded down."""
    return whole(EXACT.divide(EXACT.multiply(bones, price_per_bone), DC_DOLLARS))


def reward_epoch(
    rules: SplitRules, *, emission_bones: int | Decimal, price: Price, shares: Mapping[bytes, GatewayShares]
) -> EpochRewards:
    """Turn shares into whole amounts. Raises `ValueError` for a price or an emission that is not positive."""
    if price.oracle_price <= 0:
        raise ValueError(f"a price is positive, got {price.oracle_price}")
    if emission_bones < 0:
        raise ValueError(f"an emission is not negative, got {emission_bones}")
    total = _total(shares, coverage=rules.pays_coverage)
    cap = Buckets.split(rules, emission_bones=emission_bones, unused_dc_bones=_ZERO).data_transfer
    used = min(dc_to_bones(total.dc, price.per_bone), cap)
    buckets = Buckets.split(rules, emission_bones=emission_bones, unused_dc_bones=EXACT.subtract(cap, used))
    per_share = PerShare(
        beacon=_per_share(buckets.beacon, total.beacon),
        witness=_per_share(buckets.witness, total.witness),
        dc=_per_share(used, total.dc),
    )
    payouts = {key: _payout(per_share, own, coverage=rules.pays_coverage) for key, own in shares.items()}
    paid = {key: payout for key, payout in payouts.items() if payout.total_bones}
    return EpochRewards(
        per_share=per_share,
        gateways=paid,
        poc_unallocated_bones=_poc_unallocated(rules, emission_bones, paid),
        operations_bones=_operations(rules, emission_bones, cap, paid),
        oracles_unallocated_bones=whole(buckets.oracles),
    )


def _total(shares: Mapping[bytes, GatewayShares], *, coverage: bool) -> GatewayShares:
    beacon = witness = dc = _ZERO
    for own in shares.values():
        dc = EXACT.add(dc, own.dc)
        if coverage:
            beacon, witness = EXACT.add(beacon, own.beacon), EXACT.add(witness, own.witness)
    return GatewayShares(beacon=beacon, witness=witness, dc=dc)


def _per_share(bucket: Decimal, shares: Decimal) -> Decimal:
    return half_even(EXACT.divide(bucket, shares), SHARE_PLACES) if shares else _ZERO


def _payout(per_share: PerShare, own: GatewayShares, *, coverage: bool) -> Payout:
    return Payout(
        beacon_bones=whole(EXACT.multiply(per_share.beacon, own.beacon)) if coverage else 0,
        witness_bones=whole(EXACT.multiply(per_share.witness, own.witness)) if coverage else 0,
        dc_bones=whole(EXACT.multiply(per_share.dc, own.dc)),
    )


def _poc_unallocated(rules: SplitRules, emission_bones: int | Decimal, paid: Mapping[bytes, Payout]) -> int | None:
    if not rules.pays_coverage:
        return None
    ppm = rules.beacon_ppm + rules.witness_ppm + rules.data_transfer_ppm
    pool = EXACT.divide(EXACT.multiply(Decimal(emission_bones), Decimal(ppm)), _PPM)
    return whole(EXACT.subtract(pool, Decimal(sum(payout.total_bones for payout in paid.values()))))


def _operations(rules: SplitRules, emission_bones: int | Decimal, cap: Decimal, paid: Mapping[bytes, Payout]) -> int:
    own = EXACT.divide(EXACT.multiply(Decimal(emission_bones), Decimal(rules.operations_ppm)), _PPM)
    if not rules.unused_to_operations_ppm:
        return whole(own)
    # The unspent part is taken from what was really paid, cut to whole units first (iot-poc section 0, item 4).
    unspent = whole(EXACT.subtract(cap, Decimal(sum(payout.dc_bones for payout in paid.values()))))
    share = EXACT.divide(Decimal(unspent * rules.unused_to_operations_ppm), _PPM)
    return whole(EXACT.add(own, share))
