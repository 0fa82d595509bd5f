"""Kinds about addresses, instructions, accounts and errors of the Helium programs."""

from skerry_core.conformance import Kind
from skerry_wallet.conformance.common import Given, Result, kind
from skerry_wallet.helium import idl
from skerry_wallet.helium.address import to_raw
from skerry_wallet.helium.addresses import ACCOUNTS
from skerry_wallet.helium.pda import derive_pda, find_pda

__all__ = ["KINDS"]


def _seed(seed: Given) -> bytes:
    ((form, value),) = seed.items()
    match form:
        case "utf8":
            return str(value).encode()
        case "hex":
            return bytes.fromhex(value)
        case "address":
            return to_raw(value)
        case _:
            return int(value).to_bytes(int(form[1:]) // 8, "little")


def _pda(given: Given) -> Result:
    seeds = [_seed(seed) for seed in given["seeds"]]
    bump = given["bump"]
    pda = find_pda(given["program"], *seeds) if bump is None else derive_pda(given["program"], bump, *seeds)
    return {"address": pda.address, "bump": pda.bump}


def _account_address(given: Given) -> Result:
    inputs = {name: value for name, value in given.items() if name != "account" and value is not None}
    pda = ACCOUNTS[given["account"]](**inputs)
    return {"address": pda.address, "bump": pda.bump}


def _instruction_name(given: Given) -> Result:
    program, instruction = idl.instruction_name(given["program"], bytes.fromhex(given["data_hex"]))
    return {"program": program, "instruction": instruction}


def _program_error(given: Given) -> Result:
    return {"name": idl.program_error_name(given["program"], given["code"])}


def _instruction_data(given: Given) -> Result:
    data = idl.encode_instruction(given["program"], given["instruction"], given["args"])
    return {"program": idl.program_id(given["program"]), "data_hex": data.hex()}


def _instruction_decode(given: Given) -> Result:
    decoded = idl.decode_instruction(given["program"], bytes.fromhex(given["data_hex"]))
    return {"program": decoded.program, "instruction": decoded.instruction, "args": decoded.args}


def _account_decode(given: Given) -> Result:
    decoded = idl.decode_account(bytes.fromhex(given["data_hex"]), given["account"])
    return {"account": decoded.account, "fields": decoded.fields}


KINDS: dict[str, Kind] = {
    "wallet.pda": kind(_pda),
    "wallet.account_address": kind(_account_address),
    "wallet.instruction_name": kind(_instruction_name),
    "wallet.program_error": kind(_program_error),
    "wallet.instruction_data": kind(_instruction_data),
    "wallet.instruction_decode": kind(_instruction_decode),
    "wallet.account_decode": kind(_account_decode),
}
