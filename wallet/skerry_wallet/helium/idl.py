"""The registry of the twelve Helium programs: names, discriminators, arguments, accounts and errors.

Loaded once, on first use, from `data/programs.idl`. Used by instruction builders, previews, history and error texts.
"""

import hashlib
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from skerry_wallet.helium import borsh
from skerry_wallet.helium.errors import HeliumRejected
from skerry_wallet.helium.schema import Schema, StructOf, parse_fields, parse_type

__all__ = [
    "DecodedAccount",
    "DecodedInstruction",
    "decode_account",
    "decode_instruction",
    "discriminator",
    "encode_account",
    "encode_instruction",
    "instruction_name",
    "program_error_name",
    "program_id",
]

DISCRIMINATOR_SIZE = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodedInstruction:
    """What an instruction calls, with its arguments by name."""

    program: str
    instruction: str
    args: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodedAccount:
    """An account's type and all its fields."""

    account: str
    fields: dict[str, Any]


@dataclass(slots=True, kw_only=True)
class _Program:
    name: str
    address: str
    instructions: dict[str, StructOf] = field(default_factory=dict)
    errors: dict[int, str] = field(default_factory=dict)
    by_discriminator: dict[bytes, str] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class _Registry:
    programs: dict[str, _Program] = field(default_factory=dict)
    by_address: dict[str, _Program] = field(default_factory=dict)
    accounts: dict[str, Schema] = field(default_factory=dict)
    accounts_by_discriminator: dict[bytes, str] = field(default_factory=dict)
    types: dict[str, Schema] = field(default_factory=dict)


def discriminator(namespace: str, name: str) -> bytes:
    """Return the first 8 bytes of SHA-256 of `namespace:name` (`global` for instructions, `account` for accounts)."""
    return hashlib.sha256(f"{namespace}:{name}".encode()).digest()[:DISCRIMINATOR_SIZE]


def program_id(program: str) -> str:
    """Return the address of a program by its short name. Raises `HeliumRejected` unknown_program."""
    return _program(program).address


def instruction_name(program_address: str, data: bytes) -> tuple[str, str]:
    """Return short program name and instruction name.

    Raises `HeliumRejected` unknown_program, truncated (under 8 bytes), unknown_instruction, in this order.
    """
    program = _registry().by_address.get(program_address)
    if program is None:
        raise HeliumRejected("unknown_program", program_address)
    if len(data) < DISCRIMINATOR_SIZE:
        raise HeliumRejected("truncated", "no discriminator")
    name = program.by_discriminator.get(data[:DISCRIMINATOR_SIZE])
    if name is None:
        raise HeliumRejected("unknown_instruction", data[:DISCRIMINATOR_SIZE].hex())
    return program.name, name


def encode_instruction(program: str, instruction: str, args: dict[str, Any]) -> bytes:
    """Return instruction data: discriminator, then the arguments in order.

    Raises `HeliumRejected` unknown_program, unknown_instruction or invalid_value.
    """
    schema = _program(program).instructions.get(instruction)
    if schema is None:
        raise HeliumRejected("unknown_instruction", f"{program}.{instruction}")
    return discriminator("global", instruction) + borsh.encode(schema, args, _registry().types)


def instruction_arguments(program: str, instruction: str) -> tuple[str, ...]:
    """Return the argument names of an instruction. Raises as `encode_instruction`."""
    schema = _program(program).instructions.get(instruction)
    if schema is None:
        raise HeliumRejected("unknown_instruction", f"{program}.{instruction}")
    return tuple(argument.name for argument in schema.fields)


def decode_instruction(program_address: str, data: bytes) -> DecodedInstruction:
    """Read instruction data; bytes after the last argument are ignored, as the programs do.

    Raises as `instruction_name`, then truncated or invalid_value as met from the front.
    """
    program, name = instruction_name(program_address, data)
    schema = _program(program).instructions[name]
    args = borsh.decode(schema, borsh.Reader(data[DISCRIMINATOR_SIZE:]), _registry().types)
    return DecodedInstruction(program=program, instruction=name, args=args)


def decode_account(data: bytes, expected: str | None = None) -> DecodedAccount:
    """Read an account, of the expected type or of the one its discriminator names; spare bytes at the end are ignored.

    Raises `HeliumRejected` truncated (under 8 bytes), unknown_discriminator, wrong_discriminator, then truncated or
    invalid_value while reading.
    """
    registry = _registry()
    if len(data) < DISCRIMINATOR_SIZE:
        raise HeliumRejected("truncated", "no discriminator")
    name = registry.accounts_by_discriminator.get(data[:DISCRIMINATOR_SIZE])
    if name is None:
        raise HeliumRejected("unknown_discriminator", data[:DISCRIMINATOR_SIZE].hex())
    if expected not in {None, name}:
        raise HeliumRejected("wrong_discriminator", f"expected {expected}, got {name}")
    fields = borsh.decode(registry.accounts[name], borsh.Reader(data[DISCRIMINATOR_SIZE:]), registry.types)
    return DecodedAccount(account=name, fields=fields)


def encode_account(account: str, fields: dict[str, Any]) -> bytes:
    """Return account bytes with the discriminator (oracle messages, tests). Raises `HeliumRejected` invalid_value."""
    registry = _registry()
    return discriminator("account", account) + borsh.encode(registry.accounts[account], fields, registry.types)


def program_error_name(program_address: str, code: int) -> str:
    """Return the name of a custom error code. Raises `HeliumRejected` unknown_error."""
    program = _registry().by_address.get(program_address)
    if program is None or code not in program.errors:
        raise HeliumRejected("unknown_error", f"{code} of {program_address}")
    return program.errors[code]


def _program(name: str) -> _Program:
    program = _registry().programs.get(name)
    if program is None:
        raise HeliumRejected("unknown_program", name)
    return program


@cache
def _registry() -> _Registry:
    registry = _Registry()
    program: _Program | None = None
    for line in files("skerry_wallet.helium").joinpath("data/programs.idl").read_text("utf-8").splitlines():
        keyword, _, rest = line.partition(" ")
        match keyword:
            case "program":
                name, address = rest.split()
                program = _Program(name=name, address=address)
                registry.programs[name] = registry.by_address[address] = program
            case "instruction":
                assert program is not None
                name, _, arguments = rest.rstrip(")").partition("(")
                program.instructions[name] = StructOf(parse_fields(arguments))
                program.by_discriminator[discriminator("global", name)] = name
            case "error":
                assert program is not None
                code, name = rest.split()
                program.errors[int(code)] = name
            case "account":
                name, _, definition = rest.partition(" ")
                registry.accounts[name] = parse_type(definition)
                registry.accounts_by_discriminator[discriminator("account", name)] = name
            case "type":
                name, _, definition = rest.partition(" ")
                registry.types[name] = parse_type(definition)
    return registry
