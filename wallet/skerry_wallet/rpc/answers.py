"""Checks what a JSON-RPC server answers before anything is concluded from it. Pure; used by `JsonRpcCluster`.

Every function takes the method's name and a value of any shape and raises `ClusterNonsense`, nothing else.
"""

import base64
import binascii
from typing import Any

from skerry_wallet.address import address_bytes, address_text
from skerry_wallet.cluster import Account, Blockhash, Landing, SignatureStatus, Simulation
from skerry_wallet.errors import ClusterNonsense, MalformedTransaction
from skerry_wallet.transaction import parse_transaction

__all__ = [
    "account_list",
    "address",
    "blockhash",
    "landing",
    "member",
    "number",
    "signature_list",
    "simulation",
    "status_list",
]

_U64_END = 1 << 64


def member(method: str, value: Any, name: str) -> Any:
    """Return a member of an object."""
    if not isinstance(value, dict) or name not in value:
        raise ClusterNonsense(method, f"{name} is missing")
    return value[name]


def number(method: str, value: Any) -> int:
    """Return an unsigned 64-bit integer."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < _U64_END:
        raise ClusterNonsense(method, "a number is no unsigned 64-bit integer")
    return value


def address(method: str, value: Any) -> str:
    """Return an address or hash of 32 bytes in base58."""
    try:
        address_bytes(value if isinstance(value, str) else "")
    except ValueError:
        raise ClusterNonsense(method, "an address or hash is not 32 bytes in base58") from None
    return str(value)


def blockhash(method: str, result: Any) -> Blockhash:
    """Read getLatestBlockhash."""
    value = member(method, result, "value")
    return Blockhash(
        blockhash=address(method, member(method, value, "blockhash")),
        last_valid_block_height=number(method, member(method, value, "lastValidBlockHeight")),
    )


def account_list(method: str, result: Any, count: int) -> list[Account | None]:
    """Read getMultipleAccounts."""
    return [None if item is None else _account(method, item) for item in _items(method, result, count)]


def status_list(method: str, result: Any, count: int) -> list[SignatureStatus | None]:
    """Read getSignatureStatuses."""
    return [None if item is None else _status(method, item) for item in _items(method, result, count)]


def signature_list(method: str, result: Any) -> list[str]:
    """Read getSignaturesForAddress; transactions that failed are among them."""
    if not isinstance(result, list):
        raise ClusterNonsense(method, "the result is no list")
    return [_text(method, member(method, item, "signature")) for item in result]


def landing(method: str, signature: str, result: Any) -> Landing | None:
    """Read getTransaction with base64 encoding; it must be the transaction that was asked for."""
    if result is None:
        return None
    raw, meta = _base64(method, member(method, result, "transaction")), member(method, result, "meta")
    try:
        transaction = parse_transaction(raw)
    except MalformedTransaction as error:
        raise ClusterNonsense(method, f"the transaction cannot be read: {error}") from error
    if transaction.signature != signature:
        raise ClusterNonsense(method, "the transaction is another one than was asked for")
    loaded = (meta.get("loadedAddresses") if isinstance(meta, dict) else None) or {}
    if not isinstance(loaded, dict):
        raise ClusterNonsense(method, "loadedAddresses is no object")
    keys = [address_text(key) for key in transaction.message.keys]
    for part in ("writable", "readonly"):
        keys += [address(method, one) for one in _list(method, loaded.get(part) or [])]
    before, after = (
        [number(method, one) for one in _list(method, member(method, meta, name))]
        for name in ("preBalances", "postBalances")
    )
    if not len(keys) == len(before) == len(after):
        raise ClusterNonsense(method, "there are not as many balances as accounts")
    at_s = result.get("blockTime")
    return Landing(
        signature=signature,
        raw=raw,
        slot=number(method, member(method, result, "slot")),
        at_s=None if at_s is None else number(method, at_s),
        error=member(method, meta, "err"),
        fee_lamports=number(method, member(method, meta, "fee")),
        lamports=tuple(zip(keys, before, after, strict=True)),
    )


def simulation(method: str, result: Any) -> Simulation:
    """Read simulateTransaction."""
    value = member(method, result, "value")
    logs = member(method, value, "logs") or []
    if not isinstance(logs, list):
        raise ClusterNonsense(method, "logs is no list")
    units = value.get("unitsConsumed")
    return Simulation(
        error=member(method, value, "err"),
        logs=tuple(_text(method, line) for line in logs),
        units_consumed=None if units is None else number(method, units),
    )


def _items(method: str, result: Any, count: int) -> list[Any]:
    items = member(method, result, "value")
    if not isinstance(items, list) or len(items) != count:
        raise ClusterNonsense(method, f"expected a list of {count}")
    return items


def _list(method: str, value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise ClusterNonsense(method, "a list is expected")
    return value


def _account(method: str, item: Any) -> Account:
    executable = member(method, item, "executable")
    if not isinstance(executable, bool):
        raise ClusterNonsense(method, "executable is neither true nor false")
    return Account(
        lamports=number(method, member(method, item, "lamports")),
        owner=address(method, member(method, item, "owner")),
        data=_base64(method, member(method, item, "data")),
        executable=executable,
    )


def _status(method: str, item: Any) -> SignatureStatus:
    level = member(method, item, "confirmationStatus")
    if level not in ("processed", "confirmed", "finalized", None):
        raise ClusterNonsense(method, "confirmationStatus is unknown")
    return SignatureStatus(
        slot=number(method, member(method, item, "slot")),
        # Before Solana 1.3 there was no level, and null confirmations meant rooted.
        finalized=level == "finalized" or (level is None and member(method, item, "confirmations") is None),
        error=member(method, item, "err"),
    )


def _base64(method: str, value: Any) -> bytes:
    if not isinstance(value, list) or len(value) != 2 or value[1] != "base64" or not isinstance(value[0], str):
        raise ClusterNonsense(method, "bytes are not given as base64")
    try:
        return base64.b64decode(value[0], validate=True)
    except (binascii.Error, ValueError):
        raise ClusterNonsense(method, "bytes are not base64") from None


def _text(method: str, value: Any) -> str:
    if not isinstance(value, str):
        raise ClusterNonsense(method, "a text is expected")
    return value
