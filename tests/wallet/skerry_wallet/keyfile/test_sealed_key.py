import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skerry_keys.secret_key import SecretKey
from skerry_keys.tag import KeyTag, KeyType, Network
from skerry_wallet.keyfile.errors import KeyDamaged, KeyTooExpensive, WrongPassword
from skerry_wallet.keyfile.kdf import MIB, Argon2id, Pbkdf2, argon2id_for_machine
from skerry_wallet.keyfile.sealed_key import open_sealed_key, seal_key, sealed_public_key

CHEAP = Argon2id(salt=b"s" * 16, memory_bytes=8192, ops=1)
KEYS = {
    kind: SecretKey(
        tag=KeyTag(network=Network.MAINNET, key_type=kind),
        secret=bytes.fromhex("f8374ea8637b16cb24fa88566e77c6aa" * 2),
    )
    for kind in (KeyType.ED25519, KeyType.ECC_COMPACT)
}
SEALED = seal_key(KEYS[KeyType.ED25519], "pässword", kdf=CHEAP, nonce=b"n" * 24)


@pytest.mark.parametrize("kind", list(KEYS))
def test_a_sealed_key_opens_with_its_password_and_shows_its_address_without(kind: KeyType) -> None:
    content = seal_key(KEYS[kind], "pässword", kdf=CHEAP, nonce=os.urandom(24))
    assert open_sealed_key(content, "pässword") == KEYS[kind]
    assert sealed_public_key(content) == KEYS[kind].public
    assert KEYS[kind].secret not in content


def test_a_wrong_password_is_told_apart_from_damage() -> None:
    with pytest.raises(WrongPassword) as caught:
        open_sealed_key(SEALED, "password")
    assert caught.value.code == "E_KEY_PASSWORD"


@given(st.integers(0, len(SEALED) - 1), st.integers(1, 255))
def test_any_changed_byte_is_reported_as_damage(position: int, change: int) -> None:
    changed = bytearray(SEALED)
    changed[position] ^= change
    with pytest.raises(KeyDamaged):
        open_sealed_key(bytes(changed), "pässword")


@given(st.integers(0, len(SEALED) - 1))
def test_any_cut_off_file_is_reported_as_damage(size: int) -> None:
    with pytest.raises(KeyDamaged):
        open_sealed_key(SEALED[:size], "pässword")


@given(st.binary(max_size=200))
def test_any_bytes_are_reported_as_damage(content: bytes) -> None:
    with pytest.raises(KeyDamaged):
        sealed_public_key(content)


def test_the_memory_is_sized_to_the_machine_within_limits() -> None:
    assert argon2id_for_machine(b"s" * 16, 128 * MIB).memory_bytes == 32 * MIB
    assert argon2id_for_machine(b"s" * 16, 1024 * MIB).memory_bytes == 128 * MIB
    assert argon2id_for_machine(b"s" * 16, 64 * 1024 * MIB).memory_bytes == 256 * MIB


def test_a_file_that_asks_for_absurd_work_is_refused_before_the_work() -> None:
    for expensive in (
        Argon2id(salt=b"s" * 16, memory_bytes=4096 * MIB - 1, ops=1),
        Argon2id(salt=b"s" * 16, memory_bytes=8192, ops=1_000_000),
        Argon2id(salt=b"s" * 16, memory_bytes=0, ops=0),
        Pbkdf2(salt=b"s" * 8, iterations=0xFFFFFFFF),
        Pbkdf2(salt=b"s" * 8, iterations=0),
    ):
        with pytest.raises(KeyTooExpensive):
            expensive.derive(b"password")
