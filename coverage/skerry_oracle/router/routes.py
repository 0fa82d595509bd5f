"""Routes as the operator writes them: whose devices, which network server; kept as canonical JSON."""

from dataclasses import dataclass
from typing import Any

from skerry_core import strict_json
from skerry_core.clock import Clock
from skerry_core.errors import NotFoundError, UsageError
from skerry_coverage.lorawan.routing import Route, SessionKey
from skerry_oracle.router.fields import boolean, hex_number, session_key, text, whole
from skerry_oracle.router.servers import NetworkServer, read_server
from skerry_oracle.store.database import Database
from skerry_oracle.store.packets import PacketTable

__all__ = ["RouteBook", "RouteRecord"]

_ADDRESS, _EUI, _NET_ID = 8, 16, 6  # hexadecimal digits


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteRecord:
    """A route and its server."""

    route: Route
    server: NetworkServer

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
            "server": self.server.to_json(),
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
                remedy="See docs/oracle.md for its form.",
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

    def record(self, route_id: str) -> RouteRecord:
        """Return a route with its server."""
        return self._records[route_id]


def _read(content: dict[str, Any]) -> RouteRecord:
    route = Route(
        id=text(content["id"]),
        oui=whole(content["oui"]),
        net_id=hex_number(content["net_id"], _NET_ID),
        max_copies=whole(content["max_copies"]),
        active=boolean(content.get("active", True)),
        locked=boolean(content.get("locked", False)),
        ignore_empty_skf=boolean(content.get("ignore_empty_skf", False)),
        dev_addr_ranges=tuple(
            (hex_number(first, _ADDRESS), hex_number(last, _ADDRESS))
            for first, last in content.get("dev_addr_ranges", ())
        ),
        eui_pairs=tuple(
            (hex_number(join, _EUI), hex_number(device, _EUI)) for join, device in content.get("eui_pairs", ())
        ),
        session_keys=tuple(
            SessionKey(
                dev_addr=hex_number(one["dev_addr"], _ADDRESS),
                key=session_key(one["key"]),
                max_copies=whole(one.get("max_copies", 0)),
            )
            for one in content.get("session_keys", ())
        ),
    )
    return RouteRecord(route=route, server=read_server(content["server"]))
