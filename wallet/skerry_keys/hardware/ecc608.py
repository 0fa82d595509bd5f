"""A Signer whose P-256 key lives in an ECC608 secure element, as in most sold hotspots (iot-poc 1.6, 2.4).

Blocking: one signature takes up to 0.7 s. Each operation wakes the chip, talks, and puts it back to idle.
"""

import hashlib
from contextlib import suppress
from typing import TYPE_CHECKING

from skerry_keys import curves
from skerry_keys.der import encode_ecdsa
from skerry_keys.errors import KeyRejected
from skerry_keys.hardware import ecc608_wire as wire
from skerry_keys.hardware.errors import HardwareKeyFailed
from skerry_keys.hardware.i2c import I2cBus
from skerry_keys.helium_message import signed_bytes
from skerry_keys.public_key import PublicKey
from skerry_keys.signer import Signer, evidence_message
from skerry_keys.tag import KeyTag, KeyType, Network
from skerry_keys.uri import EccLocation

if TYPE_CHECKING:
    from google.protobuf.message import Message

__all__ = ["KNOWN_ADDRESSES", "Ecc608Signer"]

KNOWN_ADDRESSES = (0x60, 0x58)  # the usual wiring, and that of several makers
_WAKE_S = 0.0015
_POLL_S = 0.005
_TRIES = 4  # a shared bus loses packets now and then; the chip repeats nothing by itself
_WIRING_REMEDY = "Check that I2C is switched on, that the agent may open the device, and the address in the key URI."
_KEY_REMEDY = "Check the slot in the key URI; the slot must hold a P-256 key that the maker has provisioned."


class Ecc608Signer(Signer):
    """Opens the key at construction: finds the chip, reads its public key.

    Raises `HardwareKeyFailed`; also from every signature when the chip stops answering.
    """

    def __init__(self, bus: I2cBus, location: EccLocation) -> None:
        self._bus = bus
        self._slot = location.slot
        self._name = f"ecc://{location.device}:{location.bus_address}?slot={location.slot}"
        self._address = self._find(location.bus_address)
        self._public_key = self._read_public_key(location.network)

    @property
    def bus_address(self) -> int:
        """The address at which the chip answered."""
        return self._address

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
        return f"Ecc608Signer({self._name}, {self._public_key.address})"

    def _find(self, configured: int) -> int:
        for address in dict.fromkeys((configured, *KNOWN_ADDRESSES)):
            with suppress(OSError, ValueError, wire.StatusAnswer):
                self._talk(address, wire.revision())
                return address
        tried = ", ".join(f"0x{address:02x}" for address in dict.fromkeys((configured, *KNOWN_ADDRESSES)))
        raise HardwareKeyFailed(self._name, f"no chip answers at {tried}", remedy=_WIRING_REMEDY)

    def _read_public_key(self, network: Network) -> PublicKey:
        (point,) = self._run(wire.generate_key(self._slot))
        x, y = point[:32], int.from_bytes(point[32:], "big")
        tag = KeyTag(network=network, key_type=KeyType.ECC_COMPACT)
        try:
            key = PublicKey(bytes([tag.to_byte()]) + x)
        except KeyRejected:
            raise HardwareKeyFailed(self._name, "its public key is no curve point", remedy=_KEY_REMEDY) from None
        if curves.compact_point(x).public_numbers().y != y:
            raise HardwareKeyFailed(self._name, "its key is not compactable", remedy=_KEY_REMEDY)
        return key

    def _sign(self, message: bytes) -> bytes:
        digest = hashlib.sha256(message).digest()
        _, raw = self._run(wire.load_digest(digest), wire.sign(self._slot))
        return encode_ecdsa(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))

    def _run(self, *commands: wire.Command) -> list[bytes]:
        """Run commands in one wake period, all again when the bus garbles one."""
        problem: Exception | None = None
        for _ in range(_TRIES):
            try:
                return self._talk(self._address, *commands)
            except wire.StatusAnswer as error:
                problem = error
                if error.status not in {wire.Status.CRC_ERROR.value, wire.Status.WATCHDOG.value}:
                    break
            except (OSError, ValueError) as error:
                problem = error
        remedy = _KEY_REMEDY if isinstance(problem, wire.StatusAnswer) else _WIRING_REMEDY
        raise HardwareKeyFailed(self._name, str(problem), remedy=remedy)

    def _talk(self, address: int, *commands: wire.Command) -> list[bytes]:
        """Wake the chip, run commands, and let it idle: awake it would ignore the next wake and soon time out."""
        try:
            self._wake(address)
            return [self._exchange(address, command) for command in commands]
        finally:
            with suppress(OSError):
                self._bus.write(address, wire.WORD_IDLE)

    def _wake(self, address: int) -> None:
        with suppress(OSError):  # address 0 only holds the data line low long enough; nobody acknowledges it
            self._bus.write(0, b"\x00")
        self._bus.pause(_WAKE_S)
        if self._bus.read(address, len(wire.WAKE_ANSWER)) != wire.WAKE_ANSWER:
            raise ValueError("no wake answer")

    def _exchange(self, address: int, command: wire.Command) -> bytes:
        self._bus.write(address, command.to_bytes())
        waited_s = 0.0
        while True:
            self._bus.pause(_POLL_S)
            waited_s += _POLL_S
            try:
                raw = self._bus.read(address, wire.answer_length(command))
            except OSError:  # the chip does not acknowledge while it computes
                if waited_s >= command.longest_s:
                    raise
                continue
            return wire.answer_content(raw, command)
