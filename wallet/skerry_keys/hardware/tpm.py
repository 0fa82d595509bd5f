"""A Signer whose P-256 key lives in a TPM 2.0 at a persistent handle, reached through the kernel's resource manager.

Blocking: a signature takes up to a second on a discrete TPM.
"""

import hashlib
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from skerry_keys import curves
from skerry_keys.der import encode_ecdsa
from skerry_keys.errors import KeyRejected
from skerry_keys.hardware import tpm_wire as wire
from skerry_keys.hardware.errors import HardwareKeyFailed
from skerry_keys.helium_message import signed_bytes
from skerry_keys.public_key import PublicKey
from skerry_keys.signer import Signer, evidence_message
from skerry_keys.tag import KeyTag, KeyType
from skerry_keys.uri import TpmLocation

if TYPE_CHECKING:
    from google.protobuf.message import Message

__all__ = ["TpmSigner", "linux_tpm"]

_DEVICE = "/dev/tpmrm0"
_RESPONSE_LIMIT = 4096
_TRIES = 5
_REMEDY = "Check that the agent may open /dev/tpmrm0 and that the handle holds a P-256 signing key without a password."

_T = TypeVar("_T")
Transact = Callable[[bytes], bytes]


class TpmSigner(Signer):
    """Opens the key at construction. `transact` sends one command and returns the response, raising `OSError`.

    Raises `HardwareKeyFailed`; also from every signature when the TPM fails.
    """

    def __init__(self, transact: Transact, location: TpmLocation) -> None:
        self._transact = transact
        self._handle = location.handle
        self._name = f"tpm://{location.access}/0x{location.handle:08x}"
        self._public_key = self._read_public_key(location)

    @property
    def public_key(self) -> bytes:
        return self._public_key.binary

    def sign_helium(self, message: "Message") -> bytes:
        return self._sign(signed_bytes(message))

    def sign_evidence(self, domain: str, network: str, digest: bytes) -> bytes:
        return self._sign(evidence_message(domain, network, digest))

    def sign_transaction(self, message: bytes) -> bytes:
        raise ValueError("Solana transactions are signed by Ed25519 keys only")

    def __repr__(self) -> str:
        return f"TpmSigner({self._name}, {self._public_key.address})"

    def _read_public_key(self, location: TpmLocation) -> PublicKey:
        point = self._run(wire.read_public(self._handle), wire.parse_public)
        tag = KeyTag(network=location.network, key_type=KeyType.ECC_COMPACT)
        try:
            key = PublicKey(bytes([tag.to_byte()]) + point.x)
        except KeyRejected:
            raise HardwareKeyFailed(self._name, "its public key is no curve point", remedy=_REMEDY) from None
        if curves.compact_point(point.x).public_numbers().y != int.from_bytes(point.y, "big"):
            raise HardwareKeyFailed(self._name, "its key is not compactable", remedy=_REMEDY)
        return key

    def _sign(self, message: bytes) -> bytes:
        command = wire.sign_digest(self._handle, hashlib.sha256(message).digest())
        r, s = self._run(command, wire.parse_signature)
        return encode_ecdsa(r, s)

    def _run(self, command: bytes, parse: Callable[[bytes], _T]) -> _T:
        problem: Exception | None = None
        for _ in range(_TRIES):
            try:
                return parse(wire.response_body(self._transact(command)))
            except wire.TpmRefused as error:
                problem = error
                if not error.try_again:
                    break
            except (OSError, ValueError) as error:
                problem = error
                break
        raise HardwareKeyFailed(self._name, str(problem), remedy=_REMEDY)


def linux_tpm(command: bytes) -> bytes:
    """Send one command to the kernel's TPM resource manager; it waits for the answer itself. Raises `OSError`."""
    descriptor = os.open(_DEVICE, os.O_RDWR)
    try:
        os.write(descriptor, command)
        return os.read(descriptor, _RESPONSE_LIMIT)
    finally:
        os.close(descriptor)
