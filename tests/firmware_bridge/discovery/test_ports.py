"""Ports get their lasting names: by-id, by-path where serial numbers are missing, never a bare ttyACM number."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from skerry_firmware_bridge.discovery.ports import list_ports


@dataclass
class UsbPort:
    """What the serial library says of one port."""

    device: str
    vid: int | None = 0x0483
    pid: int | None = 0x5740
    serial_number: str | None = "A1"
    product: str | None = "STM32 Virtual ComPort"
    interface_num: int | None = 0

    @property
    def resolved_device(self) -> str:
        return str(Path(self.device).resolve())


@pytest.fixture
def devices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("by-id", "by-path", "dev", "sys/ttyS4", "sys/ttyAMA0"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "sys/ttyS4/type").write_text("0\n")  # a name without a chip
    (tmp_path / "sys/ttyAMA0/type").write_text("3\n")
    for name in ("ttyACM0", "ttyACM1", "ttyS4", "ttyAMA0"):
        (tmp_path / "dev" / name).touch()
    found = [
        UsbPort(str(tmp_path / "dev/ttyACM0")),
        UsbPort(str(tmp_path / "dev/ttyACM1"), serial_number=None),
        UsbPort(str(tmp_path / "dev/ttyS4"), vid=None, pid=None),
        UsbPort(str(tmp_path / "dev/ttyAMA0"), vid=None, pid=None),
    ]
    monkeypatch.setattr("serialx.list_serial_ports", lambda: found)
    return tmp_path


def test_every_port_has_its_most_lasting_name(devices: Path) -> None:
    (devices / "by-id/usb-STM32-A1-if00").symlink_to(devices / "dev/ttyACM0")
    (devices / "by-path/usb-0:1.2:1.0").symlink_to(devices / "dev/ttyACM1")
    ports = list_ports(by_id=devices / "by-id", by_path=devices / "by-path", sysfs=devices / "sys")
    names = {Path(port.path).name: port.key for port in ports}
    assert names == {
        "usb-STM32-A1-if00": "0483:5740:A1:0",
        "usb-0:1.2:1.0": "0483:5740:-:0",
        "ttyAMA0": str(devices / "dev/ttyAMA0"),
    }


def test_without_udev_the_device_itself_is_the_name(devices: Path) -> None:
    ports = list_ports(by_id=devices / "absent", by_path=devices / "absent", sysfs=devices / "sys")
    assert [Path(port.path).name for port in ports] == ["ttyACM0", "ttyACM1", "ttyAMA0"]
