"""LoRaWAN network servers as routes name them: reached by Semtech UDP or by HTTP roaming."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from skerry_oracle.router.fields import hex_number, port_number, text, whole

__all__ = ["GwmpServer", "HttpServer", "NetworkServer", "read_server"]

DEDUPE_MS = 200  # as the upstream router; copies of one uplink come within that
MAX_DEDUPE_MS = 4_000  # a join's answer must be back within five seconds
MAX_TEXT = 1_000
_NSID_DIGITS = 16


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


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpServer:
    """A network server reached by HTTP roaming messages (iot-poc 3.4 `http_roaming`).

    With `is_async` its answers come as calls of its own, otherwise in the HTTP response. Copies of an uplink are
    gathered for `dedupe_timeout_ms` and go out as one message.
    """

    url: str
    is_async: bool = False
    dedupe_timeout_ms: int = DEDUPE_MS
    auth_header: str = field(default="", repr=False)
    receiver_nsid: str = ""

    @property
    def name(self) -> str:
        """The address that copies are counted by."""
        return self.url

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values, the authorisation included."""
        return {
            "protocol": "http_roaming",
            "url": self.url,
            "flow": "async" if self.is_async else "sync",
            "dedupe_timeout_ms": self.dedupe_timeout_ms,
            "auth_header": self.auth_header,
            "receiver_nsid": self.receiver_nsid,
        }


NetworkServer = GwmpServer | HttpServer


def read_server(content: Any) -> NetworkServer:
    """Read what `to_json` writes. Raises `KeyError`, `TypeError`, `ValueError` or `AttributeError`."""
    match content["protocol"]:
        case "gwmp":
            ports = {text(region): port_number(port) for region, port in content.get("ports", {}).items()}
            return GwmpServer(host=text(content["host"]), port=port_number(content["port"]), ports=ports)
        case "http_roaming":
            return _http_server(content)
        case other:
            raise ValueError(f"protocol {other!r} is not supported, only gwmp and http_roaming")


def _http_server(content: Any) -> HttpServer:
    url, flow = text(content["url"], limit=MAX_TEXT), content.get("flow", "sync")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.fragment:
        raise ValueError(f"{url!r} is no http:// or https:// address")
    if flow not in ("sync", "async"):
        raise ValueError(f"flow is sync or async, got {flow!r}")
    dedupe_ms = whole(content.get("dedupe_timeout_ms", DEDUPE_MS))
    if dedupe_ms > MAX_DEDUPE_MS:
        raise ValueError(f"dedupe_timeout_ms is at most {MAX_DEDUPE_MS}")
    header, nsid = content.get("auth_header", ""), content.get("receiver_nsid", "")
    if header and not text(header, limit=MAX_TEXT).isprintable():
        raise ValueError("auth_header has characters that no header may have")  # and it is not repeated here
    if nsid:
        hex_number(nsid, _NSID_DIGITS)
    return HttpServer(
        url=url, is_async=flow == "async", dedupe_timeout_ms=dedupe_ms, auth_header=header, receiver_nsid=nsid
    )
