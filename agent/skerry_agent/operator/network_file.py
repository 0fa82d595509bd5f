"""`operator/network.json`: which network this folder operates, under which profile, with which tokens.

Written once when the network is made; keys are files of their own beside it, 0600 (five roles, five keys).
"""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from skerry_core import strict_json
from skerry_core.errors import UserError
from skerry_core.files import PUBLIC_MODE, write_atomic
from skerry_keys.errors import KeyRejected
from skerry_keys.software import SoftwareSigner
from skerry_wallet.tokens import TokenSpec

__all__ = ["ROLES", "NetworkFile", "OperatorFolder"]

ROLES = ("oracle", "payer", "mint_authority", "data_payer")


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkFile:
    """What is fixed for the network's life. `ended` says that it is a kept demo: it can be read, nothing moves on."""

    network: str
    profile: str  # a shipped profile's name
    overrides: dict[str, int | str | list[str]]  # what this network sets differently, by dotted name
    reward_token: str
    credit_token: str
    tokens: dict[str, int]  # name -> decimals
    test_tokens: bool
    ended: bool
    minimum_dc: int = 3_500_000  # iot-poc 4.9: with less left, nothing more is carried

    def specs(self) -> list[TokenSpec]:
        """Return the network's tokens as the wallet makes them."""
        return [
            TokenSpec(name=name, decimals=decimals, frozen=name == self.credit_token)
            for name, decimals in self.tokens.items()
        ]


@dataclass(frozen=True, slots=True)
class OperatorFolder:
    """The operator's files below an agent's state folder."""

    path: Path

    @property
    def database(self) -> Path:
        """The oracle's database."""
        return self.path / "oracle.db"

    @property
    def chain(self) -> Path:
        """The embedded chain's folder."""
        return self.path / "chain"

    @property
    def exists(self) -> bool:
        """Whether a network was ever made here."""
        return (self.path / "network.json").exists()

    def read(self) -> NetworkFile:
        """Return the network's fixed facts. Raises `UserError` E_OPERATOR_FOLDER."""
        try:
            content: Any = strict_json.loads((self.path / "network.json").read_bytes())
            return NetworkFile(**content)
        except (OSError, strict_json.JsonRejected, TypeError) as error:
            raise _broken(self.path / "network.json", str(error)) from error

    def write(self, network: NetworkFile) -> None:
        """Write the network's fixed facts."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_atomic(self.path / "network.json", strict_json.canonical(asdict(network)) + b"\n", mode=PUBLIC_MODE)

    def keep_key(self, role: str, signer: SoftwareSigner) -> None:
        """Write one role's key file; an existing one is never replaced."""
        file = self.path / f"{role}.key"
        if file.exists():
            raise _broken(file, "it exists already and is never replaced")
        write_atomic(file, signer.to_key_file())

    def key(self, role: str) -> SoftwareSigner:
        """Read one role's key. Raises `UserError` E_OPERATOR_FOLDER."""
        file = self.path / f"{role}.key"
        try:
            if file.stat().st_mode & 0o077:
                raise _broken(file, "others can read it")
            return SoftwareSigner.from_key_file(file.read_bytes())
        except (OSError, KeyRejected) as error:
            raise _broken(file, str(error)) from error


def _broken(file: Path, finding: str) -> UserError:
    return UserError(
        "E_OPERATOR_FOLDER",
        f"The operator's file {file} cannot be used: {finding}.",
        remedy="Restore it from a backup; without it this agent can still run as a plain hotspot.",
        params={"file": str(file)},
    )
