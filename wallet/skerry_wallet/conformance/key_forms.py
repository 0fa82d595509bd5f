"""Kinds about wallet keys: addresses, phrases, imports, encrypted files."""

from typing import Any

from skerry_core.conformance import Kind
from skerry_keys import KeyRejected, PublicKey, SoftwareSigner
from skerry_keys.tag import KeyType
from skerry_wallet.conformance.common import Given, Result, by_op, kind
from skerry_wallet.helium.address import is_on_curve, to_raw
from skerry_wallet.keyfile.helium_wallet_file import open_wallet
from skerry_wallet.keyfile.mnemonic import decode_helium, encode_helium, seed_from_words
from skerry_wallet.keyfile.seed_export import open_export
from skerry_wallet.keyfile.solana_key import parse_keypair, to_base58

__all__ = ["KINDS"]


def _to_solana(given: Given) -> Result:
    key = PublicKey.from_address(given["address"])
    if key.tag.key_type is not KeyType.ED25519:
        raise KeyRejected("no_solana_form", f"a {key.key_type} key has no Solana address")
    return {"network": key.network, "solana": key.solana_address}


def _to_helium(given: Given) -> Result:
    return {"helium": PublicKey.from_solana_address(given["solana"], given["network"]).address}


def _addresses(seed: bytes) -> dict[str, Any]:
    key = PublicKey.from_binary(SoftwareSigner.from_seed(seed).public_key)
    return {"solana": key.solana_address, "helium": key.address}


def _mnemonic(given: Given) -> Result:
    seed = seed_from_words(given["words"], path=given["path"], passphrase=given["passphrase"])
    return {"seed_hex": seed.hex(), **_addresses(seed)}


def _decode_entropy(given: Given) -> Result:
    decoded = decode_helium(given["words"])
    return {"entropy_hex": decoded.entropy.hex(), "verified": decoded.verified}


def _keypair(given: Given) -> Result:
    seed = parse_keypair(given["text"])
    return {**_addresses(seed), "seed_hex": seed.hex(), "base58": to_base58(seed)}


def _keyfile(given: Given) -> Result:
    opened = open_wallet([bytes.fromhex(one) for one in given["files_hex"]], given["password"])
    return {
        "format": "sharded" if opened.sharded else "basic",
        "version": opened.version,
        "kdf": opened.kdf,
        **_addresses(opened.seed),
        "seed_hex": opened.seed.hex(),
        "shares_needed": opened.shares_needed,
    }


def _seed_export(given: Given) -> Result:
    words = open_export(given["seed"], given["password"])
    return {"words": words, "solana": _addresses(decode_helium(words).entropy)["solana"]}


KINDS: dict[str, Kind] = {
    "wallet.address": by_op(
        to_solana=_to_solana,
        to_helium=_to_helium,
        can_sign=lambda given: {"can_sign": is_on_curve(to_raw(given["address"]))},
        short=lambda given: {"short": f"{given['address'][:8]}...{given['address'][-8:]}"},
    ),
    "wallet.mnemonic": kind(_mnemonic),
    "wallet.mnemonic_entropy": by_op(
        decode=_decode_entropy,
        encode=lambda given: {"words": encode_helium(bytes.fromhex(given["entropy_hex"]))},
    ),
    "wallet.keypair": kind(_keypair),
    "wallet.keyfile": kind(_keyfile),
    "wallet.seed_export": kind(_seed_export),
}
