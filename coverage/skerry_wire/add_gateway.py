"""The add-gateway transaction that a gateway signs for its owner's onboarding, read for display (iot-poc 2.4)."""

import base64
import binascii
from dataclasses import dataclass

from skerry_wire.errors import MessageRejected
from skerry_wire.generated.blockchain_txn_pb2 import blockchain_txn
from skerry_wire.messages import parse
from skerry_wire.signing import signed_bytes, verify_message

__all__ = ["AddGateway", "read_add_gateway"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AddGateway:
    """The readable content of an add-gateway transaction; keys are tagged binaries, fees are DC."""

    owner: bytes
    gateway: bytes
    payer: bytes | None
    staking_fee_dc: int
    fee_dc: int
    signed: bytes
    gateway_signature_valid: bool


def read_add_gateway(text: str) -> AddGateway:
    """Read a base64 transaction. Raises `MessageRejected` not_add_gateway for anything else."""
    try:
        txn = parse(blockchain_txn, base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError, MessageRejected) as error:
        raise MessageRejected("not_add_gateway", str(error)) from None
    if not txn.HasField("add_gateway"):
        raise MessageRejected("not_add_gateway", "the transaction is of another type")
    inner = txn.add_gateway
    return AddGateway(
        owner=inner.owner,
        gateway=inner.gateway,
        payer=inner.payer or None,
        staking_fee_dc=inner.staking_fee,
        fee_dc=inner.fee,
        signed=signed_bytes(inner),
        gateway_signature_valid=verify_message(inner, inner.gateway, field="gateway_signature"),
    )
