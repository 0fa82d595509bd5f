"""Routes as the operator writes them: whose devices, which network server; kept as canonical JSON."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from skerry_core import strict_json
from skerry_core.clock import Clock
from skerry_core.errors import NotFoundError, UsageError
from skerry_coverage.lorawan.routing import Route, SessionKey
from skerry_oracle.store.database import Database
from skerry_oracle.store.packets import PacketTable

__all__ = ["LnsServer", "RouteBook", "RouteRecord"]

_HEX_ADDRESS, _HEX_EUI, _HEX_NET_ID, _KEY_BYTES = 8, 16, 6, 16


@dataclass(frozen=True, slots=True, kw_only=True)
class LnsServer:
    """A LoRaWAN network server reached by Semtech UDP; `ports` overrides the port for a region."""

    host: str
    port: int
    ports: Mapping[str, int]

    def address(self, region: str) -> tuple[str, int]:
        """Return host and port for packets of a region."""
        return self.host, self.ports.get(region, self.port)


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteRecord:
    """A route and its server."""

    route: Route
    server: LnsServer

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values; addresses and EUIs in upper-case hex."""
        route = self.route
        return {
            "id": route.id,
            "oui": route.oui,
            "net_id": f"{route.net_id:06X}",
            "max_copies": route.max_copies,
            "active": route.active,
            "locked": route.locked,
            "ignore_empty_skf": route.ignore_empty_skf,
            "dev_addr_ranges": [[f"{first:08X}", f"{last:08X}"] for first, last in route.dev_addr_ranges],
            "eui_pairs": [[f"{join:016X}", f"{device:016X}"] for join, device in route.eui_pairs],
            "session_keys": [
                {"dev_addr": f"{one.dev_addr:08X}", "key": one.key.hex(), "max_copies": one.max_copies}
                for one in route.session_keys
            ],
            "server": {
                "protocol": "gwmp",
                "host": self.server.host,
                "port": self.server.port,
                "ports": dict(self.server.ports),
            },
        }

    @classmethod
    def from_json(cls, content: Any) -> "RouteRecord":
        """Read what `to_json` writes. Raises `UsageError` E_ROUTE."""
        try:
            return _read(content)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise UsageError(
                "E_ROUTE",
                f"The route cannot be read: {error}.",
                remedy="See docs/join-with-gateway-rs.md for its form.",
            ) from None


class RouteBook:
    """One network's routes, in memory and stored. `load()` before use."""

    def __init__(self, database: Database, *, clock: Clock) -> None:
        self._database = database
        self._table = PacketTable(database)
        self._clock = clock
        self._records: dict[str, RouteRecord] = {}

    async def load(self) -> None:
        """Read the store."""
        records = [RouteRecord.from_json(strict_json.loads(body)) for body in await self._table.routes()]
        self._records = {record.route.id: record for record in records}

    async def put(self, record: RouteRecord) -> None:
        """Add or replace a route."""
        body = strict_json.canonical(record.to_json())
        statement = self._table.put_route(record.route.id, body=body, changed_ms=self._clock.wall_ms())
        await self._database.apply([statement])
        self._records[record.route.id] = record

    async def delete(self, route_id: str) -> None:
        """Remove a route. Raises `NotFoundError`."""
        if route_id not in self._records:
            raise NotFoundError("E_NO_ROUTE", f"There is no route {route_id}.")
        await self._database.apply([self._table.delete_route(route_id)])
        del self._records[route_id]

    def all(self) -> list[RouteRecord]:
        """Return every route, by id."""
        return [self._records[name] for name in sorted(self._records)]

    def routes(self) -> list[Route]:
        """Return what the rules choose from."""
        return [record.route for record in self.all()]

    def server_of(self, route_id: str) -> LnsServer:
        """Return where a route leads."""
        return self._records[route_id].server


def _read(content: dict[str, Any]) -> RouteRecord:
    server = content["server"]
    if server["protocol"] != "gwmp":
        raise ValueError(f"protocol {server['protocol']!r} is not supported, only gwmp")
    route = Route(
        id=_text(content["id"]),
        oui=_whole(content["oui"]),
        net_id=_hex(content["net_id"], _HEX_NET_ID),
        max_copies=_whole(content["max_copies"]),
        active=_boolean(content.get("active", True)),
        locked=_boolean(content.get("locked", False)),
        ignore_empty_skf=_boolean(content.get("ignore_empty_skf", False)),
        dev_addr_ranges=tuple(
            (_hex(first, _HEX_ADDRESS), _hex(last, _HEX_ADDRESS)) for first, last in content.get("dev_addr_ranges", ())
        ),
        eui_pairs=tuple(
            (_hex(join, _HEX_EUI), _hex(device, _HEX_EUI)) for join, device in content.get("eui_pairs", ())
        ),
        session_keys=tuple(
            SessionKey(
                dev_addr=_hex(one["dev_addr"], _HEX_ADDRESS),
                key=_key(one["key"]),
                max_copies=_whole(one.get("max_copies", 0)),
            )
            for one in content.get("session_keys", ())
        ),
    )
    ports = {_text(region): _port(port) for region, port in server.get("ports", {}).items()}
    return RouteRecord(
        route=route, server=LnsServer(host=_text(server["host"]), port=_port(server["port"]), ports=ports)
    )


def _text(value: object) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= 253:
        raise ValueError(f"expected a short text, got {value!r}")
    return value


def _boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"expected true or false, got {value!r}")
    return value


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 53:
        raise ValueError(f"expected a whole number, got {value!r}")
    return value


def _port(value: object) -> int:
    if not 1 <= _whole(value) <= 65_535:
        raise ValueError(f"{value!r} is not a port")
    return _whole(value)


def _hex(value: object, digits: int) -> int:
    text = _text(value)
    if len(text) != digits:
        raise ValueError(f"expected {digits} hexadecimal digits, got {text!r}")
    return int(text, 16)


def _key(value: object) -> bytes:
    key = bytes.fromhex(_text(value))
    if len(key) != _KEY_BYTES:
        raise ValueError("a session key has 16 bytes")
    return key
