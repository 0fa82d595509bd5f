from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skerry_core.strict_json import canonical
from skerry_coverage.iot.rewards import GatewayShares, Price
from skerry_coverage.manifest import Manifest, ManifestRejected, iot_manifest
from skerry_coverage.profile.loader import load_profile

PROFILE = load_profile("skerry-open")
ENTRY = PROFILE.iot[0]
KEYS = [b"\x01" + bytes([index]) * 32 for index in (5, 3, 9)]
SHARES = {
    KEYS[0]: GatewayShares(beacon=Decimal("0.5"), dc=Decimal(100)),
    KEYS[1]: GatewayShares(witness=Decimal("1.25")),
    KEYS[2]: GatewayShares(witness=Decimal("0.3333")),
}
OWNERS = {KEYS[0]: "ownerA", KEYS[1]: "ownerB", KEYS[2]: "ownerA"}


def manifest(shares: dict[bytes, GatewayShares] | None = None, **changes: object) -> Manifest:
    arguments = {"owners": OWNERS, "lifetime_before": {KEYS[0]: 7}} | changes
    return iot_manifest(
        profile=PROFILE,
        entry=ENTRY,
        epoch=20_000,
        shares=SHARES if shares is None else shares,
        **arguments,  # type: ignore[arg-type]  # the test varies one argument at a time
    )


def test_a_manifest_survives_its_bytes() -> None:
    first = manifest()
    again = Manifest.from_bytes(first.to_bytes())
    assert again.hash == first.hash
    assert again.rows() == first.rows()


def test_the_order_of_inputs_does_not_change_the_hash() -> None:
    turned = dict(reversed(list(SHARES.items())))
    assert manifest(turned, owners=dict(reversed(list(OWNERS.items())))).hash == manifest().hash


def test_rows_are_in_order_of_key_and_lifetime_includes_the_epoch() -> None:
    rows = manifest().rows()
    assert [row.hotspot for row in rows] == sorted(KEYS)
    (first,) = (row for row in rows if row.hotspot == KEYS[0])
    assert first.lifetime_bones == 7 + first.total_bones


def test_owners_are_paid_the_sum_of_their_hotspots() -> None:
    made = manifest()
    totals = made.owner_totals()
    assert list(totals) == ["ownerA", "ownerB"]
    assert sum(totals.values()) == made.content["paid_bones"]


def test_a_hotspot_without_owner_earns_nothing_and_is_named() -> None:
    made = manifest(owners={KEYS[0]: "ownerA"})
    assert [row.hotspot for row in made.rows()] == [KEYS[0]]
    assert len(made.content["without_owner"]) == 2


def test_no_float_and_the_profile_are_in_the_content() -> None:
    made = manifest()
    assert made.content["profile_hash"] == PROFILE.hash.hex()
    assert canonical(made.content) == made.to_bytes()


def test_an_entry_that_takes_figures_from_the_chain_asks_for_them() -> None:
    helium = load_profile("helium-iot")
    entry = helium.iot[-1]
    with pytest.raises(ValueError, match="from the chain"):
        iot_manifest(profile=helium, entry=entry, epoch=1, shares={}, owners={}, lifetime_before={})
    made = iot_manifest(
        profile=helium,
        entry=entry,
        epoch=1,
        shares=SHARES,
        owners=OWNERS,
        lifetime_before={},
        emission_bones=Decimal(618_340_943_683),
        price=Price(oracle_price=3_590_000, decimals=8),
    )
    assert [row.hotspot for row in made.rows()] == [KEYS[0]]


def test_changed_rows_are_refused() -> None:
    raw = manifest().to_bytes()
    for old, new in ((b'"beacon":0', b'"beacon":1'), (b'"paid_bones":', b'"paid_bones":1'), (b'"owner"', b'"Owner"')):
        assert old in raw
        with pytest.raises(ManifestRejected, match=r"bad_row|not_canonical"):
            Manifest.from_bytes(raw.replace(old, new, 1))


def test_other_spellings_of_the_same_content_are_refused() -> None:
    with pytest.raises(ManifestRejected, match="not_canonical"):
        Manifest.from_bytes(manifest().to_bytes() + b" ")


@given(st.binary(max_size=80))
def test_noise_is_refused_and_nothing_else_happens(raw: bytes) -> None:
    with pytest.raises(ManifestRejected):
        Manifest.from_bytes(raw)
