"""Where a local service listens: a port alone means loopback (iot-poc 1.6)."""

import ipaddress
from dataclasses import dataclass

__all__ = ["ListenAddress", "parse_listen_address"]

_DEFAULT_HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenAddress:
    """A numeric address and port."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def uri(self) -> str:
        """The address as an HTTP URI."""
        return f"http://{self}"


def parse_listen_address(value: int | str) -> ListenAddress:
    """Read a port, a port as text, or `host:port` (IPv6 in brackets). Raises `ValueError` for anything else."""
    if isinstance(value, bool):
        raise ValueError("a port is a number")
    host, colon, port = str(value).rpartition(":")
    if not colon:
        return ListenAddress(host=_DEFAULT_HOST, port=_port(port))
    if host.startswith("[") and host.endswith("]"):
        return ListenAddress(host=str(ipaddress.IPv6Address(host[1:-1])), port=_port(port))
    return ListenAddress(host=str(ipaddress.IPv4Address(host)), port=_port(port))


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or int(text) > 0xFFFF:
        raise ValueError(f"a port is a number from 0 to 65535, got {text!r}")
    return int(text)
