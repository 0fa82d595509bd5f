"""Conformance kinds of the wire package: messages, signatures, LoRaWAN frames (KINDS-iot)."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from skerry_core.conformance import CaseError, Kind
from skerry_keys.public_key import PublicKey
from skerry_wire.add_gateway import read_add_gateway
from skerry_wire.errors import FrameMalformed, MessageRejected
from skerry_wire.fields import fill, to_fields
from skerry_wire.lorawan import (
    DataFrame,
    JoinAccept,
    JoinRequest,
    Proprietary,
    RouterJoin,
    RouterUplink,
    packet_type,
    parse_frame,
)
from skerry_wire.messages import message_class, parse
from skerry_wire.signing import signed_bytes, verify_message

__all__ = ["KINDS"]

Case = Mapping[str, Any]


def _message(case: Case) -> dict[str, Any]:
    kind = message_class(case["message"])
    if "fields" in case:
        message = kind()
        fill(message, case["fields"])
        return {"encoded_hex": message.SerializeToString(deterministic=True).hex()}
    try:
        return {"fields": to_fields(parse(kind, bytes.fromhex(case["encoded_hex"])))}
    except MessageRejected as error:
        raise CaseError(error.reason) from None


def _signed_message(case: Case) -> dict[str, Any]:
    message = message_class(case["message"])()
    fill(message, case["fields"])
    field = case.get("signature_field") or "signature"
    covered = signed_bytes(message)
    setattr(message, field, bytes.fromhex(case["signature_hex"]))
    signer = PublicKey.from_address(case["signer"])
    envelope_hex = None
    if envelope := case.get("envelope"):
        outer = message_class(envelope["message"])()
        getattr(outer, envelope["field"]).CopyFrom(message)
        envelope_hex = outer.SerializeToString(deterministic=True).hex()
    return {
        "signed_hex": covered.hex(),
        "encoded_hex": message.SerializeToString(deterministic=True).hex(),
        "envelope_hex": envelope_hex,
        "valid": verify_message(message, signer.binary, field=field),
    }


def _add_gateway(case: Case) -> dict[str, Any]:
    try:
        txn = read_add_gateway(case["txn_base64"])
    except MessageRejected as error:
        raise CaseError(error.reason) from None
    owner = PublicKey(txn.owner)
    return {
        "owner": owner.address,
        "gateway": PublicKey(txn.gateway).address,
        "payer": PublicKey(txn.payer).address if txn.payer else None,
        "staking_fee": txn.staking_fee_dc,
        "fee": txn.fee_dc,
        "signed_hex": txn.signed.hex(),
        "gateway_signature_valid": txn.gateway_signature_valid,
        "owner_solana_address": owner.solana_address,
    }


def _parse(case: Case) -> dict[str, Any]:
    try:
        frame = parse_frame(bytes.fromhex(case["phy_hex"]))
    except FrameMalformed as error:
        raise CaseError(error.reason) from None
    match frame:
        case Proprietary():
            return {"type": "proprietary", "payload_hex": frame.payload.hex()}
        case JoinRequest():
            return {
                "type": "join_request",
                "mic_hex": frame.mic.hex(),
                "join_eui": f"{frame.join_eui:016X}",
                "dev_eui": f"{frame.dev_eui:016X}",
                "dev_nonce_hex": frame.dev_nonce.hex(),
            }
        case JoinAccept():
            return {"type": "join_accept", "mic_hex": frame.mic.hex(), "body_hex": frame.body.hex()}
        case DataFrame():
            return _data(frame)


def _data(frame: DataFrame) -> dict[str, Any]:
    return {
        "type": frame.mtype.name.lower(),
        "mic_hex": frame.mic.hex(),
        "dev_addr": f"{frame.dev_addr:08X}",
        "fctrl_hex": f"{frame.fctrl:02x}",
        "fcnt": frame.fcnt,
        "fopts_hex": frame.fopts.hex(),
        "fport": frame.fport,
        "frm_payload_hex": None if frame.frm_payload is None else frame.frm_payload.hex(),
    }


def _packet_type(case: Case) -> dict[str, Any]:
    packet = packet_type(bytes.fromhex(case["phy_hex"]))
    match packet:
        case RouterJoin():
            return {
                "type": packet.type,
                "join_eui": f"{packet.join_eui:016X}",
                "dev_eui": f"{packet.dev_eui:016X}",
            }
        case RouterUplink():
            return {"type": packet.type, "confirmed": packet.confirmed, "dev_addr": f"{packet.dev_addr:08X}"}
        case _:
            return asdict(packet)


def _packet_hash(case: Case) -> dict[str, Any]:
    return {"payload_hash_hex": hashlib.sha256(bytes.fromhex(case["phy_hex"])).hexdigest()}


KINDS: dict[str, Kind] = {
    "iot.message": Kind(run=_message),
    "iot.signed_message": Kind(run=_signed_message),
    "iot.add_gateway": Kind(run=_add_gateway),
    "lorawan.parse": Kind(run=_parse),
    "lorawan.packet_type": Kind(run=_packet_type),
    "lorawan.packet_hash": Kind(run=_packet_hash),
}
