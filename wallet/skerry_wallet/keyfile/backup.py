"""Encrypted backups of small files (keys, identity, settings) with a rehearsal that proves they can be restored.

Layout: magic, version u8, memory bytes u32le, ops u32le, salt 16, nonce 24, ciphertext, SHA-256 of all before it. The
plain text is canonical JSON: file names and base64 contents. Losing the password loses the backup.
"""

import base64
import binascii
import hashlib
from collections.abc import Mapping
from pathlib import Path

from nacl.bindings import (
    crypto_aead_xchacha20poly1305_ietf_decrypt,
    crypto_aead_xchacha20poly1305_ietf_encrypt,
)
from nacl.exceptions import CryptoError

from skerry_core import strict_json
from skerry_wallet.keyfile.errors import BackupDiffers, KeyDamaged, KeyExists, WrongPassword
from skerry_wallet.keyfile.kdf import Argon2id
from skerry_wallet.keyfile.private_file import create_private

__all__ = ["open_backup", "rehearse_restore", "restore_backup", "seal_backup"]

_MAGIC = b"SKERRYBAK"
_VERSION = 1
_CHECKSUM_SIZE = 32
_HEADER_SIZE = len(_MAGIC) + 1 + 4 + 4 + 16 + 24
_LIMIT_BYTES = 64 << 20


def seal_backup(files: Mapping[str, bytes], password: str, *, kdf: Argon2id, nonce: bytes) -> bytes:
    """Return the backup of files by relative name; `kdf.salt` (16) and `nonce` (24) are fresh random bytes."""
    plain = strict_json.canonical({_safe(name): base64.b64encode(content).decode() for name, content in files.items()})
    costs = kdf.memory_bytes.to_bytes(4, "little") + kdf.ops.to_bytes(4, "little")
    header = _MAGIC + bytes([_VERSION]) + costs + kdf.salt + nonce
    key = kdf.derive(password.encode())
    body = header + crypto_aead_xchacha20poly1305_ietf_encrypt(plain, header, nonce, key)
    return body + hashlib.sha256(body).digest()


def open_backup(content: bytes, password: str) -> dict[str, bytes]:
    """Return the files. Raises `KeyDamaged`, `WrongPassword` or `KeyTooExpensive`."""
    body, checksum = content[:-_CHECKSUM_SIZE], content[-_CHECKSUM_SIZE:]
    if not body.startswith(_MAGIC) or len(body) < _HEADER_SIZE or hashlib.sha256(body).digest() != checksum:
        raise KeyDamaged("it is no whole Skerry backup")
    if body[len(_MAGIC)] != _VERSION:
        raise KeyDamaged("it was written by a newer program")
    header, start = body[:_HEADER_SIZE], len(_MAGIC) + 1
    memory, ops = (int.from_bytes(header[at : at + 4], "little") for at in (start, start + 4))
    salt, nonce = header[start + 8 : start + 24], header[start + 24 :]
    key = Argon2id(salt=salt, memory_bytes=memory, ops=ops).derive(password.encode())
    try:
        plain = crypto_aead_xchacha20poly1305_ietf_decrypt(body[_HEADER_SIZE:], header, nonce, key)
        listed = strict_json.loads(plain, limit_bytes=_LIMIT_BYTES)
        return {_safe(name): base64.b64decode(text, validate=True) for name, text in listed.items()}
    except CryptoError:
        raise WrongPassword from None
    except (strict_json.JsonRejected, binascii.Error, ValueError, TypeError, AttributeError):
        raise KeyDamaged("its content is not a list of files") from None


def rehearse_restore(content: bytes, password: str, directory: Path) -> list[str]:
    """Open a backup and compare it with the files it was made of, writing nothing; return the names compared.

    Raises `BackupDiffers` naming the first file that is not the same, and as `open_backup`.
    """
    files = open_backup(content, password)
    for name, expected in files.items():
        path = directory / name
        if not path.is_file() or path.read_bytes() != expected:
            raise BackupDiffers(name)
    return sorted(files)


def restore_backup(content: bytes, password: str, directory: Path) -> list[str]:
    """Write a backup's files (mode 0600) into a directory, over none that exists; return their names.

    Raises as `open_backup`, or `KeyExists` before anything is written.
    """
    files = open_backup(content, password)
    for name in files:
        if (directory / name).exists():
            raise KeyExists(str(directory / name))
    for name, restored in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        create_private(path, restored)
    return sorted(files)


def _safe(name: str) -> str:
    parts = Path(name).parts
    if not parts or name.startswith("/") or ".." in parts or "\\" in name or "\x00" in name:
        raise ValueError(f"{name!r} is no relative file name")
    return name
