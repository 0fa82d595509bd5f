"""Helium wallet files: all six kinds are read, version 3 is written (sheet 5.1).

Layout: kind u16le; KDF byte (versions 2, 3); sharded: n, k, share; public key; iv; KDF parameters; tag; ciphertext.
AES-256-GCM with the public-key bytes of the file as associated data. A sharded wallet's key is the HMAC-SHA256 of the
password hash under the shared secret.
"""

import hashlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from skerry_keys import SoftwareSigner
from skerry_wallet.keyfile.errors import KeyImportRejected
from skerry_wallet.keyfile.kdf import Argon2id, Pbkdf2
from skerry_wallet.keyfile.shamir import combine, split

__all__ = ["HeliumWalletFile", "OpenedWallet", "open_wallet", "parse_wallet_file", "write_sharded", "write_wallet"]

_BASIC, _SHARDED = 0x00, 0x01  # the kind's high byte; the low byte is the version
_PBKDF2, _ARGON2ID = 0, 1
_VERSIONS = (1, 2, 3)
_ED25519_TAG = b"\x01"
_SECRET_SIZE = 32
_TAG_SIZE = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class HeliumWalletFile:
    """One file, still locked; `share`, `shares` and `shares_needed` belong to sharded kinds."""

    version: int
    sharded: bool
    kdf: Argon2id | Pbkdf2
    public_key: bytes
    iv: bytes
    tag: bytes
    ciphertext: bytes
    shares: int = 0
    shares_needed: int = 0
    share: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedWallet:
    """An unlocked wallet."""

    version: int
    sharded: bool
    kdf: str
    shares_needed: int | None
    seed: bytes = field(repr=False)


def parse_wallet_file(content: bytes) -> HeliumWalletFile:
    """Read one file. Raises `KeyImportRejected` truncated, unknown_kind or unknown_kdf, as met from the front."""
    reader = _Reader(content)
    version, family = reader.take(1)[0], reader.take(1)[0]
    if version not in _VERSIONS or family not in {_BASIC, _SHARDED}:
        raise KeyImportRejected("unknown_kind", f"kind 0x{family:02x}{version:02x}")
    kdf = _PBKDF2 if version == 1 else reader.take(1)[0]
    if kdf not in {_PBKDF2, _ARGON2ID}:
        raise KeyImportRejected("unknown_kdf", f"password hash {kdf}")
    shares, needed, share = 0, 0, b""
    if family == _SHARDED:
        shares, needed, share = reader.take(1)[0], reader.take(1)[0], reader.take(1 + _SECRET_SIZE)
    public_key, iv = reader.take(32 if version == 3 else 33), reader.take(12)
    parameters: Argon2id | Pbkdf2
    if kdf == _PBKDF2:
        parameters = Pbkdf2(salt=reader.take(8), iterations=reader.u32())
    else:
        parameters = Argon2id(salt=reader.take(16), memory_bytes=reader.u32(), ops=reader.u32())
    tag = reader.take(_TAG_SIZE)
    reader.require(64 if version == 3 else 65)
    return HeliumWalletFile(
        version=version,
        sharded=family == _SHARDED,
        kdf=parameters,
        public_key=public_key,
        iv=iv,
        tag=tag,
        ciphertext=reader.rest,
        shares=shares,
        shares_needed=needed,
        share=share,
    )


def open_wallet(contents: Sequence[bytes], password: str) -> OpenedWallet:
    """Unlock one basic file, or a sharded wallet from its files in any order.

    Raises `KeyImportRejected` as `parse_wallet_file`, then mismatched_shares, not_enough_shares, decrypt_failed;
    `KeyTooExpensive` when the file asks for too much work.
    """
    files = [parse_wallet_file(content) for content in contents]
    if not files:
        raise KeyImportRejected("truncated", "no file was given")
    first = files[0]
    shared = _shared_secret(files)
    key = first.kdf.derive(password.encode())
    if shared is not None:
        key = hmac.digest(shared, key, hashlib.sha256)
    return OpenedWallet(
        version=first.version,
        sharded=first.sharded,
        kdf="argon2id" if isinstance(first.kdf, Argon2id) else "pbkdf2",
        shares_needed=first.shares_needed if first.sharded else None,
        seed=_decrypt(first, key),
    )


def write_wallet(seed: bytes, password: str, *, kdf: Argon2id, iv: bytes) -> bytes:
    """Return a basic version 3 file of an Ed25519 seed; `iv` is 12 fresh random bytes."""
    key = kdf.derive(password.encode())
    return b"\x03\x00\x01" + _body(seed, key, kdf, iv)


def write_sharded(
    seed: bytes,
    password: str,
    *,
    kdf: Argon2id,
    iv: bytes,
    shares: int,
    needed: int,
    random_bytes: Callable[[int], bytes],
) -> list[bytes]:
    """Return the files of a sharded version 3 wallet, `<name>.key.1` first."""
    secret = random_bytes(_SECRET_SIZE)
    key = hmac.digest(secret, kdf.derive(password.encode()), hashlib.sha256)
    body = _body(seed, key, kdf, iv)
    head = b"\x03\x01\x01" + bytes([shares, needed])
    return [head + share + body for share in split(secret, shares=shares, needed=needed, random_bytes=random_bytes)]


def _body(seed: bytes, key: bytes, kdf: Argon2id, iv: bytes) -> bytes:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    public_key = SoftwareSigner.from_seed(seed).public_key[1:]
    sealed = AESGCM(key).encrypt(iv, seed + public_key, public_key)
    ciphertext, tag = sealed[:-_TAG_SIZE], sealed[-_TAG_SIZE:]
    parameters = kdf.salt + kdf.memory_bytes.to_bytes(4, "little") + kdf.ops.to_bytes(4, "little")
    return public_key + iv + parameters + tag + ciphertext


def _shared_secret(files: Sequence[HeliumWalletFile]) -> bytes | None:
    first = files[0]
    if not first.sharded and len(files) == 1:
        return None
    if any(not one.sharded or (one.shares, one.shares_needed) != (first.shares, first.shares_needed) for one in files):
        raise KeyImportRejected("mismatched_shares", "the files are not shards of one wallet")
    shares = {one.share for one in files}
    if len({share[0] for share in shares}) < first.shares_needed:
        raise KeyImportRejected("not_enough_shares", f"{len(shares)} of {first.shares_needed} shards")
    try:
        return combine(sorted(shares))
    except ValueError:
        raise KeyImportRejected("decrypt_failed", "two shards contradict each other") from None


def _decrypt(file: HeliumWalletFile, key: bytes) -> bytes:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        plain = AESGCM(key).decrypt(file.iv, file.ciphertext + file.tag, file.public_key)
    except InvalidTag:
        raise KeyImportRejected("decrypt_failed", "wrong password or damaged file") from None
    keypair = plain if file.version == 3 else plain[1:]
    seed = keypair[:_SECRET_SIZE]
    public_key = SoftwareSigner.from_seed(seed).public_key[1:]
    expected = public_key if file.version == 3 else _ED25519_TAG + public_key
    if plain != (b"" if file.version == 3 else _ED25519_TAG) + seed + public_key or file.public_key != expected:
        raise KeyImportRejected("decrypt_failed", "the content is not an Ed25519 key of this file's address")
    return seed


class _Reader:
    def __init__(self, content: bytes) -> None:
        self._content = content
        self._position = 0

    @property
    def rest(self) -> bytes:
        return self._content[self._position :]

    def take(self, size: int) -> bytes:
        self.require(size)
        chunk = self._content[self._position : self._position + size]
        self._position += size
        return chunk

    def u32(self) -> int:
        return int.from_bytes(self.take(4), "little")

    def require(self, size: int) -> None:
        if len(self._content) - self._position < size:
            raise KeyImportRejected("truncated", "the file is cut off")
