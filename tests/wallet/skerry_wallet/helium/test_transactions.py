import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skerry_keys import SoftwareSigner
from skerry_wallet.helium import native
from skerry_wallet.helium.address import to_text
from skerry_wallet.helium.claim_transaction import (
    ClaimTarget,
    Leaf,
    OracleAttestation,
    attestation_message,
    claim_instructions,
)
from skerry_wallet.helium.errors import HeliumRejected
from skerry_wallet.helium.fees import priority_fee, transaction_fee
from skerry_wallet.helium.instruction import AccountMeta, Instruction
from skerry_wallet.helium.transaction import LookupTable, compile_message, sign_message
from skerry_wallet.helium.transaction_decode import decode_transaction

PAYER = SoftwareSigner.from_seed(bytes([1]) * 32)
OTHER = SoftwareSigner.from_seed(bytes([2]) * 32)
PAYER_ADDRESS, OTHER_ADDRESS = to_text(PAYER.public_key[1:]), to_text(OTHER.public_key[1:])
BLOCKHASH = "4vJ9JU1bJJE96FWSJKvHsmmFADCg4gpZQff4P3bkLKi"


def address(number: int) -> str:
    return to_text(number.to_bytes(2, "big") * 16)


ACCOUNTS = st.builds(
    lambda number, writable: AccountMeta(address(number), writable=writable), st.integers(1, 12), st.booleans()
)
INSTRUCTIONS = st.builds(
    lambda program, data, accounts: Instruction(program=address(program), data=data, accounts=tuple(accounts)),
    st.integers(100, 103),
    st.binary(max_size=40),
    st.lists(ACCOUNTS, max_size=6),
)


@given(st.lists(INSTRUCTIONS, max_size=4), st.lists(st.integers(1, 12), max_size=6))
def test_a_second_implementation_reads_and_verifies_our_transactions(
    instructions: list[Instruction], looked_up: list[int]
) -> None:
    from solders.transaction import VersionedTransaction

    table = LookupTable(address=address(500), addresses=tuple(address(number) for number in looked_up))
    compiled = compile_message(
        payer=PAYER_ADDRESS, instructions=instructions, blockhash=BLOCKHASH, lookup_tables=[table]
    )
    signed = sign_message(compiled, [OTHER, PAYER])
    theirs = VersionedTransaction.from_bytes(signed.transaction)
    theirs.verify_and_hash_message()
    theirs.sanitize()
    assert [str(key) for key in theirs.message.account_keys] == list(compiled.static_keys)
    ours = decode_transaction(signed.transaction)
    assert ours.signatures_valid == (True,)
    assert [one.data for one in ours.instructions] == [one.data for one in instructions]
    assert ours.lookups == compiled.lookups


def test_flags_of_the_same_account_are_merged_and_the_payer_comes_first() -> None:
    once, again = AccountMeta(OTHER_ADDRESS, signer=True), AccountMeta(OTHER_ADDRESS, writable=True)
    compiled = compile_message(
        payer=PAYER_ADDRESS,
        instructions=[Instruction(program=address(100), data=b"", accounts=(once, again))],
        blockhash=BLOCKHASH,
    )
    assert compiled.signers == (PAYER_ADDRESS, OTHER_ADDRESS)
    assert compiled.header == (2, 0, 1)


def test_a_missing_signer_is_reported_before_the_size() -> None:
    big = Instruction(program=address(100), data=bytes(2000), accounts=(AccountMeta(OTHER_ADDRESS, signer=True),))
    compiled = compile_message(payer=PAYER_ADDRESS, instructions=[big], blockhash=BLOCKHASH)
    with pytest.raises(HeliumRejected, match="missing_signer"):
        sign_message(compiled, [PAYER])
    with pytest.raises(HeliumRejected, match="too_large"):
        sign_message(compiled, [PAYER, OTHER])


@given(st.binary(max_size=400))
def test_any_bytes_as_a_transaction_decode_or_are_refused(data: bytes) -> None:
    try:
        decoded = decode_transaction(data)
    except HeliumRejected as error:
        if error.reason not in {"truncated", "unsupported_version"}:
            raise
        return
    assert len(decoded.signatures_valid) == len(decoded.signatures)
    transaction_fee(decoded)


def test_the_fee_counts_precompile_signatures_and_the_priority() -> None:
    instructions = [
        native.set_compute_unit_limit(200_000),
        native.set_compute_unit_price(1_001),
        Instruction(program="Ed25519SigVerify111111111111111111111111111", data=b"\x03\x00"),
        native.system_transfer(source=PAYER_ADDRESS, to=OTHER_ADDRESS, lamports=1),
    ]
    compiled = compile_message(payer=PAYER_ADDRESS, instructions=instructions, blockhash=BLOCKHASH)
    fee = transaction_fee(decode_transaction(sign_message(compiled, [PAYER]).transaction))
    assert (fee.base, fee.priority, fee.fee) == (20_000, 201, 20_201)


def test_an_amount_beyond_64_bits_is_refused() -> None:
    with pytest.raises(HeliumRejected, match="invalid_value"):
        native.system_transfer(source=PAYER_ADDRESS, to=OTHER_ADDRESS, lamports=2**64)


def test_the_priority_fee_without_samples_is_the_minimum() -> None:
    assert priority_fee([], minimum=7, maximum=9) == 7


TARGET = ClaimTarget(
    payer=PAYER_ADDRESS,
    owner=OTHER_ADDRESS,
    token="hnt",
    asset=address(7),
    entity_key="112NqN2WWMwtK29PMzRby62fDydBJfsCLkCAf392stdok48ovNT6",
    leaf=Leaf(
        merkle_tree=address(8),
        data_hash=bytes(32),
        creator_hash=bytes(32),
        root=bytes(32),
        index=1,
        proof=(),
        canopy_depth=0,
    ),
    recipient_exists=True,
    destination=None,
)


def attestation(*, token: str, asset: str) -> OracleAttestation:
    message = attestation_message(token=token, asset=asset, oracle_index=0, current_rewards=5)
    return OracleAttestation(oracle=OTHER_ADDRESS, signature=bytes(64), message=message)


@pytest.mark.parametrize(("token", "asset"), [("hnt", address(9)), ("iot", address(7))])
def test_an_oracle_that_signed_something_else_is_refused(token: str, asset: str) -> None:
    with pytest.raises(HeliumRejected, match="wrong_attestation"):
        claim_instructions(TARGET, [attestation(token=token, asset=asset)], cu_limit=1, cu_price=1)


def test_bytes_after_the_attested_fields_are_refused() -> None:
    honest = attestation(token="hnt", asset=address(7))
    padded = dataclasses.replace(honest, message=honest.message + b"\x00")
    assert len(claim_instructions(TARGET, [honest], cu_limit=1, cu_price=1)) == 5
    with pytest.raises(HeliumRejected, match="wrong_attestation"):
        claim_instructions(TARGET, [padded], cu_limit=1, cu_price=1)
