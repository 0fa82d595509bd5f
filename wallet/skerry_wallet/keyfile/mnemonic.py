"""Wallet keys from recovery phrases: Helium's rule, the Solana derivations, and every path worth trying (sheet 5.2).

Helium's rule uses the entropy itself as the seed, so one phrase gives different wallets in different programs: users
lose sight of their funds. Hence `candidate_keys`, which shows them all.
"""

from dataclasses import dataclass, field

from skerry_keys import PublicKey, SoftwareSigner
from skerry_wallet.keyfile.bip39 import entropy_of, expand_words, seed_of, words_of
from skerry_wallet.keyfile.errors import KeyImportRejected
from skerry_wallet.keyfile.slip10 import derive_ed25519

__all__ = ["CandidateKey", "HeliumEntropy", "candidate_keys", "decode_helium", "encode_helium", "seed_from_words"]

_HELIUM_COUNTS = (12, 24)
_SHORT, _LONG = 16, 32
_ACCOUNTS_TRIED = 10  # as the official app searches


@dataclass(frozen=True, slots=True, kw_only=True)
class HeliumEntropy:
    """A phrase under Helium's rule; `verified` is False for old phrases written with an empty checksum."""

    entropy: bytes = field(repr=False)
    verified: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateKey:
    """One way to read a phrase; `path` is `helium`, `none` or a derivation path."""

    path: str
    public_key: PublicKey
    seed: bytes = field(repr=False)


def decode_helium(phrase: str) -> HeliumEntropy:
    """Return the 32 bytes of a 12- or 24-word phrase; 12 words give their 16 bytes twice.

    Raises `KeyImportRejected` invalid_word_count, no_such_word, invalid_checksum.
    """
    words = expand_words(phrase, _HELIUM_COUNTS)
    entropy, checksum, expected = entropy_of(words)
    short = len(entropy) == _SHORT
    if checksum != expected and not (short and checksum == 0):
        raise KeyImportRejected("invalid_checksum", "the words do not belong together")
    return HeliumEntropy(entropy=entropy * 2 if short else entropy, verified=checksum == expected)


def encode_helium(entropy: bytes) -> str:
    """Return the phrase of 16 or 32 bytes; equal halves give 12 words. Raises invalid_entropy_length."""
    if len(entropy) not in {_SHORT, _LONG}:
        raise KeyImportRejected("invalid_entropy_length", f"{len(entropy)} bytes, expected 16 or 32")
    doubled = len(entropy) == _LONG and entropy[:_SHORT] == entropy[_SHORT:]
    return words_of(entropy[:_SHORT] if doubled else entropy)


def seed_from_words(phrase: str, *, path: str, passphrase: str = "") -> bytes:
    """Return the 32-byte key seed of a phrase at `helium`, `none` (first half of the BIP39 seed) or a path.

    Raises `KeyImportRejected` invalid_word_count, no_such_word, invalid_checksum, invalid_path.
    """
    if path == "helium":
        return decode_helium(phrase).entropy
    seed = seed_of(_checked_words(phrase), passphrase)
    return seed[:32] if path == "none" else derive_ed25519(seed, path)


def candidate_keys(phrase: str, *, passphrase: str = "", accounts: int = _ACCOUNTS_TRIED) -> list[CandidateKey]:
    """Return the keys of every path that a wallet may have used for this phrase, most likely first.

    A phrase that only one rule accepts gives only that rule's keys. Raises as `seed_from_words` when none does.
    """
    found: list[CandidateKey] = []
    try:
        found.append(_candidate("helium", decode_helium(phrase).entropy))
    except KeyImportRejected as error:
        if error.reason != "invalid_word_count":
            raise
    try:
        seed = seed_of(_checked_words(phrase), passphrase)
    except KeyImportRejected:
        if not found:
            raise
        return found
    found += [_candidate(path, derive_ed25519(seed, path)) for path in _paths(accounts)]
    return [*found, _candidate("none", seed[:32])]


def _paths(accounts: int) -> list[str]:
    first = ["m/44'/501'/0'/0'", "m/44'/501'", "m/44'/904'", "m/44'/904'/0'/0'"]
    for index in range(accounts):
        first += [f"m/44'/501'/{index}'/0'", f"m/44'/501'/{index}'"]
    hardware = [f"m/44'/501'/0'/{tail}" for tail in ("0'/0'", "1'", "2'", "0'/1'")]
    ledger = [f"m/44'/904'/{index}'/0'" for index in range(accounts)]
    return list(dict.fromkeys([*first, *hardware, *ledger]))


def _checked_words(phrase: str) -> list[str]:
    words = expand_words(phrase)
    _, checksum, expected = entropy_of(words)
    if checksum != expected:
        raise KeyImportRejected("invalid_checksum", "the words do not belong together")
    return words


def _candidate(path: str, seed: bytes) -> CandidateKey:
    public_key = PublicKey.from_binary(SoftwareSigner.from_seed(seed).public_key)
    return CandidateKey(path=path, public_key=public_key, seed=seed)
