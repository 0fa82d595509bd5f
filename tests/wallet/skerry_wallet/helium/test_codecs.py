import contextlib
import os
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skerry_wallet.helium import borsh, idl
from skerry_wallet.helium.address import is_on_curve, to_raw, to_text
from skerry_wallet.helium.addresses import ACCOUNTS, dao
from skerry_wallet.helium.errors import HeliumRejected
from skerry_wallet.helium.instructions import build_instruction
from skerry_wallet.helium.pda import derive_pda, find_pda
from skerry_wallet.helium.schema import parse_fields, parse_type
from skerry_wallet.helium.templates import TEMPLATES

PROGRAM = "hdaoVTCqhfHHo75XdAMxBKdUqvq1i5bF23sisBqVgGR"
DATA_CREDITS = "credMBJhYFzfn7NxBMdU4aUqFggAjgztaCcv2Fo6fPT"
WALLET = "9hSR6S7WPtxmTojgo6GG3k4yDPecgJY292j7xrsUGWBu"


@given(st.lists(st.binary(max_size=32), max_size=8))
def test_derived_addresses_agree_with_a_second_implementation(seeds: list[bytes]) -> None:
    from solders.pubkey import Pubkey

    address, bump = Pubkey.find_program_address(seeds, Pubkey.from_string(PROGRAM))
    found = find_pda(PROGRAM, *seeds)
    assert (found.address, found.bump) == (str(address), bump)
    assert derive_pda(PROGRAM, bump, *seeds) == found


@given(st.binary(min_size=32, max_size=32))
def test_the_curve_test_agrees_with_a_second_implementation(raw: bytes) -> None:
    from solders.pubkey import Pubkey

    assert is_on_curve(raw) is Pubkey(raw).is_on_curve()


@pytest.mark.parametrize("y", [0, 1, 2, 2**255 - 19, 2**255 - 18, 2**255 - 20, 2**255 - 1])
@pytest.mark.parametrize("sign", [0, 1 << 255])
def test_the_curve_test_agrees_on_unusual_encodings(y: int, sign: int) -> None:
    from solders.pubkey import Pubkey

    raw = (y | sign).to_bytes(32, "little")
    assert is_on_curve(raw) is Pubkey(raw).is_on_curve()


@pytest.mark.parametrize("text", ["", "0", "1" * 31, "1" * 33, "é", WALLET + " "])
def test_a_malformed_address_is_refused(text: str) -> None:
    with pytest.raises(HeliumRejected):
        to_raw(text)


@given(st.binary(min_size=8, max_size=300))
def test_any_account_bytes_decode_or_are_refused(tail: bytes) -> None:
    for name in idl._registry().accounts:
        with contextlib.suppress(HeliumRejected):
            decoded = idl.decode_account(idl.discriminator("account", name) + tail, name)
            again = idl.encode_account(name, decoded.fields)
            assert (idl.discriminator("account", name) + tail).startswith(again)


@given(st.binary(max_size=200))
def test_any_instruction_bytes_decode_or_are_refused(tail: bytes) -> None:
    for program in idl._registry().programs.values():
        for name in program.instructions:
            data = idl.discriminator("global", name) + tail
            with contextlib.suppress(HeliumRejected):
                decoded = idl.decode_instruction(program.address, data)
                assert data.startswith(idl.encode_instruction(program.name, name, decoded.args))


def test_no_two_instructions_of_a_program_share_a_discriminator() -> None:
    for program in idl._registry().programs.values():
        assert len(program.by_discriminator) == len(program.instructions)


def test_every_named_type_is_defined() -> None:
    registry = idl._registry()
    for program in registry.programs.values():
        for name, schema in program.instructions.items():
            with contextlib.suppress(HeliumRejected):
                borsh.decode(schema, borsh.Reader(bytes(4096)), registry.types)
            assert program.by_discriminator[idl.discriminator("global", name)] == name


def test_a_huge_count_is_truncated_and_not_allocated() -> None:
    data = idl.discriminator("account", "RecipientV0") + bytes(74) + b"\xff\xff\xff\xff"
    with pytest.raises(HeliumRejected, match="truncated"):
        idl.decode_account(data)


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ("u8", 256),
        ("u8", -1),
        ("u8", True),
        ("u64", 1.0),
        ("i32", 2**31),
        ("bool", 1),
        ("bytes", "zz"),
        ("[u8;2]", "00"),
        ("[u64;2]", [1]),
        ("Vec<u8>", 5),
        ("{a u8}", {}),
        ("{a u8}", 3),
        ("enum 0 one, 1 two {a u8}", "two"),
        ("enum 0 one, 1 two {a u8}", {"one": {"a": 1}}),
        ("enum 0 one, 1 two {a u8}", "three"),
        ("Option<Option<u8>>", 5),
    ],
)
def test_values_that_do_not_fit_their_type_are_refused(schema: str, value: Any) -> None:
    with pytest.raises(HeliumRejected, match="invalid_value"):
        borsh.encode(parse_type(schema), value, {})


@pytest.mark.parametrize("text", ["Vec<u8", "[u8]", "{a}", "enum 1 a", "u8 u8", "{a u8", "Option<>", "%"])
def test_a_malformed_type_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_type(text)


def test_arguments_parse_in_order() -> None:
    assert [field.name for field in parse_fields("a u8, b Vec<{x u8}>, c [u64;3]")] == ["a", "b", "c"]
    assert parse_fields("") == ()


def test_every_template_names_known_accounts_and_programs() -> None:
    inputs: dict[str, Any] = dict.fromkeys(
        [
            "payer",
            "owner",
            "destination",
            "oracle",
            "asset",
            "merkle_tree",
            "nft_mint",
            "position_mint",
            "recipient",
            "dc_fee_payer",
            "to",
            "dc_burn_authority",
            "wallet",
            "task_queue",
            "task",
        ],
        WALLET,
    )
    hashes = dict.fromkeys(("data_hash_hex", "creator_hash_hex", "root_hex"), "11" * 32)
    numbers = dict.fromkeys(
        [
            "index",
            "epoch",
            "amount",
            "oracle_index",
            "current_rewards",
            "expected_output_amount",
            "free_task_id",
            "canopy_depth",
        ],
        1,
    )
    nothing = dict.fromkeys(["location", "elevation", "gain", "deployment_info", "hnt_amount", "dc_amount"])
    inputs |= hashes | numbers | nothing
    inputs |= {"token": "hnt", "sub_dao": "iot", "router_key": "r", "proof": [WALLET, WALLET]}
    inputs |= {"entity_key": "112NqN2WWMwtK29PMzRby62fDydBJfsCLkCAf392stdok48ovNT6"}
    for name in TEMPLATES:
        built = build_instruction(name, inputs)
        assert all(len(to_raw(account.address)) == 32 for account in built.accounts), name
        assert len(built.data) >= 8


def test_a_missing_input_is_named() -> None:
    with pytest.raises(HeliumRejected, match="missing_input: owner"):
        build_instruction("data_credits.burn_without_tracking_v0", {"amount": 1})
    with pytest.raises(HeliumRejected, match="unknown_instruction"):
        build_instruction("data_credits.steal_v0", {})


def test_an_unknown_token_or_receiver_is_refused() -> None:
    for name, inputs in (
        ("sub_dao_epoch_info", {"sub_dao": "hnt", "epoch": 1}),
        ("realm", {"token": "dc"}),
        ("lazy_distributor", {"token": "btc"}),
        ("price_account", {"receiver": "other", "shard": 0, "feed_hex": "00"}),
        ("key_to_asset", {"entity_key": "x", "encoding": "hex"}),
        ("ata", {"owner": WALLET}),
    ):
        with pytest.raises(HeliumRejected):
            ACCOUNTS[name](**inputs)


def test_the_dao_is_where_the_sheet_says() -> None:
    assert dao().address == "BQ3MCuTT5zVBhNfQ4SjMh3NPVhFy73MPV8rjfq5d1zie"
    assert to_text(to_raw(dao().address)) == dao().address
    assert not is_on_curve(to_raw(dao().address))


def test_random_curve_points_are_on_the_curve() -> None:
    from skerry_keys import SoftwareSigner

    for _ in range(20):
        assert is_on_curve(SoftwareSigner.from_seed(os.urandom(32)).public_key[1:])
