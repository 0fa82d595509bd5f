"""Transactions that a gateway signs first and its owner second: add-gateway and assert-location.

What a hotspot hands over is read here before anybody signs; the owner's signature goes onto the parsed message only.
"""

from dataclasses import dataclass
from typing import Literal

from skerry_keys.signer import Signer
from skerry_wire.errors import MessageRejected
from skerry_wire.generated.blockchain_txn_pb2 import (
    blockchain_txn,
    blockchain_txn_add_gateway_v1,
    blockchain_txn_assert_location_v1,
)
from skerry_wire.messages import parse
from skerry_wire.signing import sign_message, verify_message

__all__ = ["GatewayTxn", "GatewayTxnKind", "gateway_signed", "owner_signed", "read_gateway_txn"]

GatewayTxnKind = Literal["add_gateway", "assert_location"]
_Inner = blockchain_txn_add_gateway_v1 | blockchain_txn_assert_location_v1


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayTxn:
    """The whole content of a transaction; keys are tagged binaries, `payer` is the owner where none is named.

    `location` (an H3 cell in hex) and `nonce` are those of assert-location, None for add-gateway.
    """

    kind: GatewayTxnKind
    raw: bytes
    gateway: bytes
    owner: bytes
    payer: bytes
    staking_fee_dc: int
    fee_dc: int
    location: str | None
    nonce: int | None
    gateway_signature_valid: bool
    owner_signature_valid: bool
    payer_signature_valid: bool

    @property
    def total_dc(self) -> int:
        """What the payer pays."""
        return self.staking_fee_dc + self.fee_dc


def read_gateway_txn(raw: bytes) -> GatewayTxn:
    """Read a transaction completely.

    Raises `MessageRejected` not_gateway_txn for anything else, unread_fields when there is more in it than can be
    shown: nobody may sign that.
    """
    kind, inner = _parsed(raw)
    assertion = inner if isinstance(inner, blockchain_txn_assert_location_v1) else None
    return GatewayTxn(
        kind=kind,
        raw=bytes(raw),
        gateway=inner.gateway,
        owner=inner.owner,
        payer=inner.payer or inner.owner,
        staking_fee_dc=inner.staking_fee,
        fee_dc=inner.fee,
        location=None if assertion is None else assertion.location,
        nonce=None if assertion is None else assertion.nonce,
        gateway_signature_valid=verify_message(inner, inner.gateway, field="gateway_signature"),
        owner_signature_valid=verify_message(inner, inner.owner, field="owner_signature"),
        payer_signature_valid=verify_message(inner, inner.payer or inner.owner, field="payer_signature"),
    )


def owner_signed(txn: GatewayTxn, signer: Signer) -> bytes:
    """Return the transaction with its owner's signature, and the payer's where the owner is named as payer.

    Raises `ValueError` for another signer than the owner.
    """
    _, inner = _parsed(txn.raw)
    if signer.public_key != inner.owner:
        raise ValueError("only the owner named in it signs a transaction")
    sign_message(inner, signer, field="owner_signature")
    if inner.payer == inner.owner:
        sign_message(inner, signer, field="payer_signature")
    return _wrapped(inner)


def gateway_signed(
    kind: GatewayTxnKind,
    *,
    signer: Signer,
    owner: bytes,
    payer: bytes = b"",
    staking_fee_dc: int = 0,
    fee_dc: int = 0,
    location: str = "",
    nonce: int = 0,
) -> bytes:
    """Return a transaction as the gateway `signer` makes it."""
    inner: _Inner
    if kind == "add_gateway":
        inner = blockchain_txn_add_gateway_v1()
    else:
        inner = blockchain_txn_assert_location_v1(location=location, nonce=nonce)
    inner.gateway, inner.owner, inner.payer = signer.public_key, owner, payer
    inner.staking_fee, inner.fee = staking_fee_dc, fee_dc
    sign_message(inner, signer, field="gateway_signature")
    return _wrapped(inner)


def _parsed(raw: bytes) -> tuple[GatewayTxnKind, _Inner]:
    try:
        txn = parse(blockchain_txn, raw)
    except MessageRejected as error:
        raise MessageRejected("not_gateway_txn", str(error)) from None
    kind = txn.WhichOneof("txn")
    if kind is None:
        raise MessageRejected("not_gateway_txn", "the transaction is of another type")
    known = blockchain_txn()
    known.CopyFrom(txn)
    known.DiscardUnknownFields()
    if known.ByteSize() != len(raw):
        raise MessageRejected("unread_fields", "the transaction holds more than this program can read")
    inner: _Inner = getattr(txn, kind)
    return kind, inner


def _wrapped(inner: _Inner) -> bytes:
    if isinstance(inner, blockchain_txn_add_gateway_v1):
        txn = blockchain_txn(add_gateway=inner)
    else:
        txn = blockchain_txn(assert_location=inner)
    return txn.SerializeToString(deterministic=True)
