"""Where a key lives: a file, an ECC608 on the I2C bus, or a TPM (iot-poc 1.6)."""

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qs, urlsplit

from skerry_keys.errors import KeyRejected
from skerry_keys.tag import Network

__all__ = ["EccLocation", "FileLocation", "KeyLocation", "TpmLocation", "parse_key_uri"]

DEFAULT_BUS_ADDRESS = 0x60  # gateway-rs; Nebra and some others wire 0x58
_DECIMAL = re.compile(r"[0-9]{1,3}", re.ASCII)
_HANDLE = re.compile(r"(?:0x)?([0-9a-fA-F]{1,8})", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileLocation:
    """A key file on disk; `network` is that of a key made there."""

    path: str
    network: Network


@dataclass(frozen=True, slots=True, kw_only=True)
class EccLocation:
    """A slot of a secure element at an address of an I2C bus device."""

    device: str
    bus_address: int
    slot: int
    network: Network


@dataclass(frozen=True, slots=True, kw_only=True)
class TpmLocation:
    """A persistent handle of a TPM 2.0."""

    access: str
    handle: int
    network: Network


KeyLocation = FileLocation | EccLocation | TpmLocation


def parse_key_uri(uri: str) -> KeyLocation:
    """Read `ecc://DEVICE[:ADDRESS][?slot=N]`, `tpm://esys/0xHANDLE`, `file:PATH` or a path, each with `?network=`.

    Raises `KeyRejected` unknown_scheme, bad_address, bad_slot, unknown_access, bad_handle or bad_network.
    """
    try:
        parts = urlsplit(uri)
        query = parse_qs(parts.query, keep_blank_values=True)
    except ValueError:
        raise KeyRejected("bad_address", "not a key location") from None
    match parts.scheme:
        case "ecc":
            return _ecc(parts, query)
        case "tpm":
            return _tpm(parts, query)
        case "file" | "" if parts.path and not parts.netloc:
            return FileLocation(path=parts.path, network=_network(query))
        case _:
            raise KeyRejected("unknown_scheme", f"expected file, ecc or tpm, got {parts.scheme!r}")


def _ecc(parts: SplitResult, query: dict[str, list[str]]) -> EccLocation:
    device, _, port = parts.netloc.partition(":")
    if not re.fullmatch(r"[A-Za-z0-9_.-]+", device) or device.startswith("."):
        raise KeyRejected("bad_address", "the device is a name under /dev, such as i2c-1")
    bus_address = _small_int(port, "bad_address") if port else DEFAULT_BUS_ADDRESS
    slot = _small_int(query["slot"][-1], "bad_slot") if "slot" in query else 0
    return EccLocation(device=device, bus_address=bus_address, slot=slot, network=_network(query))


def _tpm(parts: SplitResult, query: dict[str, list[str]]) -> TpmLocation:
    if parts.netloc != "esys":
        raise KeyRejected("unknown_access", f"expected esys, got {parts.netloc!r}")
    handle = _HANDLE.fullmatch(parts.path.removeprefix("/"))
    if handle is None:
        raise KeyRejected("bad_handle", "a TPM handle is 0x and up to 8 hex digits")
    return TpmLocation(access="esys", handle=int(handle[1], 16), network=_network(query))


def _small_int(text: str, reason: str) -> int:
    if not _DECIMAL.fullmatch(text) or int(text) > 0xFF:
        raise KeyRejected(reason, f"expected a number from 0 to 255, got {text!r}")
    return int(text)


def _network(query: dict[str, list[str]]) -> Network:
    return Network.from_text(query["network"][-1]) if "network" in query else Network.MAINNET
