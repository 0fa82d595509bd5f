"""Every instruction that is signed is read first; what cannot be read is refused by name."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skerry_testing.wallet import address_of, signer
from skerry_wallet import programs
from skerry_wallet.address import address_bytes, address_text
from skerry_wallet.errors import MalformedTransaction
from skerry_wallet.payout.payment import ZERO_BLOCKHASH
from skerry_wallet.spending.effects import SOL, Effect, UnreadableTransaction, decode_effects
from skerry_wallet.tokens import Token
from skerry_wallet.transaction import AccountMeta, Instruction, compile_message, parse_message, signer_key

ME, YOU, MINT, ACCOUNT = (signer_key(signer(name)) for name in ("me", "you", "mint", "account"))
ME_TEXT, YOU_TEXT, MINT_TEXT, ACCOUNT_TEXT = map(address_text, (ME, YOU, MINT, ACCOUNT))


def effects(*calls: Instruction) -> tuple[Effect, ...]:
    return decode_effects(parse_message(compile_message(ME, calls, ZERO_BLOCKHASH)))


def test_money_that_moves_is_named_with_its_asset_amount_and_both_ends() -> None:
    found = effects(
        programs.transfer_lamports(source=ME, target=YOU, lamports=7),
        programs.transfer_checked(source=ACCOUNT, mint=MINT, target=YOU, authority=ME, amount=8, decimals=6),
        programs.mint_to_checked(mint=MINT, account=YOU, authority=ME, amount=9, decimals=6),
        programs.burn_checked(account=ACCOUNT, mint=MINT, authority=ME, amount=10, decimals=6),
        programs.transfer_with_seed(source=ACCOUNT, base=ME, seed="x", owner=bytes(32), target=YOU, lamports=11),
    )
    assert [(one.kind, one.asset, one.amount) for one in found] == [
        ("transfer", SOL, 7),
        ("transfer", MINT_TEXT, 8),
        ("mint", MINT_TEXT, 9),
        ("burn", MINT_TEXT, 10),
        ("transfer", SOL, 11),
    ]
    assert [(one.source, one.target) for one in found] == [
        (ME_TEXT, YOU_TEXT),
        (ACCOUNT_TEXT, YOU_TEXT),
        (None, YOU_TEXT),
        (ACCOUNT_TEXT, None),
        (ACCOUNT_TEXT, YOU_TEXT),
    ]
    assert {one.authority for one in found} == {ME_TEXT}
    assert "8 base units of " + MINT_TEXT in found[1].to_text()
    token = Token(name="demo", mint=MINT_TEXT, decimals=1)
    assert "0.8 demo" in found[1].to_text({MINT_TEXT: token})


def test_what_prepares_a_payment_is_named_too() -> None:
    found = effects(
        programs.create_token_account(payer=ME, owner=YOU, mint=MINT),
        programs.allocate_with_seed(account=ACCOUNT, base=ME, seed="s", size_bytes=0, owner=programs.MEMO_PROGRAM),
        programs.thaw_account(account=ACCOUNT, mint=MINT, authority=ME),
        programs.freeze_account(account=ACCOUNT, mint=MINT, authority=ME),
        programs.memo("for the antenna"),
    )
    assert [one.kind for one in found] == ["open_token_account", "allocate", "thaw", "freeze", "memo"]
    assert (found[0].owner, found[0].asset) == (YOU_TEXT, MINT_TEXT)
    assert found[4].note == "for the antenna"


def test_a_helium_instruction_is_named_with_its_arguments_and_what_it_spends() -> None:
    from skerry_agent.wallet.messages import helium_message
    from skerry_wallet.helium.constants import MINTS
    from skerry_wallet.helium.instructions import build_instruction

    me = address_of("me")
    burn = build_instruction("data_credits.burn_without_tracking_v0", {"owner": me, "amount": 240})
    (found,) = decode_effects(parse_message(helium_message([burn], me)))
    assert found.kind == "data_credits.burn_without_tracking_v0"
    assert (found.asset, found.amount, found.authority) == (MINTS["dc"], 240, me)


@pytest.mark.parametrize(
    ("program", "data"),
    [
        (YOU, b""),
        (programs.SYSTEM_PROGRAM, b"\x01\x00\x00\x00" + bytes(32)),  # assign: gives the account to a program
        (programs.TOKEN_PROGRAM, b"\x04" + bytes(8)),  # approve: lets somebody else spend
        (programs.TOKEN_PROGRAM, b"\x06\x02\x01" + bytes(32)),  # set authority: gives the account away
        (programs.TOKEN_PROGRAM, b"\x03" + bytes(8)),  # transfer without naming the mint
        (programs.TOKEN_PROGRAM, b""),
        (programs.MEMO_PROGRAM, b"\xff\xfe"),
        (programs.ASSOCIATED_TOKEN_PROGRAM, b"\x02"),  # recover nested
        (address_bytes("BGUMAp9Gq7iTEuizy4pqaxsTyUCBK68MDfK752saRPUY"), bytes(8)),  # a hotspot's burn or transfer
    ],
)
def test_what_is_not_known_is_refused_with_its_place(program: bytes, data: bytes) -> None:
    accounts = tuple(AccountMeta(key, writable=True) for key in (ME, YOU, MINT, ACCOUNT))
    strange = Instruction(program=program, accounts=accounts, data=data)
    with pytest.raises(UnreadableTransaction) as refusal:
        effects(programs.memo("first"), strange)
    assert refusal.value.params == {"number": 1, "program": address_text(program)}


@given(st.binary(max_size=400))
def test_junk_is_malformed_or_refused_and_nothing_else(raw: bytes) -> None:
    with contextlib.suppress(MalformedTransaction, UnreadableTransaction):
        decode_effects(parse_message(raw))


@given(
    st.sampled_from([programs.SYSTEM_PROGRAM, programs.TOKEN_PROGRAM, programs.ASSOCIATED_TOKEN_PROGRAM,
                     programs.MEMO_PROGRAM, address_bytes("ComputeBudget111111111111111111111111111111"),
                     address_bytes("credMBJhYFzfn7NxBMdU4aUqFggAjgztaCcv2Fo6fPT")]),
    st.binary(max_size=80),
    st.integers(0, 4),
)  # fmt: skip
def test_any_data_of_a_known_program_is_read_or_refused(program: bytes, data: bytes, accounts: int) -> None:
    metas = tuple(AccountMeta(key) for key in (ME, YOU, MINT, ACCOUNT)[:accounts])
    with contextlib.suppress(UnreadableTransaction):
        assert len(effects(Instruction(program=program, accounts=metas, data=data))) == 1
