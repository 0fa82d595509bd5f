"""What is read of a network profile, and what is refused in it."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skerry_core import strict_json
from skerry_coverage.bundle.profile import oracle_keys, poc_parameters
from skerry_coverage.evidence.errors import EvidenceRejected
from skerry_coverage.iot.parameters import PocParameters
from skerry_testing.bundle import ORACLE, PROFILE


def entry(**parameters: Any) -> bytes:
    return strict_json.canonical({"entries": [{"rule_set": "iot/2024-01", "parameters": parameters}]})


def test_parameters_come_from_the_entry_of_the_rule_set() -> None:
    assert poc_parameters(PROFILE, "iot/2024-01") == PocParameters()
    assert poc_parameters(entry(max_witnesses=3), None) == PocParameters(max_witnesses=3)
    assert oracle_keys(PROFILE) == {ORACLE.public_key}
    assert oracle_keys(b"{}") == frozenset()


@pytest.mark.parametrize(
    "profile",
    [
        b"",
        b"[]",
        b"{}",
        b'{"entries":[1]}',
        b'{"entries":[{"rule_set":"iot/2024-01","parameters":1}]}',
        entry(max_witnesses=True),
        entry(max_witnesses=1 << 41),
        entry(reciprocity_required=1),
        entry(beacon_interval_s=0),
        entry(unheard_of=1),
        strict_json.canonical({"entries": [{"rule_set": "iot/other"}]}),
    ],
)
def test_a_profile_without_usable_parameters_is_refused(profile: bytes) -> None:
    with pytest.raises(EvidenceRejected, match="bad_profile"):
        poc_parameters(profile, "iot/2024-01")


@pytest.mark.parametrize("keys", ['["x"]', "[1]", "1", '"x"'])
def test_oracle_keys_that_are_no_addresses_are_refused(keys: str) -> None:
    with pytest.raises(EvidenceRejected, match="bad_profile"):
        oracle_keys(f'{{"oracle_keys":{keys}}}'.encode())


@settings(max_examples=100)
@given(st.binary(max_size=60))
def test_noise_raises_our_error_only(noise: bytes) -> None:
    with pytest.raises(EvidenceRejected):
        poc_parameters(noise, None)
