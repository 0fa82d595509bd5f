import pytest
from hypothesis import given
from hypothesis import strategies as st

from skerry_keys import KeyRejected, PublicKey, base58_text
from skerry_keys.base58_text import encode_check
from skerry_keys.tag import KeyTag

ED25519_ADDRESS = "14MRZY2jc2ABDq1faCCMmXrkm2PXY9UBRTP1j9PWnFTKnCb7Hyn"


def test_an_ed25519_key_converts_between_all_its_forms() -> None:
    key = PublicKey.from_address(ED25519_ADDRESS)
    assert key.solana_address is not None
    assert PublicKey.from_binary(key.binary) == key
    assert PublicKey.from_solana_address(key.solana_address) == key
    assert str(key) == ED25519_ADDRESS
    assert len({key, PublicKey.from_address(ED25519_ADDRESS)}) == 1


def test_the_same_solana_address_differs_between_networks() -> None:
    mainnet = PublicKey.from_address(ED25519_ADDRESS)
    assert mainnet.solana_address is not None
    testnet = PublicKey.from_solana_address(mainnet.solana_address, network="testnet")
    assert testnet.address != mainnet.address
    assert testnet.network == "testnet"
    assert testnet.solana_address == mainnet.solana_address


@pytest.mark.parametrize(
    ("binary", "reason"),
    [
        (b"", "bad_length"),
        (b"\x22" + bytes(32), "bad_tag"),
        (b"\x05" + bytes(32), "bad_tag"),
        (b"\x01" + bytes(33), "bad_length"),
        (b"\x03\x04" + bytes(32), "bad_key"),
        (b"\x00" + b"\xff" * 32, "bad_key"),
        (b"\x04\x00\x05\x00\x02\x01\x01", "bad_length"),
        (b"\x04\x00\x04\x00\x02\x00\x01\x01\x01", "bad_length"),
    ],
)
def test_a_malformed_binary_is_refused_with_its_reason(binary: bytes, reason: str) -> None:
    with pytest.raises(KeyRejected) as caught:
        PublicKey.from_binary(binary)
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "bad_checksum"),
        ("11", "bad_checksum"),
        (ED25519_ADDRESS + " ", "bad_base58"),
        (ED25519_ADDRESS + "é", "bad_base58"),
        ("1" * 5000, "bad_base58"),
        (encode_check(0, b""), "bad_length"),
        (encode_check(1, b"\x01" + bytes(32)), "bad_version"),
    ],
)
def test_a_malformed_address_is_refused_with_its_reason(text: str, reason: str) -> None:
    with pytest.raises(KeyRejected) as caught:
        PublicKey.from_address(text)
    assert caught.value.reason == reason


@given(st.binary(max_size=80))
def test_any_bytes_give_a_key_that_prints_and_reads_back_or_a_reason(binary: bytes) -> None:
    try:
        key = PublicKey.from_binary(binary)
    except KeyRejected:
        return
    assert PublicKey.from_address(key.address).binary == binary


@given(st.text(max_size=80))
def test_any_text_as_an_address_gives_a_key_or_a_reason(text: str) -> None:
    try:
        key = PublicKey.from_address(text)
    except KeyRejected:
        return
    assert key.address == text


@given(st.binary(max_size=64))
def test_base58_reads_back_what_it_wrote(raw: bytes) -> None:
    assert base58_text.decode(base58_text.encode(raw)) == raw


def test_exactly_eight_tag_bytes_exist() -> None:
    valid = {0, 1, 3, 4, 0x10, 0x11, 0x13, 0x14}
    assert {KeyTag.from_byte(value).to_byte() for value in valid} == valid
    for value in set(range(256)) - valid:
        with pytest.raises(KeyRejected, match="bad_tag"):
            KeyTag.from_byte(value)
