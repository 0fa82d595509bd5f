import pytest
from hypothesis import given
from hypothesis import strategies as st

from skerry_keys import SoftwareSigner, verify
from skerry_keys.curves import P256_ORDER, SECP256K1_ORDER
from skerry_keys.der import MalformedDer, decode_ecdsa, encode_ecdsa
from skerry_keys.secret_key import SecretKey
from skerry_keys.signer import evidence_message
from skerry_keys.tag import KeyTag, KeyType, Network

DIGEST = bytes(range(32))
MESSAGE = evidence_message("test", "net", DIGEST)
SIGNING_TYPES = [KeyType.ED25519, KeyType.ECC_COMPACT, KeyType.SECP256K1]


def signer_of(key_type: KeyType) -> SoftwareSigner:
    counter = iter(range(1, 1000))
    return SoftwareSigner.generate(lambda size: next(counter).to_bytes(size, "big"), key_type=key_type)


@pytest.mark.parametrize("key_type", SIGNING_TYPES)
def test_a_signature_verifies_and_no_single_changed_byte_does(key_type: KeyType) -> None:
    signer = signer_of(key_type)
    signature = signer.sign_evidence("test", "net", DIGEST)
    assert verify(signer.public_key, MESSAGE, signature)
    assert not verify(signer.public_key, MESSAGE + b"x", signature)
    for position in range(len(signature)):
        changed = bytearray(signature)
        changed[position] ^= 1
        assert not verify(signer.public_key, MESSAGE, bytes(changed)), position


@pytest.mark.parametrize("key_type", SIGNING_TYPES)
def test_a_signature_of_another_key_does_not_verify(key_type: KeyType) -> None:
    other = SoftwareSigner.generate(lambda size: (777_777).to_bytes(size, "big"), key_type=KeyType.ED25519)
    signature = signer_of(key_type).sign_evidence("test", "net", DIGEST)
    assert not verify(other.public_key, MESSAGE, signature)


def test_high_s_is_refused_on_secp256k1_and_accepted_on_p256() -> None:
    for key_type, order, accepted in (
        (KeyType.SECP256K1, SECP256K1_ORDER, False),
        (KeyType.ECC_COMPACT, P256_ORDER, True),
    ):
        signer = signer_of(key_type)
        r, s = decode_ecdsa(signer.sign_evidence("test", "net", DIGEST))
        high = max(s, order - s)
        assert verify(signer.public_key, MESSAGE, encode_ecdsa(r, high)) is accepted
        assert verify(signer.public_key, MESSAGE, encode_ecdsa(r, order - high))


def test_raw_r_and_s_without_der_do_not_verify() -> None:
    signer = signer_of(KeyType.ECC_COMPACT)
    r, s = decode_ecdsa(signer.sign_evidence("test", "net", DIGEST))
    assert not verify(signer.public_key, MESSAGE, r.to_bytes(32, "big") + s.to_bytes(32, "big"))


def test_loosely_encoded_der_is_refused() -> None:
    signer = signer_of(KeyType.ECC_COMPACT)
    signature = signer.sign_evidence("test", "net", DIGEST)
    assert not verify(signer.public_key, MESSAGE, signature + b"\x00")
    long_form = b"\x30\x81" + signature[1:]
    assert not verify(signer.public_key, MESSAGE, long_form)
    padded = b"\x30" + bytes([signature[1] + 1]) + b"\x02" + bytes([signature[3] + 1]) + b"\x00" + signature[4:]
    assert not verify(signer.public_key, MESSAGE, padded)


def test_a_broken_rsa_key_is_false_and_not_an_error() -> None:
    weak = b"\x04\x00\x04\x00\x01\x09\x01\x00\x01"
    assert not verify(weak, MESSAGE, b"\x01")


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_any_bytes_as_key_and_signature_are_just_false(public_key: bytes, signature: bytes) -> None:
    assert not verify(public_key, MESSAGE, signature)


@given(st.binary(max_size=80))
def test_any_bytes_as_p256_signature_are_just_false(signature: bytes) -> None:
    key = SecretKey(
        tag=KeyTag(network=Network.MAINNET, key_type=KeyType.ECC_COMPACT),
        secret=bytes.fromhex("f8374ea8637b16cb24fa88566e77c6aa" * 2),
    )
    assert not verify(key.public.binary, MESSAGE, signature)


@given(st.integers(1, 2**256 - 1), st.integers(1, 2**256 - 1))
def test_der_reads_back_what_it_wrote(r: int, s: int) -> None:
    assert decode_ecdsa(encode_ecdsa(r, s)) == (r, s)


@given(st.binary(max_size=76))
def test_there_is_one_der_form_per_signature(raw: bytes) -> None:
    try:
        r, s = decode_ecdsa(raw)
    except MalformedDer:
        return
    assert encode_ecdsa(r, s) == raw
