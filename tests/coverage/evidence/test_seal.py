"""Seals: what is signed, by whom, and when not."""

import dataclasses
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nacl.signing import VerifyKey

from skerry_coverage.evidence import dcbor
from skerry_coverage.evidence.errors import EvidenceRejected
from skerry_coverage.evidence.seal import NO_SEAL, Seal, sign_seal
from skerry_keys.signer import Signer
from skerry_testing.evidence import signer_of, stamp


def seal_of(signer: Signer) -> Seal:
    return Seal(
        agent=signer.public_key,
        network="skerry-open",
        number=0,
        first_seq=0,
        tree_size=5,
        root=bytes(32),
        chain=b"\x01" * 32,
        previous=NO_SEAL,
        stamp=stamp(),
    )


def test_a_signed_seal_is_checked_with_the_agents_key_and_decodes_to_itself() -> None:
    signer = signer_of()
    signed = sign_seal(seal_of(signer), signer)
    VerifyKey(signer.public_key[1:]).verify(signed.signed_message(), signed.signature)
    assert signed.decoded() == seal_of(signer)
    assert len(signed.digest) == 32


def test_another_key_cannot_seal_for_the_agent() -> None:
    with pytest.raises(ValueError, match="the agent it names"):
        sign_seal(seal_of(signer_of()), signer_of(2))


def test_nothing_is_sealed_before_the_clock_was_synchronised() -> None:
    signer = signer_of()
    with pytest.raises(ValueError, match="synchronised"):
        sign_seal(dataclasses.replace(seal_of(signer), stamp=stamp(synchronised=False)), signer)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"tree_size": 0}, "bad_range"),
        ({"first_seq": 5}, "bad_range"),
        ({"wall_ns": None}, "no_time"),
        ({"root": b""}, "bad_type"),
        ({"note": ""}, "unknown_field"),
    ],
)
def test_a_seal_that_makes_no_sense_is_refused(change: dict[str, Any], reason: str) -> None:
    encoded = dcbor.encode(dcbor.decode(seal_of(signer_of()).to_bytes()) | change)
    with pytest.raises(EvidenceRejected) as caught:
        Seal.from_bytes(encoded)
    assert caught.value.reason == reason


@settings(max_examples=100)
@given(st.binary(max_size=300))
def test_noise_raises_our_error_only(noise: bytes) -> None:
    with pytest.raises(EvidenceRejected):
        Seal.from_bytes(noise)
