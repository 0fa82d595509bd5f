"""A private D-Bus with a small BlueZ on it, for tests that talk to a hotspot through the real bleak."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from skerry_simulate.devices.ble_faults import BleFaults
from skerry_simulate.devices.bluez import BusUnavailable, FakeBluez, fake_bluez, private_bus
from skerry_simulate.devices.hotspot import EmulatedHotspot

__all__ = ["emulated_bluez"]


@asynccontextmanager
async def emulated_bluez(
    monkeypatch: pytest.MonkeyPatch | None, hotspot: EmulatedHotspot | None = None, faults: BleFaults | None = None
) -> AsyncIterator[FakeBluez]:
    """Run it for the length of the body, for this process with a `monkeypatch`; skip where no bus can be started."""
    logging.getLogger("bleak").setLevel(logging.ERROR)  # it warns of the missing bluetoothctl
    try:
        async with private_bus(forbidden=faults is not None and faults.forbidden) as address:
            if monkeypatch is not None:
                monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
            async with fake_bluez(address, hotspot or EmulatedHotspot(), faults=faults) as running:
                yield running
    except BusUnavailable as error:
        pytest.skip(str(error))
