"""A private D-Bus with a small ModemManager on it, for tests of the driver and of the scan."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from skerry_firmware_bridge.cellular.modem_manager_bus import SERVICE
from skerry_simulate.devices.manager_faults import ManagerFaults
from skerry_simulate.devices.modem_manager import FakeModemManager, fake_modem_manager
from skerry_simulate.devices.private_bus import BusUnavailable, private_bus
from skerry_simulate.faults import faults_from

__all__ = ["emulated_manager"]


@asynccontextmanager
async def emulated_manager(faults: str = "") -> AsyncIterator[FakeModemManager]:
    """Run it for the length of the body with faults as on the command line; skip where no bus can be started."""
    wanted = faults_from(ManagerFaults, faults)
    try:
        async with (
            private_bus(forbidden=SERVICE if wanted.forbidden else None) as address,
            fake_modem_manager(address, faults=wanted) as running,
        ):
            yield running
    except BusUnavailable as error:
        pytest.skip(str(error))
