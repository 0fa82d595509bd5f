"""The encrypted phrase of the Helium wallet's export QR (sheet 5.1): Argon2id and XSalsa20-Poly1305."""

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

from skerry_keys import SoftwareSigner
from skerry_keys.public_key import PublicKey
from skerry_wallet.keyfile.errors import KeyImportRejected
from skerry_wallet.keyfile.kdf import MIB, Argon2id
from skerry_wallet.keyfile.mnemonic import decode_helium

__all__ = ["export_phrase", "open_export"]

_VERSION = 1
_OPS = 3
_MEMORY_BYTES = 256 * MIB
_SALT_SIZE = 16


def open_export(seed: Mapping[str, Any], password: str) -> str:
    """Return the phrase of the `seed` object. Raises `KeyImportRejected` unsupported_version or decrypt_failed."""
    if seed.get("version") != _VERSION:
        raise KeyImportRejected("unsupported_version", "only version 1 is known")
    try:
        salt, nonce, ciphertext = (_decode(seed[name]) for name in ("salt", "nonce", "ciphertext"))
        if (len(salt), len(nonce)) != (_SALT_SIZE, SecretBox.NONCE_SIZE):
            raise ValueError("salt or nonce of another length")
        box = SecretBox(Argon2id(salt=salt, memory_bytes=_MEMORY_BYTES, ops=_OPS).derive(password.encode()))
        return box.decrypt(ciphertext, nonce).decode()
    except (KeyError, TypeError, ValueError, CryptoError):  # nacl's length errors are ValueErrors
        raise KeyImportRejected("decrypt_failed", "wrong password or damaged code") from None


def export_phrase(words: str, password: str, *, salt: bytes, nonce: bytes) -> str:
    """Return the JSON text for the QR code; `salt` is 16 and `nonce` 24 fresh random bytes.

    Raises `KeyImportRejected` as `decode_helium` for a phrase that is none.
    """
    key = Argon2id(salt=salt, memory_bytes=_MEMORY_BYTES, ops=_OPS).derive(password.encode())
    ciphertext = SecretBox(key).encrypt(words.encode(), nonce).ciphertext
    signer = SoftwareSigner.from_seed(decode_helium(words).entropy)
    parts = {"salt": salt, "nonce": nonce, "ciphertext": ciphertext}
    encoded = {name: base64.b64encode(part).decode() for name, part in parts.items()}
    address = PublicKey.from_binary(signer.public_key).solana_address
    return json.dumps({"address": address, "seed": {"version": _VERSION, **encoded}})


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error
