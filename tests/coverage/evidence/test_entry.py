"""Entries: what the hashes cover, and what decodes."""

import dataclasses
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skerry_coverage.evidence import chain, dcbor
from skerry_coverage.evidence.entry import Entry, EntryKind, entry_id, leaf_hash
from skerry_coverage.evidence.errors import EvidenceRejected
from skerry_testing.evidence import entry, salt, signer_of, stamp


def test_an_entry_is_rebuilt_from_its_header_and_body() -> None:
    original = dataclasses.replace(entry(3), refs=(bytes(32), b"\x01" * 32))
    assert Entry.from_parts(original.header(), original.body) == original


def test_time_before_synchronisation_survives_as_boot_and_monotonic_time() -> None:
    original = dataclasses.replace(entry(3), stamp=stamp(synchronised=False))
    rebuilt = Entry.from_parts(original.header(), original.body)
    assert rebuilt.stamp.wall_ns is None
    assert rebuilt.stamp == original.stamp


@pytest.mark.parametrize(
    "change",
    [
        {"kind": EntryKind.ENTROPY},
        {"agent": b"\x01" + bytes(32)},
        {"seq": 4},
        {"stamp": stamp(1)},
        {"stamp": stamp(synchronised=False)},
        {"link": "serial"},
        {"source": "10.0.0.1:1"},
        {"refs": (bytes(32),)},
        {"body": b"bodz"},
    ],
)
def test_every_field_is_under_the_leaf(change: dict[str, Any]) -> None:
    original = entry(3)
    assert dataclasses.replace(original, **change).leaf(salt(3)) != original.leaf(salt(3))


def test_the_salt_hides_a_guessable_body() -> None:
    assert entry().leaf(salt(1)) != entry().leaf(salt(2))
    with pytest.raises(ValueError, match="32 bytes"):
        leaf_hash(b"short", b"", b"")


def test_a_byte_moved_from_header_to_body_changes_the_leaf() -> None:
    assert leaf_hash(salt(0), b"ab", b"c") != leaf_hash(salt(0), b"a", b"bc")


def test_the_id_can_be_checked_when_only_the_leaf_is_left() -> None:
    original = entry(7)
    leaf = original.leaf(salt(7))
    assert original.id(salt(7)) == entry_id(kind="frame", agent=signer_of().public_key, seq=7, leaf=leaf)
    assert original.id(salt(7)) != entry_id(kind="frame", agent=signer_of().public_key, seq=8, leaf=leaf)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"kind": None}, "bad_type"),
        ({"seq": -1}, "bad_type"),
        ({"seq": True}, "bad_type"),
        ({"boot": b""}, "bad_type"),
        ({"time": "sundial"}, "bad_type"),
        ({"wall_ns": "now"}, "bad_type"),
        ({"refs": [b"short"]}, "bad_type"),
        ({"refs": 1}, "bad_type"),
        ({"extra": 1}, "unknown_field"),
    ],
)
def test_a_header_that_is_not_ours_is_refused(change: dict[str, Any], reason: str) -> None:
    header = dcbor.decode(entry().header()) | change
    with pytest.raises(EvidenceRejected) as caught:
        Entry.from_parts(dcbor.encode(header), b"")
    assert caught.value.reason == reason


def test_a_missing_field_and_a_header_that_is_no_map_are_refused() -> None:
    with pytest.raises(EvidenceRejected, match="missing_field"):
        Entry.from_parts(dcbor.encode({}), b"")
    with pytest.raises(EvidenceRejected, match="not a map"):
        Entry.from_parts(dcbor.encode([]), b"")


@settings(max_examples=200)
@given(st.binary(max_size=200))
def test_noise_raises_our_error_only(noise: bytes) -> None:
    with pytest.raises(EvidenceRejected):
        Entry.from_parts(noise, b"")


def test_the_chain_depends_on_agent_order_position_and_every_leaf() -> None:
    leaves = [entry(seq).leaf(salt(seq)) for seq in range(4)]
    start = chain.genesis(signer_of().public_key)
    whole = chain.run(start, 0, leaves)
    assert chain.run(chain.run(start, 0, leaves[:2]), 2, leaves[2:]) == whole
    assert chain.run(start, 0, [leaves[1], leaves[0], *leaves[2:]]) != whole
    assert chain.run(start, 1, leaves) != whole
    assert chain.run(start, 0, leaves[:3]) != whole
    assert chain.run(chain.genesis(b"other"), 0, leaves) != whole
