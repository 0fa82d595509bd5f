"""The kind about the meaning of confirmed transactions."""

from typing import Any

from skerry_core.conformance import Kind
from skerry_wallet.conformance.common import Given, Result, kind
from skerry_wallet.helium.history import (
    ConfirmedTransaction,
    TokenBalance,
    TokenTransfer,
    TouchedInstruction,
    explain,
)

__all__ = ["KINDS"]


def _history(given: Given) -> Result:
    meaning = explain(
        _transaction(given["transaction"]), wallet=given["wallet"], hotspot_splits=given["hotspot_fanouts"]
    )
    if meaning is None:
        return {"type": None}
    result: dict[str, Any] = {"type": meaning.type}
    if meaning.program is not None:
        result |= {"program": meaning.program, "instruction": meaning.instruction}
    if meaning.transfers is not None:
        result["transfers"] = [_transfer(transfer) for transfer in meaning.transfers]
    if meaning.source is not None:
        result |= {"from": meaning.source, "to": meaning.to}
    return result


def _transaction(given: Given) -> ConfirmedTransaction:
    return ConfirmedTransaction(
        accounts=tuple(given["accounts"]),
        instructions=tuple(_instruction(one) for one in given["instructions"]),
        inner_instructions=tuple(_instruction(one) for one in given["inner_instructions"]),
        lamports_before=tuple(given["lamports_before"]),
        lamports_after=tuple(given["lamports_after"]),
        token_before=tuple(TokenBalance(**one) for one in given["token_before"]),
        token_after=tuple(TokenBalance(**one) for one in given["token_after"]),
    )


def _instruction(given: Given) -> TouchedInstruction:
    return TouchedInstruction(
        program=given["program"], accounts=tuple(given["accounts"]), data=bytes.fromhex(given["data_hex"])
    )


def _transfer(transfer: TokenTransfer) -> Result:
    return {"mint": transfer.mint, "amount": transfer.amount, "from": transfer.source, "to": transfer.to}


KINDS: dict[str, Kind] = {"wallet.history": kind(_history)}
