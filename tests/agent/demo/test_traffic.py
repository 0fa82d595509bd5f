"""The demo's sensors send real LoRaWAN frames of routed addresses; captures come from the vectors."""

import json
from pathlib import Path
from random import Random

from skerry_agent.demo.traffic import DEV_ADDR_BASE, _data_frame, captured_datagrams
from skerry_agent.demo.world import DEMO_ROUTE
from skerry_coverage.lorawan.routing import choose_routes
from skerry_wire.lorawan import DataFrame, parse_frame


def test_a_sensors_frame_is_a_data_uplink_that_the_operator_routes() -> None:
    phy = _data_frame(DEV_ADDR_BASE + 3, 70_000, Random(1))
    frame = parse_frame(phy)
    assert isinstance(frame, DataFrame)
    assert (frame.dev_addr, phy[0], len(phy) <= 80) == (DEV_ADDR_BASE + 3, 0x40, True)
    assert [delivery.route.id for delivery in choose_routes(phy, [DEMO_ROUTE]).deliveries] == ["demo"]
    assert phy == _data_frame(DEV_ADDR_BASE + 3, 70_000, Random(1))


def test_captures_are_read_from_a_folder_and_may_be_absent(tmp_path: Path) -> None:
    assert captured_datagrams(tmp_path) == []
    document = {"cases": [{"in": {"datagram_hex": "0201"}}, {"in": {"datagram_hex": "02ff"}}]}
    (tmp_path / "gwmp.captured.json").write_text(json.dumps(document))
    assert captured_datagrams(tmp_path) == [b"\x02\x01", b"\x02\xff"]
