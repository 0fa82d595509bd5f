import pytest
from hypothesis import given
from hypothesis import strategies as st

from skerry_keys import KeyRejected
from skerry_keys.tag import Network
from skerry_keys.uri import EccLocation, FileLocation, TpmLocation, parse_key_uri


def test_a_plain_path_and_a_file_uri_name_the_same_file() -> None:
    expected = FileLocation(path="/var/lib/skerry/gateway.key", network=Network.MAINNET)
    assert parse_key_uri("/var/lib/skerry/gateway.key") == expected
    assert parse_key_uri("file:/var/lib/skerry/gateway.key") == expected
    assert parse_key_uri("file:///var/lib/skerry/gateway.key") == expected


def test_the_defaults_of_a_secure_element_are_those_of_gateway_rs() -> None:
    assert parse_key_uri("ecc://i2c-1") == EccLocation(
        device="i2c-1", bus_address=0x60, slot=0, network=Network.MAINNET
    )


def test_a_tpm_handle_is_hexadecimal() -> None:
    location = parse_key_uri("tpm://esys/0x81000001")
    assert location == TpmLocation(access="esys", handle=0x81000001, network=Network.MAINNET)


@pytest.mark.parametrize(
    ("uri", "reason"),
    [
        ("hsm://x", "unknown_scheme"),
        ("ecc://i2c-1?slot=256", "bad_slot"),
        ("ecc://i2c-1?slot=-1", "bad_slot"),
        ("ecc://i2c-1?slot=", "bad_slot"),
        ("ecc://i2c-1:70000", "bad_address"),
        ("ecc://../etc/passwd", "bad_address"),
        ("ecc://", "bad_address"),
        ("ecc://i2c-1?network=devnet", "bad_network"),
        ("tpm://fapi/0x81000001", "unknown_access"),
        ("tpm://esys/key", "bad_handle"),
        ("tpm://[", "bad_address"),
        ("", "unknown_scheme"),
    ],
)
def test_a_malformed_location_is_refused_with_its_reason(uri: str, reason: str) -> None:
    with pytest.raises(KeyRejected) as caught:
        parse_key_uri(uri)
    assert caught.value.reason == reason


@given(st.text(max_size=60))
def test_any_text_gives_a_location_or_a_reason(text: str) -> None:
    for prefix in ("", "ecc://", "tpm://esys/", "file:"):
        try:
            parse_key_uri(prefix + text)
        except KeyRejected:
            continue
