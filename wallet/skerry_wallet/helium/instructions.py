"""Builds whole instructions of the Helium programs from semantic inputs; every other account is derived.

Used by claims, onboarding, assertions, data-credit and delegation commands (KINDS-wallet wallet.instruction).
"""

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from skerry_wallet.helium import addresses, constants, idl
from skerry_wallet.helium.errors import HeliumRejected
from skerry_wallet.helium.instruction import AccountMeta, Instruction
from skerry_wallet.helium.pda import Pda
from skerry_wallet.helium.templates import TEMPLATES

__all__ = ["build_instruction"]

_SLOT = re.compile(r"([$@*]?\w+)(?:\(([^)]*)\))?(?: ([sw]+))?")
_SEPARATOR = re.compile(r",\s*(?![^(]*\))")
_PROGRAMS = {
    "associated_token": constants.ASSOCIATED_TOKEN_PROGRAM,
    "bubblegum": constants.BUBBLEGUM_PROGRAM,
    "compression": constants.COMPRESSION_PROGRAM,
    "ecc_verifier": constants.ECC_VERIFIER,
    "noop": constants.NOOP_PROGRAM,
    "system": constants.SYSTEM_PROGRAM,
    "sysvar_instructions": constants.SYSVAR_INSTRUCTIONS,
    "token": constants.TOKEN_PROGRAM,
    "token_metadata": constants.TOKEN_METADATA_PROGRAM,
    "tuktuk": constants.TUKTUK_PROGRAM,
}

Inputs = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Slot:
    name: str
    arguments: tuple[str, ...] | None
    signer: bool
    writable: bool


def build_instruction(name: str, inputs: Inputs) -> Instruction:
    """Return the instruction `program.name` from the inputs of KINDS-wallet annex B.

    `delegate` absent or None is the owner; `entity_key` also gives the argument `entity_key_hex`; of `proof` the first
    len(proof) - `canopy_depth` nodes are appended. Raises `HeliumRejected` unknown_instruction, invalid_value,
    missing_input or as the address functions.
    """
    program, _, instruction = name.partition(".")
    if name not in TEMPLATES:
        raise HeliumRejected("unknown_instruction", name)
    known = dict(inputs)
    if known.get("delegate") is None and "owner" in known:
        known["delegate"] = known["owner"]
    accounts: list[AccountMeta] = []
    for slot in _slots(name):
        if slot.name == "*proof":
            accounts += _proof_accounts(known)
        else:
            accounts.append(AccountMeta(_resolve(slot, known), signer=slot.signer, writable=slot.writable))
    if program == "bubblegum":
        return Instruction(
            program=constants.BUBBLEGUM_PROGRAM, data=_bubblegum_data(instruction, known), accounts=tuple(accounts)
        )
    data = idl.encode_instruction(program, instruction, _arguments(program, instruction, known))
    return Instruction(program=idl.program_id(program), data=data, accounts=tuple(accounts))


@cache
def _slots(name: str) -> tuple[_Slot, ...]:
    slots = []
    for text in _SEPARATOR.split(TEMPLATES[name]):
        match = _SLOT.fullmatch(text)
        assert match is not None, f"{name}: cannot read slot {text!r}"
        slot, arguments, flags = match[1], match[2], match[3] or ""
        names = tuple(argument.strip() for argument in arguments.split(",")) if arguments is not None else None
        slots.append(_Slot(name=slot, arguments=names, signer="s" in flags, writable="w" in flags))
    return tuple(slots)


def _resolve(slot: _Slot, inputs: Inputs) -> str:
    kind, name = slot.name[0], slot.name[1:]
    if kind == "$":
        return str(_input(inputs, name))
    if kind == "@":
        return _PROGRAMS[name] if name in _PROGRAMS else idl.program_id(name)
    function = _FUNCTIONS[slot.name]
    if slot.arguments is None:
        wanted = inspect.signature(function).parameters
        result = function(**{parameter: _input(inputs, parameter) for parameter in wanted})
    else:
        result = function(*(_argument(argument, inputs) for argument in slot.arguments))
    return result.address if isinstance(result, Pda) else result


def _argument(text: str, inputs: Inputs) -> Any:
    return text.strip("'") if text.startswith("'") else _input(inputs, text)


def _input(inputs: Inputs, name: str) -> Any:
    if name not in inputs:
        raise HeliumRejected("missing_input", name)
    return inputs[name]


def _arguments(program: str, instruction: str, inputs: Inputs) -> dict[str, Any]:
    derived = dict(inputs)
    if "entity_key" in inputs:
        derived["entity_key_hex"] = addresses.entity_key_bytes(inputs["entity_key"]).hex()
    return {name: _input(derived, name) for name in idl.instruction_arguments(program, instruction)}


def _proof_accounts(inputs: Inputs) -> list[AccountMeta]:
    proof, canopy_depth = _input(inputs, "proof"), _input(inputs, "canopy_depth")
    return [AccountMeta(node) for node in proof[: max(0, len(proof) - canopy_depth)]]


def _bubblegum_data(instruction: str, inputs: Inputs) -> bytes:
    hashes = b"".join(bytes.fromhex(_input(inputs, name)) for name in ("root_hex", "data_hash_hex", "creator_hash_hex"))
    index: int = _input(inputs, "index")
    leaf = index.to_bytes(8, "little") + index.to_bytes(4, "little")  # the nonce is the leaf index
    return idl.discriminator("global", instruction) + hashes + leaf


def _token_ata(owner: str, token: str) -> Pda:
    return addresses.ata(owner, token=token)


def _mint_ata(owner: str, token_mint: str) -> Pda:
    return addresses.ata(owner, mint=token_mint)


def _hnt_price() -> Pda:
    return addresses.price_account("current", 0, constants.HNT_USD_FEED_HEX)


def _collection_metadata() -> Pda:
    return addresses.token_metadata(addresses.data_only_collection().address)


def _collection_master_edition() -> Pda:
    return addresses.master_edition(addresses.data_only_collection().address)


def _not_emitted_hnt_account() -> Pda:
    return addresses.ata(addresses.not_emitted().address, mint=constants.mint("hnt"))


_FUNCTIONS: dict[str, Callable[..., Pda | str]] = {
    **addresses.ACCOUNTS,
    "ata": _token_ata,
    "ata_of_mint": _mint_ata,
    "data_only_collection_master_edition": _collection_master_edition,
    "data_only_collection_metadata": _collection_metadata,
    "hnt_price": _hnt_price,
    "mint": constants.mint,
    "not_emitted_hnt_account": _not_emitted_hnt_account,
}
