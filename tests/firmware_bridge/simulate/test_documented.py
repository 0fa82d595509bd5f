"""docs/devices.md names every emulator that can be run and every kind that a settings file may name."""

from pathlib import Path

from skerry_firmware_bridge.at_radio.dialects import DIALECTS
from skerry_firmware_bridge.drivers import DRIVERS
from skerry_simulate.devices.registry import EMULATORS
from skerry_simulate.lone_radio import LONE_RADIOS

PAGE = (Path(__file__).resolve().parents[3] / "docs/devices.md").read_text(encoding="utf-8")


def test_the_page_names_every_emulator() -> None:
    assert [name for name in (*EMULATORS, *LONE_RADIOS) if f"`{name}`" not in PAGE] == []


def test_the_page_names_every_kind_of_device_and_radio() -> None:
    assert [kind for kind in DRIVERS if f"`{kind}`" not in PAGE and f"`{kind}:" not in PAGE] == []
    assert [kind for kind in DIALECTS if f"`{kind}:PORT`" not in PAGE] == []
