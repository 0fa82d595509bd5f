"""The profile inside a bundle: its hash, its rules by date, its oracle keys; hostile ones give one error only."""

import hashlib
from importlib.resources import files

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skerry_core import strict_json
from skerry_coverage.bundle.profile import profile_bytes, read_profile
from skerry_coverage.evidence.errors import EvidenceRejected
from skerry_coverage.profile.loader import load_profile, with_overrides
from skerry_testing.bundle import ORACLE, PROFILE

IN_2025 = 1_740_000_000
IN_2027 = 1_800_000_000


def test_the_bytes_in_a_bundle_hash_to_the_profiles_hash() -> None:
    profile = load_profile("skerry-open")
    assert hashlib.sha256(profile_bytes(profile)).digest() == profile.hash
    assert read_profile(profile_bytes(profile)).profile == profile


def test_keys_and_test_tokens_come_from_the_profile() -> None:
    found = read_profile(PROFILE)
    assert found.oracle_keys() == {ORACLE.public_key}
    assert found.pays_test_tokens
    assert not read_profile(profile_bytes(load_profile("skerry-open"))).pays_test_tokens


def test_an_operators_file_is_read_too() -> None:
    text = files("skerry_coverage.profile").joinpath("data/skerry-open.toml").read_bytes()
    assert read_profile(text).profile == load_profile("skerry-open")


def test_rules_are_those_of_the_time_and_must_be_named_rightly() -> None:
    found = read_profile(PROFILE)
    assert found.parameters("iot/2024-01", IN_2025) == found.parameters(None, IN_2025)
    with pytest.raises(EvidenceRejected, match="not iot/2022-12"):
        found.parameters("iot/2022-12", IN_2025)
    with pytest.raises(EvidenceRejected, match="no coverage"):
        found.parameters(None, 0)
    with pytest.raises(EvidenceRejected, match="no coverage"):
        read_profile(profile_bytes(load_profile("helium-iot"))).parameters(None, IN_2027)


def test_oracle_keys_that_are_no_addresses_are_refused() -> None:
    changed = with_overrides(load_profile("skerry-open"), {"operator.oracle_keys": ["nobody"]})
    with pytest.raises(EvidenceRejected, match="bad_profile"):
        read_profile(profile_bytes(changed)).oracle_keys()


@settings(max_examples=100)
@given(st.binary(max_size=60))
def test_noise_raises_our_error_only(noise: bytes) -> None:
    for untrusted in (noise, b"{" + noise):
        with pytest.raises(EvidenceRejected):
            read_profile(untrusted)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=200)
@given(st.sampled_from(["id", "operator", "tokens", "iot", "pays", "format"]), JSON)
def test_a_profile_with_any_member_changed_raises_our_error_only(name: str, value: object) -> None:
    import json

    content = strict_json.loads(PROFILE) | {name: value}
    try:
        read_profile(json.dumps(content).encode())
    except EvidenceRejected:
        return
