"""Conformance kinds of family `keys` (KINDS-iot.md); thin adapters over this package's public functions."""

from collections.abc import Callable, Mapping
from typing import Any

from skerry_core.conformance import CaseError, Kind
from skerry_keys.animal_name import animal_indices
from skerry_keys.errors import KeyRejected
from skerry_keys.lns_mac import lns_mac
from skerry_keys.public_key import PublicKey
from skerry_keys.secret_key import SecretKey
from skerry_keys.spki import public_key_from_pem
from skerry_keys.tag import KeyTag, KeyType, Network
from skerry_keys.uri import EccLocation, TpmLocation, parse_key_uri
from skerry_keys.verify import verify

__all__ = ["KINDS"]

Case = Callable[[Mapping[str, Any]], Mapping[str, Any]]


def _with_reasons(function: Case) -> Kind:
    def run(given: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            return function(given)
        except KeyRejected as error:
            raise CaseError(error.reason) from error

    return Kind(run=run)


def _address(given: Mapping[str, Any]) -> Mapping[str, Any]:
    key = _public_key(given)
    return {
        "address": key.address,
        "binary_hex": key.binary.hex(),
        "network": key.network,
        "key_type": key.key_type,
        "solana_address": key.solana_address,
    }


def _public_key(given: Mapping[str, Any]) -> PublicKey:
    if "address" in given:
        return PublicKey.from_address(given["address"])
    if "binary_hex" in given:
        return PublicKey.from_binary(bytes.fromhex(given["binary_hex"]))
    if "solana_address" in given:
        return PublicKey.from_solana_address(given["solana_address"])
    try:
        tag = _tag_from_names(given)
    except KeyRejected as error:
        raise CaseError("bad_tag") from error
    return PublicKey(bytes([tag.to_byte()]) + bytes.fromhex(given["public_key_hex"]))


def _tag_from_names(given: Mapping[str, Any]) -> KeyTag:
    return KeyTag(network=Network.from_text(given["network"]), key_type=KeyType.from_text(given["key_type"]))


def _tag(given: Mapping[str, Any]) -> Mapping[str, Any]:
    if "tag_hex" in given:
        raw = bytes.fromhex(given["tag_hex"])
        if len(raw) != 1:
            raise CaseError("bad_tag")
        tag = KeyTag.from_byte(raw[0])
    else:
        tag = _tag_from_names(given)
    return {"network": tag.network.text, "key_type": tag.key_type.text, "tag_hex": f"{tag.to_byte():02x}"}


def _secret(given: Mapping[str, Any]) -> Mapping[str, Any]:
    if "key_file_hex" in given:
        key = SecretKey.from_key_file(bytes.fromhex(given["key_file_hex"]))
    else:
        key = SecretKey(tag=_tag_from_names(given), secret=bytes.fromhex(given["secret_hex"]))
    return {
        "address": key.public.address,
        "binary_hex": key.public.binary.hex(),
        "solana_address": key.public.solana_address,
        "key_file_hex": key.to_key_file().hex(),
    }


def _ecdh(given: Mapping[str, Any]) -> Mapping[str, Any]:
    own = SecretKey.from_key_file(bytes.fromhex(given["key_file_hex"]))
    shared = own.shared_secret(PublicKey.from_address(given["peer_address"]))
    return {"own_address": own.public.address, "shared_secret_hex": shared.hex()}


def _spki(given: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"address": public_key_from_pem(given["pem"]).address}


def _verify(given: Mapping[str, Any]) -> Mapping[str, Any]:
    key = PublicKey.from_address(given["address"])
    message, signature = bytes.fromhex(given["message_hex"]), bytes.fromhex(given["signature_hex"])
    return {"valid": verify(key.binary, message, signature)}


def _animal_name(given: Mapping[str, Any]) -> Mapping[str, Any]:
    address = given["address"]
    return {"indices": list(animal_indices(address)), "name": PublicKey.from_address(address).animal_name}


def _lns_mac(given: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"mac_hex": lns_mac(PublicKey.from_address(given["address"])).hex()}


def _uri(given: Mapping[str, Any]) -> Mapping[str, Any]:
    match parse_key_uri(given["uri"]):
        case EccLocation() as ecc:
            return {
                "scheme": "ecc",
                "device": ecc.device,
                "bus_address": ecc.bus_address,
                "slot": ecc.slot,
                "network": ecc.network.text,
            }
        case TpmLocation() as tpm:
            return {"scheme": "tpm", "access": tpm.access, "handle": tpm.handle, "network": tpm.network.text}
        case _:  # a file has no key in hardware; gateway-rs reads such locations elsewhere
            raise CaseError("unknown_scheme")


KINDS: dict[str, Kind] = {
    "keys.address": _with_reasons(_address),
    "keys.animal_name": _with_reasons(_animal_name),
    "keys.ecdh": _with_reasons(_ecdh),
    "keys.lns_mac": _with_reasons(_lns_mac),
    "keys.secret": _with_reasons(_secret),
    "keys.spki": _with_reasons(_spki),
    "keys.tag": _with_reasons(_tag),
    "keys.uri": _with_reasons(_uri),
    "keys.verify": _with_reasons(_verify),
}
