"""Our instruction data, read and written again by Anchor's coder with the interfaces of npm's @helium/idls."""

import json
import subprocess
from pathlib import Path
from random import Random
from typing import Any, assert_never

import pytest

from skerry_testing.node import need_node
from skerry_wallet.helium import idl, instructions
from skerry_wallet.helium.address import to_text
from skerry_wallet.helium.schema import (
    ArrayOf,
    EnumOf,
    Named,
    OptionOf,
    Primitive,
    Schema,
    StructOf,
    VecOf,
)
from skerry_wallet.helium.templates import TEMPLATES

pytestmark = pytest.mark.peers

SCRIPT = Path(__file__).parents[3] / "peers" / "idls.cjs"
ROUNDS = 20
# The package's interface of this one leaves out most members of Bubblegum's metadata, which the program takes whole.
SHORTENED = {"helium_entity_manager.temp_standardize_entity"}


def sample(schema: Schema, random: Random) -> Any:
    """Return a random value of a type."""
    types = idl._registry().types
    match schema:
        case Named(name):
            return sample(types[name], random)
        case StructOf(fields):
            return {field.name: sample(field.schema, random) for field in fields}
        case OptionOf(item):
            value = None if random.random() < 0.5 else sample(item, random)
            return {"set": value} if isinstance(item, OptionOf) and value is not None else value
        case ArrayOf(Primitive("u8"), size):
            return random.randbytes(size).hex()
        case ArrayOf(item, size):
            return [sample(item, random) for _ in range(size)]
        case VecOf(item):
            return [sample(item, random) for _ in range(random.randrange(3))]
        case EnumOf(variants):
            variant = random.choice(variants)
            content = variant.content
            return variant.name if content is None else {variant.name: sample(content, random)}
        case Primitive(name):
            return _primitive(name, random)
        case _:
            assert_never(schema)


def _primitive(name: str, random: Random) -> Any:
    match name:
        case "bool":
            return random.random() < 0.5
        case "pubkey":
            return to_text(random.randbytes(32))
        case "string":
            return "".join(random.choices("hotspot é", k=random.randrange(12)))
        case "bytes":
            return random.randbytes(random.randrange(40)).hex()
    bits = int(name[1:])
    return random.getrandbits(bits) - (1 << (bits - 1) if name[0] == "i" else 0)


def ask(questions: list[dict[str, str]]) -> list[dict[str, Any]]:
    done = subprocess.run(
        ["node", str(SCRIPT)], input=json.dumps(questions), capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    answers: list[dict[str, Any]] = json.loads(done.stdout)
    return answers


def test_every_instruction_is_read_and_written_alike() -> None:
    need_node("@coral-xyz/anchor", "@helium/idls", "typescript")
    random = Random(1)
    names, questions = [], []
    for program in idl._registry().programs.values():
        for name, schema in program.instructions.items():
            for _ in range(ROUNDS if schema.fields else 1):
                data = idl.encode_instruction(program.name, name, sample(schema, random))
                names.append((program, name))
                questions.append({"program": program.name, "data": data.hex()})
    different = set()
    for (program, name), question, answer in zip(names, questions, ask(questions), strict=True):
        assert answer["address"] == program.address
        if answer.get("data") != question["data"]:
            different.add(f"{program.name}.{name}")
    assert len(questions) > 1_000
    assert different == SHORTENED


def test_the_accounts_of_built_instructions_have_the_published_flags() -> None:
    need_node("@coral-xyz/anchor", "@helium/idls", "typescript")
    random = Random(2)
    ours = {name: instructions._slots(name) for name in TEMPLATES if not name.startswith("bubblegum.")}
    questions = []
    for name in ours:
        program, _, instruction = name.partition(".")
        schema = idl._registry().programs[program].instructions[instruction]
        data = idl.encode_instruction(program, instruction, sample(schema, random))
        questions.append({"program": program, "data": data.hex()})
    different = {}
    for (name, slots), answer in zip(ours.items(), ask(questions), strict=True):
        flags = ["s" * slot.signer + "w" * slot.writable for slot in slots if slot.name != "*proof"]
        if flags != answer["accounts"]:
            different[name] = (flags, answer["accounts"])
    assert different == {}
