"""Routes as JSON: what comes in, what is refused."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skerry_core.errors import UsageError
from skerry_firmware_bridge.errors import FrameRejected
from skerry_oracle.router.lns import downlink_message
from skerry_oracle.router.routes import RouteRecord
from skerry_oracle.router.servers import GwmpServer

ROUTE: dict[str, Any] = {
    "id": "farm", "oui": 1, "net_id": "00003C", "max_copies": 2, "active": True, "locked": False,
    "ignore_empty_skf": False, "dev_addr_ranges": [["78000000", "78000007"]],
    "eui_pairs": [["70B3D57ED0000001", "0000000000000000"]],
    "session_keys": [{"dev_addr": "78000001", "key": "00112233445566778899aabbccddeeff", "max_copies": 0}],
    "server": {"protocol": "gwmp", "host": "lns.example", "port": 1700, "ports": {"EU868": 1701}},
}  # fmt: skip


def test_a_route_comes_back_as_it_was_and_knows_its_servers_port() -> None:
    record = RouteRecord.from_json(ROUTE)
    assert record.to_json() == ROUTE
    assert isinstance(record.server, GwmpServer)
    assert record.server.address("EU868") == ("lns.example", 1701)
    assert record.server.address("US915") == ("lns.example", 1700)


HTTP = {
    "protocol": "http_roaming", "url": "https://lns.example/roam?key=1", "flow": "async", "dedupe_timeout_ms": 250,
    "auth_header": "Bearer secret", "receiver_nsid": "0011223344556677",
}  # fmt: skip


def test_a_route_over_http_comes_back_as_it_was_and_hides_its_authorisation() -> None:
    record = RouteRecord.from_json(ROUTE | {"server": HTTP})
    assert record.to_json()["server"] == HTTP
    assert "secret" not in repr(record)
    plain = RouteRecord.from_json(ROUTE | {"server": {"protocol": "http_roaming", "url": "http://127.0.0.1:1/"}})
    assert plain.to_json()["server"]["flow"] == "sync"


@pytest.mark.parametrize(
    "change",
    [
        {"server": HTTP | {"url": "ftp://lns.example"}},
        {"server": HTTP | {"url": "https://me:pass@lns.example"}},
        {"server": HTTP | {"flow": "later"}},
        {"server": HTTP | {"dedupe_timeout_ms": 60_000}},
        {"server": HTTP | {"auth_header": "two\r\nlines"}},
        {"server": HTTP | {"receiver_nsid": "1"}},
        {"oui": -1},
        {"net_id": "3C"},
        {"active": "yes"},
        {"dev_addr_ranges": [["1"]]},
        {"session_keys": [{"dev_addr": "78000001", "key": "00"}]},
        {"server": {"protocol": "packet_router", "host": "x", "port": 1}},
        {"server": {"protocol": "gwmp", "host": "x", "port": 70_000}},
        {"server": None},
    ],
)
def test_a_bad_route_is_refused_with_its_code(change: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="E_ROUTE"):
        RouteRecord.from_json(ROUTE | change)


@settings(max_examples=100)
@given(st.binary(max_size=60))
def test_whatever_a_network_server_sends_gives_a_frame_error_at_most(body: bytes) -> None:
    with pytest.raises(FrameRejected):
        downlink_message(body)
