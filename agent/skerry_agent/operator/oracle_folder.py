"""The folder of an oracle of its own, as `skerry oracle init` makes it: settings, signing key, default store."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skerry_client.paths import Paths
from skerry_core import strict_json
from skerry_core.errors import NotFoundError, UsageError
from skerry_core.files import PUBLIC_MODE, write_atomic

if TYPE_CHECKING:
    from skerry_keys.software import SoftwareSigner
    from skerry_oracle.network import OracleNetwork

__all__ = ["OracleFolder"]


@dataclass(frozen=True, slots=True)
class OracleFolder:
    """The files of an oracle below the state folder."""

    path: Path

    @classmethod
    def of(cls, paths: Paths) -> "OracleFolder":
        """Return the folder below a state folder."""
        return cls(paths.state / "oracle")

    @property
    def settings(self) -> Path:
        """Network, profile, policy."""
        return self.path / "oracle.json"

    @property
    def key(self) -> Path:
        """The oracle's signing key, mode 0600."""
        return self.path / "oracle.key"

    @property
    def database(self) -> Path:
        """The default store."""
        return self.path / "oracle.db"

    def read(self) -> dict[str, Any]:
        """Return the settings. Raises `NotFoundError` E_NO_ORACLE."""
        try:
            return dict(strict_json.loads(self.settings.read_bytes()))
        except FileNotFoundError:
            raise NotFoundError(
                "E_NO_ORACLE",
                f"There is no oracle in {self.path}.",
                remedy="Make one: skerry oracle init --network NAME",
            ) from None

    def write(self, settings: dict[str, Any]) -> None:
        """Keep the settings."""
        write_atomic(self.settings, strict_json.canonical(settings) + b"\n", mode=PUBLIC_MODE)

    def network(self, *, at_s: int) -> "OracleNetwork":
        """Return the network with its rules in force at a Unix time. Raises `UserError`."""
        from skerry_coverage.profile.loader import load_profile, with_overrides
        from skerry_oracle.network import OracleNetwork

        settings = self.read()
        overrides: dict[str, int | str | list[str]] = {
            "network": settings["network"],
            "operator.oracle_keys": settings["oracle_keys"],
            "operator.signatures_needed": settings["signatures_needed"],
        }
        return OracleNetwork.of_profile(with_overrides(load_profile(settings["profile"]), overrides), at_s=at_s)

    def signer(self) -> "SoftwareSigner":
        """Read the signing key. Raises `UsageError` E_KEY_READABLE when others can read it too."""
        from skerry_keys.software import SoftwareSigner

        if self.key.stat().st_mode & 0o077:
            raise UsageError("E_KEY_READABLE", f"Others can read {self.key}.", remedy=f"chmod 600 {self.key}")
        return SoftwareSigner.from_key_file(self.key.read_bytes())
