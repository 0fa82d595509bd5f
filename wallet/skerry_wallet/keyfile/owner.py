"""The owner's wallets on this machine: watched addresses, and keys sealed under a password (DESIGN, Keys).

Watch-only is the default: nothing here holds a secret until the owner creates or imports one. Methods that take a
password block for the key derivation: call them in a thread.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from skerry_core import strict_json
from skerry_core.errors import NotFoundError, UsageError
from skerry_keys import KeyRejected, PublicKey, SoftwareSigner
from skerry_keys.secret_key import SecretKey
from skerry_keys.tag import KeyTag, KeyType, Network
from skerry_wallet.keyfile.bip39 import words_of
from skerry_wallet.keyfile.errors import KeyDamaged, KeyExists
from skerry_wallet.keyfile.kdf import argon2id_for_machine
from skerry_wallet.keyfile.mnemonic import seed_from_words
from skerry_wallet.keyfile.private_file import create_private, read_private
from skerry_wallet.keyfile.sealed_key import NONCE_SIZE, SALT_SIZE, open_sealed_key, seal_key, sealed_public_key

__all__ = ["NEW_WALLET_PATH", "NewWallet", "OwnerWallet", "OwnerWallets"]

NEW_WALLET_PATH = "m/44'/501'/0'/0'"  # the default of the official app and of most Solana wallets
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
_SEALED, _WATCHED = ".skey", ".watch.json"
_ED25519_MAINNET = KeyTag(network=Network.MAINNET, key_type=KeyType.ED25519)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerWallet:
    """A wallet as listed: its key, and whether it can sign here."""

    name: str
    public_key: PublicKey
    watch_only: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NewWallet:
    """A wallet just made; `words` (read along `path`) are shown to the owner once and not kept."""

    wallet: OwnerWallet
    path: str
    words: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerWallets:
    """The wallets in one directory; `memory_bytes` is the machine's, for sizing the key derivation."""

    directory: Path
    random_bytes: Callable[[int], bytes]
    memory_bytes: int

    def entries(self) -> list[OwnerWallet]:
        """Return all wallets by name, without any password. Raises `KeyDamaged`, `KeyExposed`."""
        sealed = [
            OwnerWallet(
                name=path.name.removesuffix(_SEALED),
                public_key=sealed_public_key(read_private(path)),
                watch_only=False,
            )
            for path in self.directory.glob(f"*{_SEALED}")
        ]
        watched = [
            OwnerWallet(name=path.name.removesuffix(_WATCHED), public_key=_watched_key(path), watch_only=True)
            for path in self.directory.glob(f"*{_WATCHED}")
        ]
        return sorted([*sealed, *watched], key=lambda wallet: wallet.name)

    def watch(self, name: str, address: str) -> OwnerWallet:
        """Add a watched wallet by its Solana or Helium address. Raises `UsageError`, `KeyExists`."""
        public_key = _parse_address(address)
        record = strict_json.canonical({"address": public_key.address})
        create_private(self._new_path(name, _WATCHED), record + b"\n")
        return OwnerWallet(name=name, public_key=public_key, watch_only=True)

    def create(self, name: str, password: str) -> NewWallet:
        """Make a wallet of 24 words that other Solana wallets read alike. Raises `UsageError`, `KeyExists`."""
        words = words_of(self.random_bytes(32))
        wallet = self.add_seed(name, seed_from_words(words, path=NEW_WALLET_PATH), password)
        return NewWallet(wallet=wallet, path=NEW_WALLET_PATH, words=words)

    def add_seed(self, name: str, seed: bytes, password: str) -> OwnerWallet:
        """Seal an imported 32-byte seed. Raises `UsageError`, `KeyExists`."""
        path = self._new_path(name, _SEALED)
        key = SecretKey(tag=_ED25519_MAINNET, secret=seed)
        kdf = argon2id_for_machine(self.random_bytes(SALT_SIZE), self.memory_bytes)
        create_private(path, seal_key(key, password, kdf=kdf, nonce=self.random_bytes(NONCE_SIZE)))
        return OwnerWallet(name=name, public_key=key.public, watch_only=False)

    def open(self, name: str, password: str) -> SoftwareSigner:
        """Unlock a wallet. Raises `NotFoundError`, `WrongPassword`, `KeyDamaged`, `KeyExposed`, `KeyTooExpensive`."""
        try:
            content = read_private(self.directory / f"{_checked(name)}{_SEALED}")
        except FileNotFoundError:
            raise NotFoundError(
                "E_WALLET_UNKNOWN",
                f"There is no wallet {name} that can sign on this computer.",
                remedy="List the wallets; a watched one signs only where its key is.",
                params={"name": name},
            ) from None
        return SoftwareSigner(open_sealed_key(content, password))

    def _new_path(self, name: str, suffix: str) -> Path:
        for taken in (_SEALED, _WATCHED):
            path = self.directory / f"{_checked(name)}{taken}"
            if path.exists():
                raise KeyExists(str(path))
        return self.directory / f"{name}{suffix}"


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise UsageError(
            "E_WALLET_NAME",
            "A wallet's name has up to 64 letters, digits, dots, dashes and underscores.",
            remedy="Choose a name such as main or cold-1.",
            params={"name": name[:80]},
        )
    return name


def _parse_address(text: str) -> PublicKey:
    for read in (PublicKey.from_solana_address, PublicKey.from_address):
        try:
            key = read(text)
        except KeyRejected:
            continue
        if key.tag.key_type is KeyType.ED25519:
            return key
    raise UsageError(
        "E_WALLET_ADDRESS",
        "That is no wallet address.",
        remedy="Copy the Solana address, or the Helium address of an Ed25519 wallet (it begins with 13 or 14).",
        params={"address": text[:100]},
    )


def _watched_key(path: Path) -> PublicKey:
    try:
        return PublicKey.from_address(strict_json.loads(read_private(path))["address"])
    except (strict_json.JsonRejected, KeyRejected, KeyError, TypeError):
        raise KeyDamaged(f"{path} names no address") from None
