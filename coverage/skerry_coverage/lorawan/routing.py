"""Chooses the routes of a packet: by EUI pair or device address, session key, state of the route (iot-poc 5.3)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from skerry_coverage.lorawan.errors import LorawanRefused
from skerry_coverage.lorawan.mic import full_frame_counter
from skerry_wire.lorawan import RouterJoin, RouterUndefined, RouterUplink, packet_type

__all__ = ["JOIN_COPIES", "Delivery", "Route", "RouteChoice", "SessionKey", "Skipped", "choose_routes"]

JOIN_COPIES = 50
_ANY_DEV_EUI = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionKey:
    """A session-key filter; `max_copies` 0 = the route's number."""

    dev_addr: int
    key: bytes
    max_copies: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Where packets of some devices go; address ranges are inclusive, a device EUI of 0 in a pair means any."""

    id: str
    oui: int
    net_id: int
    max_copies: int
    active: bool = True
    locked: bool = False
    ignore_empty_skf: bool = False
    dev_addr_ranges: Sequence[tuple[int, int]] = ()
    eui_pairs: Sequence[tuple[int, int]] = ()
    session_keys: Sequence[SessionKey] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A route that gets the packet, and how many copies of it the route takes."""

    route: Route
    max_copies: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """A route that would get the packet if it were not `locked` or `inactive`."""

    route: Route
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteChoice:
    """The routes of a packet, each list by route id; `reported` = paid for if every delivery succeeds."""

    type: str
    deliveries: tuple[Delivery, ...]
    skipped: tuple[Skipped, ...]
    reported: bool


def choose_routes(phy: bytes, routes: Iterable[Route]) -> RouteChoice:
    """Return the routes of a packet.

    Raises `LorawanRefused` invalid_packet_type, or invalid_mic when routes have the address but none fits.
    """
    packet = packet_type(phy)
    match packet:
        case RouterUndefined():
            raise LorawanRefused("invalid_packet_type", f"message type {packet.mtype}")
        case RouterJoin():
            found = [Delivery(route=route, max_copies=JOIN_COPIES) for route in routes if _has_pair(route, packet)]
        case RouterUplink():
            found = _uplink_routes(phy, packet.dev_addr, routes)
    found.sort(key=lambda delivery: delivery.route.id)
    deliveries = tuple(delivery for delivery in found if _state(delivery.route) is None)
    owners = {(delivery.route.oui, delivery.route.net_id) for delivery in found}
    return RouteChoice(
        type=packet.type,
        deliveries=deliveries,
        skipped=tuple(
            Skipped(route=delivery.route, reason=reason)
            for delivery in found
            if (reason := _state(delivery.route)) is not None
        ),
        reported=isinstance(packet, RouterUplink) and bool(deliveries) and len(owners) == 1,
    )


def _has_pair(route: Route, join: RouterJoin) -> bool:
    return any(pair in route.eui_pairs for pair in ((join.join_eui, join.dev_eui), (join.join_eui, _ANY_DEV_EUI)))


def _uplink_routes(phy: bytes, dev_addr: int, routes: Iterable[Route]) -> list[Delivery]:
    candidates = [route for route in routes if any(first <= dev_addr <= last for first, last in route.dev_addr_ranges)]
    found = [delivery for route in candidates if (delivery := _by_session_key(phy, dev_addr, route)) is not None]
    if candidates and not found:
        raise LorawanRefused("invalid_mic", f"no session key fits device {dev_addr:08X}")
    return found


def _by_session_key(phy: bytes, dev_addr: int, route: Route) -> Delivery | None:
    filters = [one for one in route.session_keys if one.dev_addr == dev_addr]
    if not filters:
        return None if route.ignore_empty_skf else Delivery(route=route, max_copies=route.max_copies)
    for one in filters:
        if full_frame_counter(phy, one.key) is not None:
            return Delivery(route=route, max_copies=one.max_copies or route.max_copies)
    return None


def _state(route: Route) -> str | None:
    if route.locked:
        return "locked"
    return None if route.active else "inactive"
