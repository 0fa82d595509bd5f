"""What docs/devices.md shows as output is what the program prints of such devices."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from textwrap import indent
from typing import Any

import pytest
from click import unstyle

from skerry_agent.cli.context import Cli
from skerry_agent.cli.device_text import device_list, device_sheet
from skerry_agent.cli.scan_text import scan_text
from skerry_client.models import Device, Page
from skerry_firmware_bridge.discovery.found import ScannedDevice, heard_device
from skerry_firmware_bridge.discovery.gateways import GatewayHeard
from skerry_firmware_bridge.discovery.ports import Port
from skerry_firmware_bridge.errors import LinkRefused

DOCS = (Path(__file__).parents[3] / "docs" / "devices.md").read_text(encoding="utf-8")
CABLE = "/dev/serial/by-id/usb-FTDI_P1_cable-if00-port0"
MODEM = "/dev/serial/by-id/usb-Quectel_RM520N-GL-if02"
NOW = datetime(2026, 11, 20, 12, 0, 30, tzinfo=UTC)
METER = {
    "imported_wh": 4_426_085, "exported_wh": 0, "power_w": 420, "l1_voltage_v": 230.1, "l2_voltage_v": None,
    "meter_id": "E0044007", "quality": "checked",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _page_of_80_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


def shown(text: str) -> str:
    """Return a text as the page quotes it."""
    return indent(unstyle(text), "    ", lambda line: bool(line.strip()))


def found() -> list[dict[str, Any]]:
    taken = LinkRefused(
        "E_PORT_PERMISSION", f"This user may not open {MODEM}.",
        remedy="Run: sudo usermod -aG dialout ann - then log in again.",
    )  # fmt: skip
    meter: dict[str, Any] = {"model": "ISK5\\2M550T-1012", "serial": "E0044007"}
    forwarder: dict[str, Any] = {"eui": "aa555a0000000101", "says": "A packet forwarder speaks from 127.0.0.1."}
    return [
        device.to_json()
        for device in (
            ScannedDevice(port=Port(path="/dev/ttyS0", key="s"), guess="serial port", asked=True),
            ScannedDevice(
                port=Port(path=CABLE, key="c"), guess="FTDI USB-UART adapter", kind="p1", identity=meter, asked=True
            ),
            ScannedDevice(port=Port(path=MODEM, key="m"), guess="Quectel RM520N, AT port", problem=taken.problem()),
            heard_device(GatewayHeard(kind="gwmp", url="udp://127.0.0.1:1680", identity=forwarder)),
        )
    ]


def device(kind: str, place: str, *, state: Any = "up", reason: str = "Answers.", **more: Any) -> Device:
    return Device(
        id=f"{kind}:{place}", kind=kind, name=place, hotspot=None, region=None, state=state, reason=reason,
        first_seen=NOW - timedelta(days=1), last_seen=NOW, details={}, as_of=NOW - timedelta(seconds=1),
        **({"values": {}} | more),
    )  # fmt: skip


def devices() -> Page[Device]:
    items = (
        device("gwmp", "aa555a0000000101", reason="A packet forwarder speaks from 127.0.0.1."),
        device("p1", CABLE, values=METER),
        device("modem", MODEM, state="down", reason=f"There is no serial port {MODEM}. Plug the device in, or run: "
               "skerry devices scan"),
    )  # fmt: skip
    return Page(as_of=NOW, test_tokens=False, last_event_id=1, items=items)


def test_the_scan_is_shown_as_it_is_printed() -> None:
    told = scan_text(found(), Cli(folder=Path("/home/ann/skerry")))
    assert shown(told) in DOCS


def test_the_list_is_shown_as_it_is_printed() -> None:
    assert shown(device_list(devices())) in DOCS


def test_the_sheet_of_a_meter_is_shown_as_it_is_printed() -> None:
    page = devices()
    assert shown(device_sheet(page, page.items[1])) in DOCS


if __name__ == "__main__":  # prints what the page must hold
    print(shown(scan_text(found(), Cli(folder=Path("/home/ann/skerry")))), "\n")
    print(shown(device_list(devices())), "\n")
    print(shown(device_sheet(devices(), devices().items[1])))
