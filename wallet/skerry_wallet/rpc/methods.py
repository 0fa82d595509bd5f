"""The server's methods: Solana JSON-RPC on an open `Bank`, as far as standard clients need it (sheet section 3).

Each takes the list of parameters and returns the result; `ChainServer` does the transport and waits for the disk.
"""

from collections.abc import Callable
from typing import Any

from skerry_core import __version__
from skerry_wallet.address import address_text
from skerry_wallet.chain.bank import Bank, Landed
from skerry_wallet.chain.machine import SLOTS_PER_EPOCH
from skerry_wallet.errors import MalformedTransaction, TransactionRejected
from skerry_wallet.programs import COMPUTE_BUDGET_PROGRAM, MINT_SIZE, TOKEN_ACCOUNT_SIZE, TOKEN_PROGRAM
from skerry_wallet.rpc.encoding import (
    INVALID_PARAMS,
    RpcError,
    account_json,
    decode_bytes,
    decode_key,
    decode_signature,
    token_amount,
    transaction_json,
)
from skerry_wallet.tokens import FEE_LAMPORTS
from skerry_wallet.transaction import Message, parse_message

__all__ = ["API_VERSION", "Methods"]

API_VERSION = "2.3.0"  # the Solana release whose answers these follow
METHOD_NOT_FOUND = -32601
_PREFLIGHT_FAILED = -32002
_MAX_AIRDROP_LAMPORTS = 10**13  # ten thousand SOL at once are enough for any experiment
_MAX_LIST = 1000
_DEFAULT_UNITS = 200_000  # per instruction


class Methods:
    """All methods of one chain."""

    def __init__(self, bank: Bank) -> None:
        self._bank = bank
        self._table: dict[str, Callable[..., Any]] = {
            "getAccountInfo": self._account_info,
            "getBalance": self._balance,
            "getBlockHeight": lambda *_: bank.machine.slot,
            "getEpochInfo": self._epoch_info,
            "getFeeForMessage": self._fee,
            "getGenesisHash": lambda *_: bank.genesis_hash,
            "getHealth": lambda *_: "ok",
            "getLatestBlockhash": self._latest_blockhash,
            "getMinimumBalanceForRentExemption": self._rent,
            "getMultipleAccounts": self._multiple_accounts,
            "getRecentPrioritizationFees": lambda *_: [{"slot": bank.machine.slot, "prioritizationFee": 0}],
            "getSignatureStatuses": self._statuses,
            "getSignaturesForAddress": self._history,
            "getSlot": lambda *_: bank.machine.slot,
            "getTokenAccountBalance": self._token_account_balance,
            "getTokenAccountsByOwner": self._token_accounts_by_owner,
            "getTokenSupply": self._token_supply,
            "getTransaction": self._transaction,
            "getVersion": lambda *_: {"solana-core": API_VERSION, "feature-set": 0, "skerry": __version__},
            "isBlockhashValid": self._is_blockhash_valid,
            "requestAirdrop": self._airdrop,
            "sendTransaction": self._send,
            "simulateTransaction": self._simulate,
        }

    def call(self, name: str, params: list[Any]) -> Any:
        """Run a method. Raises `RpcError`."""
        method = self._table.get(name)
        if method is None:
            raise RpcError(METHOD_NOT_FOUND, "Method not found")
        try:
            return method(*params)
        except TypeError as error:  # the wrong number of parameters, or one of the wrong type
            raise RpcError(INVALID_PARAMS, f"Invalid params: {error}") from error

    def with_context(self, value: Any) -> dict[str, Any]:
        """Return a value together with the slot that it belongs to."""
        return {"context": {"slot": self._bank.machine.slot, "apiVersion": API_VERSION}, "value": value}

    def _account_info(self, address: Any, options: Any = None) -> Any:
        return self.with_context(self._account(decode_key(address), _options(options)))

    def _balance(self, address: Any, *_: Any) -> Any:
        stored = self._bank.machine.account(decode_key(address))
        return self.with_context(0 if stored is None else stored[1])

    def _epoch_info(self, *_: Any) -> Any:
        slot = self._bank.machine.slot
        return {
            "absoluteSlot": slot,
            "blockHeight": slot,
            "epoch": slot // SLOTS_PER_EPOCH,
            "slotIndex": slot % SLOTS_PER_EPOCH,
            "slotsInEpoch": SLOTS_PER_EPOCH,
            "transactionCount": None,
        }

    def _fee(self, message: Any, *_: Any) -> Any:
        try:
            parsed = parse_message(decode_bytes(message, "base64"))
        except MalformedTransaction as error:
            raise RpcError(INVALID_PARAMS, f"Invalid param: {error}") from None
        if not self._bank.machine.is_blockhash_valid(parsed.blockhash):
            return self.with_context(None)
        return self.with_context(parsed.required_signatures * FEE_LAMPORTS + _priority_fee(parsed))

    def _latest_blockhash(self, *_: Any) -> Any:
        blockhash, last_valid = self._bank.machine.blockhash()
        return self.with_context({"blockhash": blockhash, "lastValidBlockHeight": last_valid})

    def _rent(self, size: Any, *_: Any) -> Any:
        if not isinstance(size, int) or not 0 <= size <= 10 << 20:
            raise RpcError(INVALID_PARAMS, "Invalid param: size")
        return self._bank.machine.minimum_rent_lamports(size)

    def _multiple_accounts(self, addresses: Any, options: Any = None) -> Any:
        chosen = {"encoding": "base64"} | _options(options)
        return self.with_context([self._account(decode_key(address), chosen) for address in _list(addresses, 100)])

    def _statuses(self, signatures: Any, *_: Any) -> Any:
        return self.with_context([self._status(decode_signature(item)) for item in _list(signatures, 256)])

    def _status(self, signature: bytes) -> Any:
        landed = self._bank.find(signature)
        if landed is None:
            return None
        return {
            "slot": landed.slot,
            "confirmations": None,
            "err": landed.error,
            "status": {"Ok": None} if landed.error is None else {"Err": landed.error},
            "confirmationStatus": "finalized",
        }

    def _history(self, address: Any, options: Any = None) -> Any:
        limit = _options(options).get("limit", _MAX_LIST)
        if not isinstance(limit, int) or not 1 <= limit <= _MAX_LIST:
            raise RpcError(INVALID_PARAMS, "Invalid param: limit")
        start = _options(options).get("before")
        before = None if start is None else decode_signature(start)
        found = self._bank.history(decode_key(address), limit=limit, before=before)
        return [
            {
                "signature": landed.signature,
                "slot": landed.slot,
                "blockTime": landed.unix_ms // 1000,
                "err": landed.error,
                "memo": None,
                "confirmationStatus": "finalized",
            }
            for landed in found
        ]

    def _token_account_balance(self, address: Any, *_: Any) -> Any:
        stored = self._bank.machine.account(decode_key(address))
        if stored is None or stored[2] != TOKEN_PROGRAM or len(stored[4]) != TOKEN_ACCOUNT_SIZE:
            raise RpcError(INVALID_PARAMS, "Invalid param: could not find account")
        amount, mint = int.from_bytes(stored[4][64:72], "little"), stored[4][:32]
        return self.with_context(token_amount(amount, self._decimals().get(mint, 0)))

    def _token_supply(self, address: Any, *_: Any) -> Any:
        stored = self._bank.machine.account(decode_key(address))
        if stored is None or stored[2] != TOKEN_PROGRAM or len(stored[4]) != MINT_SIZE:
            raise RpcError(INVALID_PARAMS, "Invalid param: not a Token mint")
        return self.with_context(token_amount(int.from_bytes(stored[4][36:44], "little"), stored[4][44]))

    def _token_accounts_by_owner(self, owner: Any, which: Any, options: Any = None) -> Any:
        key, wanted = decode_key(owner), _options(which)
        mint = decode_key(wanted["mint"]) if "mint" in wanted else None
        if mint is None and decode_key(wanted.get("programId")) != TOKEN_PROGRAM:
            return self.with_context([])
        decimals = self._decimals()
        found = [
            {"pubkey": address_text(stored[0]), "account": account_json(stored, _options(options), decimals)}
            for stored in self._bank.machine.program_accounts(TOKEN_PROGRAM)
            if len(stored[4]) == TOKEN_ACCOUNT_SIZE and stored[4][32:64] == key and mint in (None, stored[4][:32])
        ]
        return self.with_context(found)

    def _transaction(self, signature: Any, options: Any = None) -> Any:
        landed = self._bank.find(decode_signature(signature))
        encoding = options if isinstance(options, str) else _options(options).get("encoding", "json")
        return None if landed is None else self._transaction_json(landed, encoding)

    def _transaction_json(self, landed: Landed, encoding: str) -> Any:
        logs, loaded = self._bank.logs(landed.signature), self._bank.loaded_keys(landed)
        return transaction_json(landed, encoding, logs=logs, loaded=loaded)

    def _is_blockhash_valid(self, blockhash: Any, *_: Any) -> Any:
        return self.with_context(self._bank.machine.is_blockhash_valid(address_text(decode_key(blockhash))))

    def _airdrop(self, address: Any, lamports: Any, *_: Any) -> Any:
        if not isinstance(lamports, int) or not 0 < lamports <= _MAX_AIRDROP_LAMPORTS:
            raise RpcError(INVALID_PARAMS, f"Invalid param: 1 to {_MAX_AIRDROP_LAMPORTS} lamports at once")
        try:
            return self._bank.airdrop(decode_key(address), lamports)
        except TransactionRejected as error:
            raise RpcError(-32603, f"Internal error: {error.error}") from error

    def _send(self, transaction: Any, options: Any = None) -> Any:
        chosen = _options(options)
        raw = decode_bytes(transaction, chosen.get("encoding", "base58"))
        try:
            return self._bank.send(raw, preflight=not chosen.get("skipPreflight"))
        except TransactionRejected as error:
            raise _rejection(error) from error

    def _simulate(self, transaction: Any, options: Any = None) -> Any:
        chosen = _options(options)
        raw = decode_bytes(transaction, chosen.get("encoding", "base58"))
        try:
            error, logs, units = self._bank.simulate(
                raw,
                replace_blockhash=bool(chosen.get("replaceRecentBlockhash")),
                check_signatures=bool(chosen.get("sigVerify")),
            )
        except TransactionRejected as refusal:
            raise RpcError(INVALID_PARAMS, f"Invalid param: {refusal.error}") from refusal
        return self.with_context(
            {"err": error, "logs": list(logs), "unitsConsumed": units, "accounts": None, "returnData": None}
        )

    def _account(self, key: bytes, options: dict[str, Any]) -> Any:
        decimals = self._decimals() if options.get("encoding") == "jsonParsed" else {}
        return account_json(self._bank.machine.account(key), options, decimals)

    def _decimals(self) -> dict[bytes, int]:
        accounts = self._bank.machine.program_accounts(TOKEN_PROGRAM)
        return {stored[0]: stored[4][44] for stored in accounts if len(stored[4]) == MINT_SIZE}


def _options(value: Any) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise RpcError(INVALID_PARAMS, "Invalid param: an object is expected")
    return value


def _list(value: Any, most: int) -> list[Any]:
    if not isinstance(value, list) or len(value) > most:
        raise RpcError(INVALID_PARAMS, f"Too many inputs provided; max {most}")
    return value


def _rejection(error: TransactionRejected) -> RpcError:
    if isinstance(error.error, str) and error.error.startswith("SanitizeFailure: "):
        return RpcError(INVALID_PARAMS, f"failed to deserialize the transaction: {error.error}")
    if error.error == "SignatureFailure":
        return RpcError(-32003, "Transaction signature verification failure")
    message = f"Transaction simulation failed: {error.error}"
    data = {"err": error.error, "logs": list(error.logs), "accounts": None, "unitsConsumed": 0, "returnData": None}
    return RpcError(_PREFLIGHT_FAILED, message, data)


def _priority_fee(message: Message) -> int:
    """Return ceil(price x limit / 10^6) lamports from the compute-budget instructions."""
    price, limit = 0, 0
    others = 0
    for call in message.instructions:
        if message.keys[call.program_index] != COMPUTE_BUDGET_PROGRAM:
            others += 1
        elif call.data[:1] == b"\x02":
            limit = int.from_bytes(call.data[1:5], "little")
        elif call.data[:1] == b"\x03":
            price = int.from_bytes(call.data[1:9], "little")
    return -(-price * (limit or others * _DEFAULT_UNITS) // 1_000_000)
