"""How the server's methods write accounts, amounts and transactions. Pure; field names are Solana's."""

import base64
import binascii
from collections.abc import Sequence
from typing import Any

from skerry_core.errors import SkerryError
from skerry_keys import base58_text
from skerry_keys.errors import KeyRejected
from skerry_wallet.address import address_bytes, address_text, signature_bytes, signature_text
from skerry_wallet.chain.bank import Landed
from skerry_wallet.chain.snapshot import StoredAccount
from skerry_wallet.programs import TOKEN_ACCOUNT_SIZE, TOKEN_PROGRAM
from skerry_wallet.transaction import MAX_TRANSACTION_SIZE, Message, parse_transaction

__all__ = [
    "INVALID_PARAMS",
    "RpcError",
    "account_json",
    "decode_bytes",
    "decode_key",
    "decode_signature",
    "token_amount",
    "transaction_json",
]

INVALID_PARAMS = -32602
_RENT_EPOCH = 2**64 - 1  # of every rent-exempt account
_TOKEN_STATES = ("uninitialized", "initialized", "frozen")
_BASE58_DATA_LIMIT = 128  # bytes; Solana refuses base58 for more


class RpcError(SkerryError):
    """An error object of JSON-RPC."""

    def __init__(self, code: int, message: str, data: object | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data

    def to_json(self) -> dict[str, Any]:
        """Return the error member of an answer."""
        return {"code": self.code, "message": self.message} | ({} if self.data is None else {"data": self.data})


def decode_key(value: Any) -> bytes:
    """Read an address parameter. Raises `RpcError`."""
    try:
        return address_bytes(value if isinstance(value, str) else "")
    except ValueError:
        raise RpcError(INVALID_PARAMS, "Invalid param: not a base58 address of 32 bytes") from None


def decode_signature(value: Any) -> bytes:
    """Read a signature parameter. Raises `RpcError`."""
    try:
        return signature_bytes(value if isinstance(value, str) else "")
    except ValueError:
        raise RpcError(INVALID_PARAMS, "Invalid param: not a base58 signature of 64 bytes") from None


def decode_bytes(value: Any, encoding: str) -> bytes:
    """Read transaction or message bytes. Raises `RpcError`."""
    if not isinstance(value, str) or len(value) > 2 * MAX_TRANSACTION_SIZE:
        raise RpcError(INVALID_PARAMS, "Invalid param: a transaction is expected as text")
    try:
        return base58_text.decode(value) if encoding == "base58" else base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError, KeyRejected):
        raise RpcError(INVALID_PARAMS, f"Invalid param: not {encoding}") from None


def account_json(stored: StoredAccount | None, options: dict[str, Any], decimals: dict[bytes, int]) -> Any:
    """Return an account object; `decimals` maps mints for jsonParsed token accounts."""
    if stored is None:
        return None
    _, lamports, owner, executable, data = stored
    return {
        "lamports": lamports,
        "owner": address_text(owner),
        "executable": executable,
        "rentEpoch": _RENT_EPOCH,
        "space": len(data),
        "data": _data_json(owner, data, options, decimals),
    }


def token_amount(amount: int, decimals: int) -> dict[str, Any]:
    """Return a token amount as base units, number and text."""
    whole, part = divmod(amount, 10**decimals)
    text = f"{whole}.{part:0{decimals}}".rstrip("0").rstrip(".") if decimals else str(whole)
    return {"amount": str(amount), "decimals": decimals, "uiAmount": float(text), "uiAmountString": text}


def transaction_json(
    landed: Landed,
    encoding: str,
    *,
    logs: tuple[str, ...] | None,
    loaded: tuple[Sequence[bytes], Sequence[bytes]],
) -> dict[str, Any]:
    """Return what getTransaction says; `loaded` are the writable and read-only accounts of its lookup tables."""
    writable, readonly = ([address_text(key) for key in keys] for keys in loaded)
    transaction = parse_transaction(landed.raw)
    return {
        "slot": landed.slot,
        "blockTime": landed.unix_ms // 1000,
        "version": "legacy" if transaction.message.version is None else transaction.message.version,
        "meta": {
            "err": landed.error,
            "status": {"Ok": None} if landed.error is None else {"Err": landed.error},
            "fee": landed.fee,
            "computeUnitsConsumed": landed.units,
            "preBalances": list(landed.balances_before),
            "postBalances": list(landed.balances_after),
            "preTokenBalances": None,
            "postTokenBalances": None,
            "innerInstructions": None,
            "loadedAddresses": {"writable": writable, "readonly": readonly},
            "logMessages": None if logs is None else list(logs),
            "rewards": [],
        },
        "transaction": _encoded(landed.raw, encoding)
        if encoding in ("base64", "base58")
        else {
            "signatures": [signature_text(signature) for signature in transaction.signatures],
            "message": _message_json(transaction.message),
        },
    }


def _message_json(message: Message) -> dict[str, Any]:
    return {
        "accountKeys": [address_text(key) for key in message.keys],
        "header": {
            "numRequiredSignatures": message.required_signatures,
            "numReadonlySignedAccounts": message.readonly_signed,
            "numReadonlyUnsignedAccounts": message.readonly_unsigned,
        },
        "recentBlockhash": message.blockhash,
        "instructions": [
            {
                "programIdIndex": call.program_index,
                "accounts": list(call.accounts),
                "data": base58_text.encode(call.data),
                "stackHeight": 1,
            }
            for call in message.instructions
        ],
    }


def _data_json(owner: bytes, data: bytes, options: dict[str, Any], decimals: dict[bytes, int]) -> Any:
    encoding = options.get("encoding", "base58")
    if encoding == "jsonParsed" and owner == TOKEN_PROGRAM and len(data) == TOKEN_ACCOUNT_SIZE:
        return _token_account_json(data, decimals)
    part = options.get("dataSlice")
    if isinstance(part, dict):
        start, length = part.get("offset", 0), part.get("length", 0)
        if not isinstance(start, int) or not isinstance(length, int) or start < 0 or length < 0:
            raise RpcError(INVALID_PARAMS, "Invalid param: dataSlice")
        data = data[start : start + length]
    if encoding == "base58" and len(data) > _BASE58_DATA_LIMIT:
        message = "Encoded binary (base 58) data should be less than 128 bytes, please use Base64 encoding."
        raise RpcError(-32600, message)
    return _encoded(data, "base58" if encoding == "base58" else "base64")


def _token_account_json(data: bytes, decimals: dict[bytes, int]) -> dict[str, Any]:
    mint = data[:32]
    info = {
        "isNative": False,
        "mint": address_text(mint),
        "owner": address_text(data[32:64]),
        "state": _TOKEN_STATES[min(data[108], 2)],
        "tokenAmount": token_amount(int.from_bytes(data[64:72], "little"), decimals.get(mint, 0)),
    }
    return {"program": "spl-token", "parsed": {"info": info, "type": "account"}, "space": len(data)}


def _encoded(raw: bytes, encoding: str) -> list[str]:
    text = base58_text.encode(raw) if encoding == "base58" else base64.b64encode(raw).decode("ascii")
    return [text, encoding]
