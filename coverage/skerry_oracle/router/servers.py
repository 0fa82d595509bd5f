"""LoRaWAN network servers as routes name them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from skerry_oracle.router.fields import port_number, text

__all__ = ["GwmpServer", "NetworkServer", "read_server"]


@dataclass(frozen=True, slots=True, kw_only=True)
class GwmpServer:
    """A network server reached by Semtech UDP; `ports` overrides the port for a region."""

    host: str
    port: int
    ports: Mapping[str, int] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The address that copies are counted by."""
        return f"{self.host}:{self.port}"

    def address(self, region: str) -> tuple[str, int]:
        """Return host and port for packets of a region."""
        return self.host, self.ports.get(region, self.port)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {"protocol": "gwmp", "host": self.host, "port": self.port, "ports": dict(self.ports)}


NetworkServer = GwmpServer


def read_server(content: Any) -> NetworkServer:
    """Read what `to_json` writes. Raises `KeyError`, `TypeError`, `ValueError` or `AttributeError`."""
    match content["protocol"]:
        case "gwmp":
            ports = {text(region): port_number(port) for region, port in content.get("ports", {}).items()}
            return GwmpServer(host=text(content["host"]), port=port_number(content["port"]), ports=ports)
        case other:
            raise ValueError(f"protocol {other!r} is not supported, only gwmp")
