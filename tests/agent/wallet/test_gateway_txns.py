"""What a hotspot handed over, read before anybody signs."""

from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from skerry_agent.wallet.gateway_txns import AskedTxn, check_asked, read_txn, txn_effects
from skerry_core.errors import RefusedError, UserError
from skerry_keys.public_key import PublicKey
from skerry_testing.oracle import signer
from skerry_wire.gateway_txn import GatewayTxn, gateway_signed

GATEWAY, OWNER, PAYER = (signer(name) for name in ("gateway", "owner", "payer"))
CELL = "8c26aa5b66097ff"
PLACE = (40.5, -105.25)
ASKED = AskedTxn(
    kind="assert_location",
    owner=PublicKey.from_binary(OWNER.public_key).address,
    payer="",
    amount_dc=10,
    fee_dc=1,
    gateway=PublicKey.from_binary(GATEWAY.public_key).address,
    place=PLACE,
    nonce=2,
)


def assertion(*, location: str = CELL, nonce: int = 2, staking_fee_dc: int = 10, fee_dc: int = 1) -> GatewayTxn:
    raw = gateway_signed(
        "assert_location", signer=GATEWAY, owner=OWNER.public_key, location=location, nonce=nonce,
        staking_fee_dc=staking_fee_dc, fee_dc=fee_dc,
    )  # fmt: skip
    return read_txn(raw)


def test_what_was_asked_for_is_accepted_and_told() -> None:
    check_asked(assertion(), ASKED)
    first, second = txn_effects(assertion())
    assert f"(cell {CELL}); assertion number 2." in first
    assert second == "The owner pays 10 DC and a fee of 1 DC."
    assert txn_effects(assertion(staking_fee_dc=0, fee_dc=0))[1] == "Nobody pays anything."


def test_smaller_fees_than_were_allowed_are_fine() -> None:
    check_asked(assertion(staking_fee_dc=0, fee_dc=0), ASKED)


@pytest.mark.parametrize(
    "offered",
    [
        {"location": "8c2681a3064d9ff"},
        {"nonce": 3},
        {"staking_fee_dc": 11},
        {"fee_dc": 2},
    ],
)
def test_anything_else_is_refused(offered: dict[str, int | str]) -> None:
    with pytest.raises(RefusedError, match="something else than was asked"):
        check_asked(assertion(**offered), ASKED)  # type: ignore[arg-type]  # each fits its own parameter


def test_the_cell_of_the_32_bit_numbers_is_that_place_too() -> None:
    # two places a few centimetres from an edge, where rounding to 32 bits changes the cell
    import struct

    import h3.api.basic_str as h3

    for step in range(20_000):
        place = (40.5 + step * 1e-6, -105.25)
        rounded = struct.unpack("<ff", struct.pack("<ff", *place))
        cell = h3.latlng_to_cell(*rounded, 12)
        if cell != h3.latlng_to_cell(*place, 12):
            check_asked(assertion(location=cell), replace(ASKED, place=place))
            return
    raise AssertionError("no edge was found")


@given(st.text(max_size=20) | st.text("0123456789abcdef", min_size=15, max_size=15))
@example("-8c1fb466741a9ff")
@example("8c1fb466741a9ff8c1fb466741a9ff")
@example("8b26aa5b6609fff")  # resolution 11
@settings(max_examples=200)
def test_a_location_that_is_no_cell_is_never_shown_nor_signed(location: str) -> None:
    try:
        txn = assertion(location=location)
    except UserError as error:
        assert error.code == "E_BLE_TRANSACTION"  # noqa: PT017 - most are refused, not all
        return
    assert location in txn_effects(txn)[0]
