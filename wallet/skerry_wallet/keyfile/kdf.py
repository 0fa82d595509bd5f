"""Keys from passwords: Argon2id and PBKDF2 with limits, since the parameters come from files (sheet 5.1)."""

import hashlib
import os
from dataclasses import dataclass

from nacl.bindings import crypto_pwhash_alg, crypto_pwhash_ALG_ARGON2ID13
from nacl.exceptions import CryptoError

from skerry_wallet.keyfile.errors import KeyTooExpensive

__all__ = ["Argon2id", "Pbkdf2", "argon2id_for_machine", "machine_memory_bytes"]

KEY_SIZE = 32
MIB = 1 << 20
_MAX_MEMORY_BYTES = 2048 * MIB  # twice what the official wallet asks for
_MAX_OPS = 32
_MAX_ITERATIONS = 20_000_000
_OPS = 3
_LEAST_MEMORY_BYTES = 32 * MIB
_MOST_MEMORY_BYTES = 256 * MIB
_PART_OF_MACHINE = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Argon2id:
    """Argon2id version 1.3 with one lane, as libsodium has it."""

    salt: bytes
    memory_bytes: int
    ops: int

    def derive(self, password: bytes) -> bytes:
        """Return 32 bytes; takes the whole memory. Raises `KeyTooExpensive`."""
        if self.memory_bytes > _MAX_MEMORY_BYTES or self.ops > _MAX_OPS:
            raise KeyTooExpensive(f"it asks for {self.memory_bytes // MIB} MiB and {self.ops} passes")
        try:
            key = crypto_pwhash_alg(
                KEY_SIZE, password, self.salt, self.ops, self.memory_bytes, crypto_pwhash_ALG_ARGON2ID13
            )
        except (CryptoError, MemoryError):  # libsodium reports failed allocation and absurdly small parameters alike
            raise KeyTooExpensive(f"{self.memory_bytes // MIB} MiB of memory could not be used") from None
        return bytes(key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pbkdf2:
    """PBKDF2-HMAC-SHA256."""

    salt: bytes
    iterations: int

    def derive(self, password: bytes) -> bytes:
        """Return 32 bytes. Raises `KeyTooExpensive`."""
        if not 0 < self.iterations <= _MAX_ITERATIONS:
            raise KeyTooExpensive(f"it asks for {self.iterations} iterations")
        return hashlib.pbkdf2_hmac("sha256", password, self.salt, self.iterations, KEY_SIZE)


def argon2id_for_machine(salt: bytes, memory_bytes: int) -> Argon2id:
    """Return parameters for a machine with this much memory: an eighth of it, from 32 to 256 MiB, three passes."""
    sized = min(max(memory_bytes // _PART_OF_MACHINE, _LEAST_MEMORY_BYTES), _MOST_MEMORY_BYTES)
    return Argon2id(salt=salt, memory_bytes=sized // MIB * MIB, ops=_OPS)


def machine_memory_bytes() -> int:
    """Return this computer's physical memory."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
