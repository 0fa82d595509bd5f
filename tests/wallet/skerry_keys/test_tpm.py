import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skerry_keys import PublicKey, verify
from skerry_keys.der import encode_ecdsa
from skerry_keys.hardware import tpm_wire as wire
from skerry_keys.hardware.errors import HardwareKeyFailed
from skerry_keys.hardware.open_key import open_hardware_key
from skerry_keys.hardware.tpm import TpmSigner
from skerry_keys.signer import evidence_message
from skerry_keys.tag import Network
from skerry_keys.uri import EccLocation, TpmLocation
from skerry_testing.tpm import FakeTpm

COMPACT = int("f8374ea8637b16cb24fa88566e77c6aa" * 2, 16)
NOT_COMPACT = int("0480a93d2e9b094b89e08e01976089ac18193af802c66b631cc8d2dc1bae8c88", 16)
LOCATION = TpmLocation(access="esys", handle=0x81000001, network=Network.MAINNET)
MESSAGE = evidence_message("s", "n", bytes(32))

# Recorded from swtpm 0.7.1 with a throw-away signing key at 0x81000001, an RSA key and an encryption key.
SWTPM_PUBLIC = bytes.fromhex(
    "8001000000ac0000000000580023000b00040072000000100018000b000300100020d0994dbbf2f3761b13d2e9e2a09089c046092fd6bb0c"
    "4ea337c3ed4d511f2c8a002020e7fb20eb6f5457b17f860f5fd57f4799c9a57cc55c7a920f86adfe98f37ce00022000b33d0e903adb8fa3c"
    "dd9f230a3de623de488787ab495ccabbf7c57b74c2fd155c0022000b981ef6ae2a662f5a4f8b450235a0178337f0d7074b02274531d8f55d"
    "afd33e7a"
)
SWTPM_SIGN_COMMAND = bytes.fromhex(
    "8002000000490000015d81000001000000094000000900000000000020ea2ee29141ec6f3a6f2e574ca7b996ef6af00f3e278b0bbe8d1bca"
    "c083353f910018000b8024400000070000"
)
SWTPM_SIGNATURE = bytes.fromhex(
    "80020000005b00000000000000480018000b002016f1f9682aba7ed2f4b0b22b1690215526a37f67624371e8506356a390b6bb510020a9f4"
    "f9ff5a4cbc9ca4efe42ecfe3c6145c36893ed062940175c2dfa9ebeb156a0000010000"
)
SWTPM_ENCRYPTION_KEY = bytes.fromhex(
    "8001000000ae00000000005a0023000b0003007200000006008000430010000300100020457f072f57a031b6e20180debed2526ac52e688b"
    "5bd133e38fb891f4c608675a002073dedf2424697d991b12f28c31491fa9a896d213eb5a3e31cd8c6c1c703cfe670022000bcb3ca8acb735"
    "6a1a78b920ab8a06cfc7b2b79606f8ba1d49b6d3a4938901c67c0022000b49b2e5431e4219249ecd490448910a27f39e7f4ce0f006e6de83"
    "714942d8324c"
)


def test_a_recorded_tpm_key_and_signature_are_read_and_verify() -> None:
    point = wire.parse_public(wire.response_body(SWTPM_PUBLIC))
    assert wire.sign_digest(0x81000001, hashlib.sha256(MESSAGE).digest()) == SWTPM_SIGN_COMMAND
    r, s = wire.parse_signature(wire.response_body(SWTPM_SIGNATURE))
    assert verify(b"\x00" + point.x, MESSAGE, encode_ecdsa(r, s))


def test_the_tpm_signs_as_its_compact_key() -> None:
    signer = TpmSigner(FakeTpm(COMPACT).transact, LOCATION)
    signature = signer.sign_evidence("s", "n", bytes(32))
    assert verify(signer.public_key, MESSAGE, signature)
    assert PublicKey(signer.public_key).address in repr(signer)


def test_a_busy_tpm_is_asked_again_a_few_times() -> None:
    assert TpmSigner(FakeTpm(COMPACT, retries=3).transact, LOCATION).public_key
    with pytest.raises(HardwareKeyFailed, match="0x922"):
        TpmSigner(FakeTpm(COMPACT, retries=50).transact, LOCATION)


def test_an_empty_handle_is_reported_with_the_tpms_code() -> None:
    with pytest.raises(HardwareKeyFailed, match="0x18b") as caught:
        TpmSigner(FakeTpm(COMPACT, handle=0x81000009).transact, LOCATION)
    assert caught.value.code == "E_KEY_HARDWARE"


def test_a_key_that_cannot_be_a_gateway_key_is_refused() -> None:
    with pytest.raises(HardwareKeyFailed, match="not compactable"):
        TpmSigner(FakeTpm(NOT_COMPACT).transact, LOCATION)
    with pytest.raises(HardwareKeyFailed, match="for encryption"):
        TpmSigner(lambda _: SWTPM_ENCRYPTION_KEY, LOCATION)


def test_a_tpm_that_goes_away_is_a_clear_error() -> None:
    def gone(command: bytes) -> bytes:
        raise OSError("no such device")

    with pytest.raises(HardwareKeyFailed, match="no such device"):
        TpmSigner(gone, LOCATION)


def test_it_signs_no_transactions() -> None:
    with pytest.raises(ValueError, match="Ed25519"):
        TpmSigner(FakeTpm(COMPACT).transact, LOCATION).sign_transaction(b"")


@given(st.binary(max_size=200))
def test_any_response_is_read_or_refused(raw: bytes) -> None:
    whole = raw[:2] + (len(raw) + 8).to_bytes(4, "big") + bytes(4) + raw[2:]
    for response in (raw, whole):
        for parse in (wire.parse_public, wire.parse_signature):
            try:
                parse(wire.response_body(response))
            except (ValueError, wire.TpmRefused):
                continue


def test_a_computer_without_the_hardware_says_so() -> None:
    ecc = EccLocation(device="i2c-none", bus_address=0x60, slot=0, network=Network.MAINNET)
    with pytest.raises(HardwareKeyFailed, match="i2c-none"):
        open_hardware_key(ecc)
