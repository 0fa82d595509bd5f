"""Our own encrypted key file: any private key under a password, Argon2id and XChaCha20-Poly1305.

Layout: magic, version u8, memory bytes u32le, ops u32le, salt 16, nonce 24, public key length u16le, public key,
ciphertext, SHA-256 of all before it. The header is authenticated; the plain SHA-256 tells a damaged file from a wrong
password. The public key stands in the clear, so that watching a wallet needs no password.
"""

import hashlib
from dataclasses import dataclass

from nacl.bindings import (
    crypto_aead_xchacha20poly1305_ietf_decrypt,
    crypto_aead_xchacha20poly1305_ietf_encrypt,
)
from nacl.exceptions import CryptoError

from skerry_keys import KeyRejected, PublicKey
from skerry_keys.secret_key import SecretKey
from skerry_wallet.keyfile.errors import KeyDamaged, WrongPassword
from skerry_wallet.keyfile.kdf import Argon2id

__all__ = ["NONCE_SIZE", "SALT_SIZE", "open_sealed_key", "seal_key", "sealed_public_key"]

NONCE_SIZE = 24
SALT_SIZE = 16
_MAGIC = b"SKERRYKEY"
_VERSION = 1
_CHECKSUM_SIZE = 32
_FIXED_SIZE = len(_MAGIC) + 1 + 4 + 4 + SALT_SIZE + NONCE_SIZE + 2


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sealed:
    header: bytes
    kdf: Argon2id
    nonce: bytes
    public_key: PublicKey
    ciphertext: bytes


def seal_key(key: SecretKey, password: str, *, kdf: Argon2id, nonce: bytes) -> bytes:
    """Return the file content; `kdf.salt` (16 bytes) and `nonce` (24 bytes) are fresh random bytes."""
    public = key.public.binary
    header = b"".join(
        [
            _MAGIC,
            bytes([_VERSION]),
            kdf.memory_bytes.to_bytes(4, "little"),
            kdf.ops.to_bytes(4, "little"),
            kdf.salt,
            nonce,
            len(public).to_bytes(2, "little"),
            public,
        ]
    )
    derived = kdf.derive(password.encode())
    ciphertext = crypto_aead_xchacha20poly1305_ietf_encrypt(key.to_key_file(), header, nonce, derived)
    body = header + ciphertext
    return body + hashlib.sha256(body).digest()


def sealed_public_key(content: bytes) -> PublicKey:
    """Return whose key a file holds, without its password. Raises `KeyDamaged`."""
    return _parse(content).public_key


def open_sealed_key(content: bytes, password: str) -> SecretKey:
    """Return the private key. Raises `KeyDamaged`, `WrongPassword` or `KeyTooExpensive`."""
    sealed = _parse(content)
    derived = sealed.kdf.derive(password.encode())
    try:
        plain = crypto_aead_xchacha20poly1305_ietf_decrypt(sealed.ciphertext, sealed.header, sealed.nonce, derived)
        key = SecretKey.from_key_file(plain)
    except CryptoError:
        raise WrongPassword from None
    except KeyRejected as error:
        raise KeyDamaged(f"the content is no key ({error.reason})") from None
    if key.public != sealed.public_key:
        raise KeyDamaged("the content is another key than the file says")
    return key


def _parse(content: bytes) -> _Sealed:
    body, checksum = content[:-_CHECKSUM_SIZE], content[-_CHECKSUM_SIZE:]
    if not body.startswith(_MAGIC) or len(body) < _FIXED_SIZE:
        raise KeyDamaged("it is no Skerry key file or is cut off")
    if hashlib.sha256(body).digest() != checksum:
        raise KeyDamaged("its checksum does not match")
    position = len(_MAGIC)
    version = body[position]
    if version != _VERSION:
        raise KeyDamaged(f"version {version} was written by a newer program")
    memory, ops = (int.from_bytes(body[position + start : position + start + 4], "little") for start in (1, 5))
    salt = body[position + 9 : position + 9 + SALT_SIZE]
    nonce = body[_FIXED_SIZE - 2 - NONCE_SIZE : _FIXED_SIZE - 2]
    header_size = _FIXED_SIZE + int.from_bytes(body[_FIXED_SIZE - 2 : _FIXED_SIZE], "little")
    try:
        public_key = PublicKey.from_binary(body[_FIXED_SIZE:header_size])
    except KeyRejected as error:
        raise KeyDamaged(f"its public key is not valid ({error.reason})") from None
    return _Sealed(
        header=body[:header_size],
        kdf=Argon2id(salt=salt, memory_bytes=memory, ops=ops),
        nonce=nonce,
        public_key=public_key,
        ciphertext=body[header_size:],
    )
