"""An operator's own denylist as a signed file: canonical JSON that names every denied hotspot and pair.

`skerry-open` starts with an explicit signed empty list: with no list at all everything is denied (iot-poc 4.7).
"""

import hashlib
from collections.abc import Iterable
from typing import Any

from skerry_core.strict_json import JsonRejected, canonical, loads
from skerry_coverage.iot.denylist import ExplicitDenylist
from skerry_coverage.iot.errors import FilterRejected
from skerry_keys.errors import KeyRejected
from skerry_keys.public_key import PublicKey
from skerry_keys.signer import Signer, evidence_message
from skerry_keys.verify import verify

__all__ = ["DENYLIST_DOMAIN", "read_signed_denylist", "sign_denylist"]

DENYLIST_DOMAIN = "denylist"
_FORMAT = "skerry-denylist-1"
_LIMIT_BYTES = 64 << 20  # half a million entries


def sign_denylist(denylist: ExplicitDenylist, *, network: str, signer: Signer) -> bytes:
    """Return the signed file of a list; `signer` is one of the network's oracle keys."""
    body = {
        "format": _FORMAT,
        "network": network,
        "tag": denylist.tag,
        "keys": sorted(PublicKey(key).address for key in denylist.keys),
        "edges": sorted(sorted(PublicKey(key).address for key in edge) for edge in denylist.edges),
    }
    signature = signer.sign_evidence(DENYLIST_DOMAIN, network, _digest(body))
    return canonical({"list": body, "signer": PublicKey(signer.public_key).address, "signature": signature.hex()})


def read_signed_denylist(raw: bytes, *, network: str, trusted_keys: Iterable[bytes]) -> ExplicitDenylist:
    """Read a signed file of a network; `tag` is its number, the caller refuses one that is not newer.

    Raises `FilterRejected` bad_filter (not the format, or of another network) or bad_signature.
    """
    try:
        document = loads(raw, limit_bytes=_LIMIT_BYTES)
        body = document["list"]
        signer = PublicKey.from_address(document["signer"]).binary
        signature = bytes.fromhex(document["signature"])
        if body["format"] != _FORMAT or body["network"] != network:
            raise FilterRejected("bad_filter", f"not a list of network {network}")
        denylist = _read_body(body)
        message = evidence_message(DENYLIST_DOMAIN, network, _digest(body))
    except (JsonRejected, KeyRejected, KeyError, TypeError, ValueError, AttributeError) as error:
        raise FilterRejected("bad_filter", str(error)) from None
    if signer not in set(trusted_keys) or not verify(signer, message, signature):
        raise FilterRejected("bad_signature", "none of the network's keys signed this list")
    return denylist


def _read_body(body: dict[str, Any]) -> ExplicitDenylist:
    tag, keys, edges = body["tag"], body["keys"], body["edges"]
    if not isinstance(tag, int) or isinstance(tag, bool) or tag < 0:
        raise ValueError("a tag is a number from 0")
    pairs = [tuple(PublicKey.from_address(address).binary for address in edge) for edge in edges]
    return ExplicitDenylist.of(
        tag=tag,
        keys=[PublicKey.from_address(address).binary for address in keys],
        edges=[(first, second) for first, second in pairs],
    )


def _digest(body: dict[str, Any]) -> bytes:
    return hashlib.sha256(canonical(body)).digest()
