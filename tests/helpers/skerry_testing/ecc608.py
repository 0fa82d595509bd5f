"""An ECC608 secure element in software, seen from the bus: wake, CRCs, busy times, refusals and injected faults."""

from collections.abc import Callable
from errno import ENXIO

from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.hashes import SHA256

from skerry_keys.hardware.i2c import I2cBus

__all__ = ["FakeEcc608"]

_WAKE_ANSWER = bytes.fromhex("04113343")


class FakeEcc608(I2cBus):
    """A bus with one chip at `address`, whose slot 0 holds the private key of a scalar.

    `garble(answer)` may change any answer on its way; `busy_reads` reads are not acknowledged after
    each computation with the key.
    """

    def __init__(self, scalar: int, *, address: int = 0x60, busy_reads: int = 2) -> None:
        self._key = ec.derive_private_key(scalar, ec.SECP256R1())
        self._address = address
        self._busy_reads = busy_reads
        self.garble: Callable[[bytes], bytes] = bytes
        self.opcodes: list[int] = []
        self.paused_s = 0.0
        self.closed = False
        self._awake = False
        self._digest: bytes | None = None
        self._answer = b""
        self._busy = 0

    def write(self, address: int, data: bytes) -> None:
        if address == 0:
            if not self._awake:  # an awake chip ignores the wake condition
                self._awake, self._answer, self._busy = True, _WAKE_ANSWER, 0
            raise OSError(ENXIO, "not acknowledged")
        self._require_awake(address)
        if data[:1] in {b"\x01", b"\x02"}:
            self._awake = False
            self._digest = None if data[:1] == b"\x01" else self._digest
            return
        assert data[0] == 3, "word address"
        packet = data[1:]
        assert packet[0] == len(packet), "count"
        self._busy = self._busy_reads if packet[1] in {0x40, 0x41} else 1
        body = self._execute(packet) if self._crc(packet[:-2]) == packet[-2:] else b"\xff"
        framed = bytes([len(body) + 3]) + body
        self._answer = framed + self._crc(framed)

    def read(self, address: int, size: int) -> bytes:
        self._require_awake(address)
        if self._busy:
            self._busy -= 1
            raise OSError(ENXIO, "busy")
        return self.garble(self._answer).ljust(size, b"\xff")[:size]

    def pause(self, seconds: float) -> None:
        self.paused_s += seconds

    def close(self) -> None:
        self.closed = True

    def _require_awake(self, address: int) -> None:
        if address != self._address or not self._awake:
            raise OSError(ENXIO, "not acknowledged")

    def _execute(self, packet: bytes) -> bytes:
        opcode, mode, slot, data = packet[1], packet[2], int.from_bytes(packet[3:5], "little"), packet[5:-2]
        self.opcodes.append(opcode)
        match opcode, mode:
            case 0x30, 0:
                return bytes.fromhex("00006002")
            case 0x40, 0x00 if slot == 0:
                numbers = self._key.public_key().public_numbers()
                return numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")
            case 0x16, 0x43 if len(data) == 32:
                self._digest = data
                return b"\x00"
            case 0x41, 0xA0 if slot == 0 and self._digest is not None:
                signature = self._key.sign(self._digest, ec.ECDSA(utils.Prehashed(SHA256())))
                r, s = utils.decode_dss_signature(signature)
                return r.to_bytes(32, "big") + s.to_bytes(32, "big")
        return b"\x0f"

    @staticmethod
    def _crc(data: bytes) -> bytes:
        """The textbook form: reflect each byte, then an ordinary left-shifting CRC-16."""
        crc = 0
        for byte in data:
            crc ^= int(f"{byte:08b}"[::-1], 2) << 8
            for _ in range(8):
                crc = (crc << 1 ^ 0x8005) & 0xFFFF if crc & 0x8000 else crc << 1
        return bytes([crc & 0xFF, crc >> 8])
