"""English recovery phrases: words to entropy and back, and the BIP39 seed (wallet-economics 5.2)."""

import hashlib
import unicodedata
from functools import cache
from importlib.resources import files

from skerry_wallet.keyfile.errors import KeyImportRejected

__all__ = ["entropy_of", "expand_words", "seed_of", "words_of"]

_BITS_PER_WORD = 11
_WORD_COUNTS = (12, 15, 18, 21, 24)
_PREFIX_LENGTH = 4  # no two words share their first four letters
_SEED_ROUNDS = 2048


def expand_words(phrase: str, counts: tuple[int, ...] = _WORD_COUNTS) -> list[str]:
    """Return a phrase's full lower-case words; prefixes of four letters and more are accepted.

    Raises `KeyImportRejected` invalid_word_count or no_such_word.
    """
    typed = phrase.lower().split()
    if len(typed) not in counts:
        raise KeyImportRejected("invalid_word_count", f"{len(typed)} words, expected one of {counts}")
    return [_word(number, word) for number, word in enumerate(typed, start=1)]


def entropy_of(words: list[str]) -> tuple[bytes, int, int]:
    """Return a phrase's entropy, its checksum bits and what they should be."""
    order, _ = _word_list()
    bits = 0
    for word in words:
        bits = bits << _BITS_PER_WORD | order[word]
    checksum_size = len(words) * _BITS_PER_WORD // 33
    entropy = (bits >> checksum_size).to_bytes(len(words) * _BITS_PER_WORD * 32 // 33 // 8, "big")
    return entropy, bits & ((1 << checksum_size) - 1), _checksum(entropy)


def words_of(entropy: bytes) -> str:
    """Return the phrase of 16, 20, 24, 28 or 32 bytes of entropy."""
    _, words = _word_list()
    checksum_size = len(entropy) // 4
    bits = int.from_bytes(entropy, "big") << checksum_size | _checksum(entropy)
    count = (len(entropy) * 8 + checksum_size) // _BITS_PER_WORD
    mask = (1 << _BITS_PER_WORD) - 1
    return " ".join(words[bits >> _BITS_PER_WORD * (count - 1 - index) & mask] for index in range(count))


def seed_of(words: list[str], passphrase: str) -> bytes:
    """Return the 64-byte BIP39 seed of full words."""
    salt = "mnemonic" + unicodedata.normalize("NFKD", passphrase)
    return hashlib.pbkdf2_hmac("sha512", " ".join(words).encode(), salt.encode(), _SEED_ROUNDS)


def _checksum(entropy: bytes) -> int:
    return hashlib.sha256(entropy).digest()[0] >> (8 - len(entropy) // 4)


def _word(number: int, typed: str) -> str:
    order, _ = _word_list()
    if typed in order:
        return typed
    full = _prefixes().get(typed[:_PREFIX_LENGTH]) if len(typed) >= _PREFIX_LENGTH else None
    if full is None or not full.startswith(typed):
        raise KeyImportRejected("no_such_word", f"word {number} is not in the list")  # the word itself is secret
    return full


@cache
def _word_list() -> tuple[dict[str, int], list[str]]:
    words = files("skerry_wallet.keyfile").joinpath("data/bip39_english.txt").read_text("ascii").split()
    return {word: index for index, word in enumerate(words)}, words


@cache
def _prefixes() -> dict[str, str]:
    return {word[:_PREFIX_LENGTH]: word for word in _word_list()[1] if len(word) >= _PREFIX_LENGTH}
