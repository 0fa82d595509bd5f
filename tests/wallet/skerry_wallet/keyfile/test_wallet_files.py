import itertools
import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skerry_wallet.keyfile.errors import KeyImportRejected
from skerry_wallet.keyfile.helium_wallet_file import open_wallet, parse_wallet_file, write_sharded, write_wallet
from skerry_wallet.keyfile.kdf import Argon2id
from skerry_wallet.keyfile.mnemonic import encode_helium
from skerry_wallet.keyfile.seed_export import export_phrase, open_export
from skerry_wallet.keyfile.shamir import combine, split
from skerry_wallet.keyfile.solana_key import parse_keypair, to_base58, to_json

SEED = bytes(range(32))
CHEAP = Argon2id(salt=b"s" * 16, memory_bytes=8192, ops=1)
FILE = write_wallet(SEED, "pw", kdf=CHEAP, iv=b"i" * 12)
SHARDS = write_sharded(SEED, "pw", kdf=CHEAP, iv=b"i" * 12, shares=5, needed=3, random_bytes=os.urandom)


def test_a_written_wallet_opens_again_as_version_3_argon2id() -> None:
    opened = open_wallet([FILE], "pw")
    assert (opened.version, opened.kdf, opened.sharded, opened.seed) == (3, "argon2id", False, SEED)
    assert SEED.hex() not in repr(opened)


@pytest.mark.parametrize("chosen", list(itertools.combinations(range(5), 3)))
def test_any_three_of_five_shards_open_the_wallet(chosen: tuple[int, ...]) -> None:
    opened = open_wallet([SHARDS[index] for index in reversed(chosen)], "pw")
    assert (opened.seed, opened.shares_needed) == (SEED, 3)


def test_two_shards_or_the_same_shard_three_times_are_not_enough() -> None:
    for files in (SHARDS[:2], [SHARDS[0]] * 3):
        with pytest.raises(KeyImportRejected, match="not_enough_shares"):
            open_wallet(files, "pw")


def test_shards_of_two_wallets_of_equal_shape_do_not_decrypt() -> None:
    others = write_sharded(SEED, "pw", kdf=CHEAP, iv=b"i" * 12, shares=5, needed=3, random_bytes=os.urandom)
    for files in ([SHARDS[0], SHARDS[1], others[2]], [SHARDS[0], SHARDS[1], SHARDS[2], others[2]]):
        with pytest.raises(KeyImportRejected, match="decrypt_failed"):
            open_wallet(files, "pw")


def test_two_basic_files_are_no_wallet() -> None:
    with pytest.raises(KeyImportRejected, match="mismatched_shares"):
        open_wallet([FILE, FILE], "pw")
    with pytest.raises(KeyImportRejected, match="truncated"):
        open_wallet([], "pw")


@given(st.binary(max_size=200))
def test_any_bytes_as_a_wallet_file_are_read_or_refused(content: bytes) -> None:
    try:
        parse_wallet_file(content)
    except KeyImportRejected as error:
        if error.reason not in {"truncated", "unknown_kind", "unknown_kdf"}:
            raise


@given(st.integers(35, len(FILE) - 1))
def test_a_changed_byte_behind_the_header_does_not_decrypt(position: int) -> None:
    if 47 <= position < 71:
        return  # the KDF's salt and cost: changing the cost may ask for any amount of work
    changed = bytearray(FILE)
    changed[position] ^= 1
    with pytest.raises(KeyImportRejected, match="decrypt_failed"):
        open_wallet([bytes(changed)], "pw")


@given(st.binary(min_size=1, max_size=40), st.integers(1, 6), st.integers(0, 5))
def test_shares_give_the_secret_back(secret: bytes, needed: int, extra: int) -> None:
    shares = split(secret, shares=needed + extra, needed=needed, random_bytes=os.urandom)
    assert combine(shares[-needed:]) == secret
    assert combine(shares) == secret


@pytest.mark.parametrize("shares", [[], [b"\x00abc"], [b"\x01abc", b"\x01abd"], [b"\x01abc", b"\x02ab"]])
def test_impossible_shares_are_refused(shares: list[bytes]) -> None:
    with pytest.raises(ValueError, match="distinct"):
        combine(shares)


def test_solana_forms_of_a_key_give_its_seed_back() -> None:
    assert parse_keypair(f"\n {to_json(SEED)}\n") == SEED
    assert parse_keypair(to_base58(SEED)) == SEED


@pytest.mark.parametrize(
    "text", ["", "[", "[true]", "[1.0]", "[[]]", "{}", '["a"]', "null", "0OIl", "[-1]", "1" * 5000]
)
def test_a_malformed_solana_key_is_refused(text: str) -> None:
    with pytest.raises(KeyImportRejected, match="invalid_keypair"):
        parse_keypair(text)


@given(st.text(max_size=100))
def test_any_text_as_a_solana_key_is_refused(text: str) -> None:
    with pytest.raises(KeyImportRejected):
        parse_keypair(text)


def test_an_exported_phrase_opens_with_its_password_only() -> None:
    words = encode_helium(SEED)
    exported = json.loads(export_phrase(words, "pw", salt=b"s" * 16, nonce=b"n" * 24))
    assert open_export(exported["seed"], "pw") == words
    assert words.split()[0] not in json.dumps(exported)


@pytest.mark.parametrize(
    ("seed", "reason"),
    [
        ({}, "unsupported_version"),
        ({"version": 2}, "unsupported_version"),
        ({"version": 1}, "decrypt_failed"),
        ({"version": 1, "salt": "!", "nonce": "", "ciphertext": ""}, "decrypt_failed"),
        ({"version": 1, "salt": "AAAA", "nonce": "AAAA", "ciphertext": "AAAA"}, "decrypt_failed"),
        ({"version": 1, "salt": 5, "nonce": None, "ciphertext": []}, "decrypt_failed"),
    ],
)
def test_a_malformed_export_is_refused(seed: dict[str, object], reason: str) -> None:
    with pytest.raises(KeyImportRejected, match=reason):
        open_export(seed, "pw")
