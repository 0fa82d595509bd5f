"""Signed records: canonical bytes, strict reading, domains that do not mix."""

import json

import h3.api.basic_str as h3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skerry_core.errors import UsageError
from skerry_core.strict_json import canonical
from skerry_coverage.records import DenylistRecord, Location, Registration, is_signed, sign_record
from skerry_testing.oracle import NETWORK, place, registration, signer

GATEWAY, OWNER = signer("gateway"), signer("owner")
CELL = h3.latlng_to_cell(54.1, 12.1, 12)
RECORD = registration(GATEWAY, OWNER)[0]
LOCATION = place(GATEWAY, OWNER, cell=CELL)[0]


def test_records_come_back_as_they_were() -> None:
    denylist = DenylistRecord(
        network=NETWORK, serial=3, keys=(GATEWAY.public_key,), edges=((OWNER.public_key, GATEWAY.public_key),)
    )
    assert Registration.from_bytes(RECORD.to_bytes()) == RECORD
    assert Location.from_bytes(LOCATION.to_bytes()) == LOCATION
    again = DenylistRecord.from_bytes(denylist.to_bytes())
    assert again.to_bytes() == denylist.to_bytes()
    assert again.keys == denylist.keys


def test_a_signature_holds_for_one_record_of_one_kind_and_network() -> None:
    signature = sign_record(RECORD, OWNER)
    assert is_signed(RECORD, OWNER.public_key, signature)
    assert not is_signed(LOCATION, OWNER.public_key, signature)
    assert not is_signed(registration(GATEWAY, OWNER, network="other")[0], OWNER.public_key, signature)
    assert not is_signed(RECORD, GATEWAY.public_key, signature)


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "location"},
        {"version": 2},
        {"more": 1},
        {"full": 1},
        {"made_ms": -1},
        {"made_ms": True},
        {"network": ""},
        {"gateway": "nobody"},
        {"owner": 5},
    ],
)
def test_a_changed_registration_is_refused(change: dict[str, object]) -> None:
    members = json.loads(RECORD.to_bytes()) | change
    with pytest.raises(UsageError, match="E_RECORD_MALFORMED"):
        Registration.from_bytes(canonical(members))


@pytest.mark.parametrize(
    "change",
    [
        {"cell": "8a1f006863755ff"},
        {"cell": CELL.upper()},
        {"cell": f"-{CELL}"},
        {"cell": "8" * 30},
        {"cell": h3.cell_to_parent(CELL, 9)},
        {"region": "UNKNOWN"},
        {"region": "MARS"},
        {"number": 0},
        {"gain_ddbi": 1000},
        {"elevation_m": 1.5},
    ],
)
def test_an_impossible_location_is_refused(change: dict[str, object]) -> None:
    members = json.loads(LOCATION.to_bytes()) | change
    raw = json.dumps(members, sort_keys=True, separators=(",", ":")).encode()
    with pytest.raises(UsageError, match="E_RECORD_MALFORMED"):
        Location.from_bytes(raw)


def test_only_the_canonical_bytes_are_accepted() -> None:
    for raw in (b" " + RECORD.to_bytes(), json.dumps(json.loads(RECORD.to_bytes())).encode(), b"[]", b"x" * 5_000):
        with pytest.raises(UsageError, match="E_RECORD_MALFORMED"):
            Registration.from_bytes(raw)


@settings(max_examples=150)
@given(st.binary(max_size=80) | st.recursive(st.none() | st.integers() | st.text(max_size=5), lambda inner: (
    st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
)).map(lambda value: json.dumps(value).encode()))  # fmt: skip
def test_anything_else_gives_our_error_and_no_other(raw: bytes) -> None:
    for kind in (Registration, Location, DenylistRecord):
        with pytest.raises(UsageError):
            kind.from_bytes(raw)
