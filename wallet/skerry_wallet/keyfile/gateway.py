"""The gateway's identity: one key per directory, made once, never silently replaced (DESIGN, Keys).

Losing this key means a new hotspot, a new name and a new onboarding fee; so after an identity was recorded a missing
key is an error. The agent calls `open_or_create_gateway_key` at start.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from skerry_core import strict_json
from skerry_core.files import write_atomic
from skerry_keys import KeyRejected, PublicKey, Signer, SoftwareSigner
from skerry_keys.uri import EccLocation, FileLocation, TpmLocation, parse_key_uri
from skerry_wallet.keyfile.errors import KeyDamaged, KeyExists, KeyMismatch, KeyMissing
from skerry_wallet.keyfile.private_file import create_private, read_private

__all__ = ["GATEWAY_KEY_FILE", "IDENTITY_FILE", "open_or_create_gateway_key", "recorded_identity"]

GATEWAY_KEY_FILE = "gateway.key"  # Helium key file bytes: gateway-rs reads it, and its gateway_key.bin can be put here
IDENTITY_FILE = "identity.json"
_FORMAT = 1

OpenHardware = Callable[[EccLocation | TpmLocation], Signer]


def open_or_create_gateway_key(
    directory: Path,
    *,
    random_bytes: Callable[[int], bytes],
    network: str = "mainnet",
    key_uri: str | None = None,
    open_hardware: OpenHardware | None = None,
) -> Signer:
    """Return the signer of this directory's gateway; make an Ed25519 key only if none was ever recorded here.

    `key_uri` names another file, or a key in hardware, which `open_hardware` opens. A key that is already there is
    adopted. Raises `KeyMissing`, `KeyMismatch`, `KeyExposed`, `KeyDamaged`, `KeyRejected` (bad URI), `OSError`.
    """
    recorded = recorded_identity(directory)
    location = parse_key_uri(key_uri) if key_uri else None
    if isinstance(location, EccLocation | TpmLocation):
        if open_hardware is None:
            raise KeyRejected("unknown_scheme", "this program was started without hardware keys")
        signer = open_hardware(location)
        name = str(key_uri)
    else:
        path = Path(location.path) if isinstance(location, FileLocation) else directory / GATEWAY_KEY_FILE
        signer = _file_signer(path, recorded, random_bytes, network)
        name = str(path)
    address = PublicKey.from_binary(signer.public_key).address
    if recorded is None:
        _record(directory, address)
    elif recorded != address:
        raise KeyMismatch(name, recorded, address)
    return signer


def recorded_identity(directory: Path) -> str | None:
    """Return the gateway address that this directory belongs to, None when none was ever recorded.

    Raises `KeyDamaged` when the record cannot be read, so that no second key is made over it.
    """
    try:
        raw = (directory / IDENTITY_FILE).read_bytes()
    except FileNotFoundError:
        return None
    try:
        record: Any = strict_json.loads(raw)
        return PublicKey.from_address(record["address"]).address
    except (strict_json.JsonRejected, KeyRejected, KeyError, TypeError, AttributeError):
        raise KeyDamaged(f"{directory / IDENTITY_FILE} does not name a gateway") from None


def _file_signer(
    path: Path, recorded: str | None, random_bytes: Callable[[int], bytes], network: str
) -> SoftwareSigner:
    try:
        return _read_signer(path)
    except FileNotFoundError:
        if recorded is not None:
            raise KeyMissing(str(path), recorded) from None
    signer = SoftwareSigner.generate(random_bytes, network=network)
    try:
        create_private(path, signer.to_key_file())
    except KeyExists:  # another program made it just now: theirs counts
        return _read_signer(path)
    return signer


def _read_signer(path: Path) -> SoftwareSigner:
    try:
        return SoftwareSigner.from_key_file(read_private(path))
    except KeyRejected as error:
        raise KeyDamaged(f"{path} holds no gateway key ({error.reason})") from None


def _record(directory: Path, address: str) -> None:
    # After the key, never before: a crash in between leaves a key to adopt, not an identity without a key.
    record = {"format": _FORMAT, "address": address}
    write_atomic(directory / IDENTITY_FILE, strict_json.canonical(record) + b"\n")
