"""Transactions: our compiler against solders' own, and a reader that nothing gets past."""

import contextlib
import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from solders.hash import Hash
from solders.instruction import AccountMeta as SoldersMeta
from solders.instruction import Instruction as SoldersInstruction
from solders.message import Message as SoldersMessage
from solders.pubkey import Pubkey
from solders.system_program import (
    AllocateWithSeedParams,
    TransferParams,
    TransferWithSeedParams,
    allocate_with_seed,
    transfer,
    transfer_with_seed,
)
from solders.token.associated import get_associated_token_address

from skerry_testing.wallet import signer
from skerry_wallet import programs
from skerry_wallet.address import address_bytes, address_text, derived_with_seed, find_program_address
from skerry_wallet.errors import MalformedTransaction
from skerry_wallet.transaction import (
    AccountMeta,
    Instruction,
    compile_message,
    parse_message,
    parse_transaction,
    sign_message,
    signer_key,
    transaction_size,
)

BLOCKHASH = address_text(hashlib.sha256(b"blockhash").digest())
KEYS = [hashlib.sha256(bytes([number])).digest() for number in range(8)]

metas = st.builds(AccountMeta, st.sampled_from(KEYS), signer=st.booleans(), writable=st.booleans())
calls = st.builds(
    Instruction,
    program=st.sampled_from(KEYS[6:]),
    accounts=st.lists(metas, max_size=6).map(tuple),
    data=st.binary(max_size=200),
)


def to_solders(call: Instruction) -> SoldersInstruction:
    accounts = [SoldersMeta(Pubkey(meta.key), meta.signer, meta.writable) for meta in call.accounts]
    return SoldersInstruction(Pubkey(call.program), call.data, accounts)


@settings(max_examples=150, deadline=None)
@given(st.lists(calls, min_size=1, max_size=4))
def test_messages_are_those_of_solders(instructions: list[Instruction]) -> None:
    ours = compile_message(KEYS[0], instructions, BLOCKHASH)
    theirs = SoldersMessage.new_with_blockhash(
        [to_solders(call) for call in instructions], Pubkey(KEYS[0]), Hash.from_string(BLOCKHASH)
    )
    assert ours == bytes(theirs)


@settings(max_examples=100, deadline=None)
@given(st.lists(calls, min_size=1, max_size=4))
def test_a_compiled_message_expands_to_the_same_calls(instructions: list[Instruction]) -> None:
    message = parse_message(compile_message(KEYS[0], instructions, BLOCKHASH))
    assert message.blockhash == BLOCKHASH
    assert [(call.program, call.data) for call in message.expanded()] == [
        (call.program, call.data) for call in instructions
    ]
    assert [[meta.key for meta in call.accounts] for call in message.expanded()] == [
        [meta.key for meta in call.accounts] for call in instructions
    ]


def test_system_instructions_are_those_of_solders() -> None:
    base, other = Pubkey(KEYS[1]), Pubkey(KEYS[2])
    assert to_solders(programs.transfer_lamports(source=KEYS[1], target=KEYS[2], lamports=5)) == transfer(
        TransferParams(from_pubkey=base, to_pubkey=other, lamports=5)
    )
    assert to_solders(
        programs.allocate_with_seed(account=KEYS[2], base=KEYS[1], seed="seed", size_bytes=9, owner=KEYS[3])
    ) == allocate_with_seed(
        AllocateWithSeedParams(address=other, base=base, seed="seed", space=9, owner=Pubkey(KEYS[3]))
    )
    assert to_solders(
        programs.transfer_with_seed(
            source=KEYS[2], base=KEYS[1], seed="seed", owner=KEYS[3], target=KEYS[4], lamports=7
        )
    ) == transfer_with_seed(
        TransferWithSeedParams(
            from_pubkey=other,
            from_base=base,
            from_seed="seed",
            from_owner=Pubkey(KEYS[3]),
            to_pubkey=Pubkey(KEYS[4]),
            lamports=7,
        )
    )


@settings(max_examples=60, deadline=None)
@given(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32), st.text("abcdef", max_size=32))
def test_derived_addresses_are_those_of_solders(owner: bytes, mint: bytes, seed: str) -> None:
    assert programs.associated_token_address(owner, mint) == bytes(
        get_associated_token_address(Pubkey(owner), Pubkey(mint))
    )
    assert derived_with_seed(owner, seed, mint) == bytes(Pubkey.create_with_seed(Pubkey(owner), seed, Pubkey(mint)))
    address, bump = find_program_address((owner, seed.encode()), mint)
    assert (Pubkey(address), bump) == Pubkey.find_program_address([owner, seed.encode()], Pubkey(mint))


def test_signing_wants_exactly_the_signers_that_the_message_names() -> None:
    payer, other = signer("payer"), signer("other")
    call = programs.transfer_lamports(source=signer_key(payer), target=KEYS[2], lamports=5)
    message = compile_message(signer_key(payer), [call], BLOCKHASH)
    raw = sign_message(message, [payer])
    assert parse_transaction(raw).message_bytes == message
    assert len(raw) == transaction_size(message)
    with pytest.raises(ValueError, match="missing"):
        sign_message(message, [other])


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400))
def test_junk_is_malformed_and_nothing_else(raw: bytes) -> None:
    for read in (parse_message, parse_transaction):
        with contextlib.suppress(MalformedTransaction):
            read(raw)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 255))
def test_a_damaged_transaction_is_read_or_malformed(position: int, value: int) -> None:
    payer = signer("payer")
    call = programs.transfer_lamports(source=signer_key(payer), target=KEYS[2], lamports=5)
    raw = bytearray(sign_message(compile_message(signer_key(payer), [call], BLOCKHASH), [payer]))
    raw[position % len(raw)] = value
    with contextlib.suppress(MalformedTransaction):
        parse_transaction(bytes(raw))


@pytest.mark.parametrize("text", ["", "1" * 31, "1" * 33, "0" * 32, "é" * 32, "1" * 45, "Z" * 44])
def test_what_is_no_address_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"address"):
        address_bytes(text)
