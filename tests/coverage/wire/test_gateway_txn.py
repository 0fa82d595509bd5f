import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skerry_keys.public_key import PublicKey
from skerry_keys.software import SoftwareSigner
from skerry_testing.vectors import cases
from skerry_wire.errors import MessageRejected
from skerry_wire.gateway_txn import GatewayTxnKind, gateway_signed, owner_signed, read_gateway_txn
from skerry_wire.generated.blockchain_txn_pb2 import blockchain_txn

GATEWAY, OWNER, PAYER = (SoftwareSigner.from_seed(bytes([number]) * 32) for number in (1, 2, 3))
CELL = "8c2681a3064d9ff"


def made(kind: GatewayTxnKind = "add_gateway", payer: bytes = PAYER.public_key) -> bytes:
    location = CELL if kind == "assert_location" else ""
    return gateway_signed(
        kind, signer=GATEWAY, owner=OWNER.public_key, payer=payer, staking_fee_dc=40, fee_dc=2, location=location
    )


@pytest.mark.parametrize("kind", ["add_gateway", "assert_location"])
def test_a_transaction_is_read_whole_and_signed_by_its_owner(kind: GatewayTxnKind) -> None:
    txn = read_gateway_txn(made(kind))
    assert (txn.kind, txn.gateway, txn.owner) == (kind, GATEWAY.public_key, OWNER.public_key)
    assert (txn.payer, txn.total_dc) == (PAYER.public_key, 42)
    assert txn.location == (CELL if kind == "assert_location" else None)
    assert (txn.gateway_signature_valid, txn.owner_signature_valid) == (True, False)
    signed = read_gateway_txn(owner_signed(txn, OWNER))
    assert (signed.gateway_signature_valid, signed.owner_signature_valid) == (True, True)
    assert not signed.payer_signature_valid


@pytest.mark.parametrize("payer", [b"", OWNER.public_key])
def test_without_another_payer_the_owner_pays(payer: bytes) -> None:
    txn = read_gateway_txn(made(payer=payer))
    assert txn.payer == OWNER.public_key
    signed = read_gateway_txn(owner_signed(txn, OWNER))
    assert signed.payer_signature_valid is bool(payer)  # an empty payer has no signature, by the ledger's own rule


def test_published_transactions_of_gateway_rs_are_read() -> None:
    read = 0
    for case in cases("iot.add_gateway")["cases"]:
        if "error" in case["out"]:
            continue
        txn = read_gateway_txn(base64.b64decode(case["in"]["txn_base64"]))
        assert PublicKey.from_binary(txn.owner).address == case["out"]["owner"]
        assert PublicKey.from_binary(txn.gateway).address == case["out"]["gateway"]
        assert (txn.staking_fee_dc, txn.fee_dc) == (case["out"]["staking_fee"], case["out"]["fee"])
        read += 1
    assert read


def test_nobody_else_signs_for_the_owner() -> None:
    with pytest.raises(ValueError, match="only the owner"):
        owner_signed(read_gateway_txn(made()), PAYER)


def test_a_transaction_with_more_in_it_than_can_be_shown_is_not_read() -> None:
    inner = blockchain_txn.FromString(made()).add_gateway.SerializeToString()
    for extra in (b"\x78\x01", b"\x0a\x00", inner[:2] + inner[2:35]):  # an unknown field, a second empty owner, twice
        body = inner + extra
        with pytest.raises(MessageRejected, match="unread_fields"):
            read_gateway_txn(b"\x0a" + _varint(len(body)) + body)
    with pytest.raises(MessageRejected, match="unread_fields"):
        read_gateway_txn(made() + made("assert_location"))  # the last of two would count


@given(st.binary(max_size=200))
@settings(max_examples=200)
def test_anything_else_is_refused(raw: bytes) -> None:
    with pytest.raises(MessageRejected):
        read_gateway_txn(b"\x1a" + raw)


@given(st.integers(0, 400), st.integers(1, 255))
@settings(max_examples=200)
def test_a_changed_byte_is_refused_or_breaks_the_signature(at: int, change: int) -> None:
    raw = bytearray(made("assert_location"))
    raw[at % len(raw)] ^= change
    try:
        txn = read_gateway_txn(bytes(raw))
    except MessageRejected:
        return
    assert not txn.gateway_signature_valid


def _varint(value: int) -> bytes:
    return bytes([value & 0x7F | 0x80, value >> 7]) if value > 0x7F else bytes([value])
