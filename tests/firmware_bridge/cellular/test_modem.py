"""A modem's readings over time: what it leaves out is None, and the last signal keeps its age."""

from random import Random

from skerry_firmware_bridge.cellular.engine import open_engine
from skerry_firmware_bridge.cellular.modem import ModemSession
from skerry_simulate.clock import SimulatedClock
from skerry_simulate.devices.memory import FirmwareLink
from skerry_simulate.devices.modem import ModemFirmware, quectel_rm520n
from skerry_testing.simulated import simulated

SEARCHING = '+QENG: "servingcell","SEARCH"'


def _without_sim(firmware: ModemFirmware) -> None:
    firmware.replies["AT+CPIN?"] = "+CPIN: SIM PIN"


def test_a_signal_that_is_left_out_is_none_and_the_last_one_ages() -> None:
    async def main(clock: SimulatedClock) -> None:
        firmware = quectel_rm520n(Random(1))
        link = FirmwareLink(firmware, clock=clock, random=Random(1))
        async with open_engine(link, clock=clock) as engine:
            session = ModemSession(engine, clock=clock)
            await session.identify()
            first = await session.read()
            firmware.replies['AT+QENG="SERVINGCELL"'] = SEARCHING
            firmware.replies["AT+QCAINFO"] = ""
            await clock.sleep(42)
            second = await session.read()
        assert (first["signal_dbm"], first["signal_age_s"]) == (first["nr_rsrp_dbm"], 0)
        assert (second["nr_rsrp_dbm"], second["nr_band"], second["mode"]) == (None, None, None)
        assert (second["modem_state"], second["carriers"]) == ("search", None)
        assert (second["signal_dbm"], second["signal_age_s"]) == (first["signal_dbm"], 42)

    simulated(main)


def test_a_locked_sim_is_told_and_an_identity_with_a_wrong_check_digit_is_none() -> None:
    async def main(clock: SimulatedClock) -> None:
        firmware = quectel_rm520n(Random(1))
        firmware.replies["AT+CGSN"] = "123456789012345"
        _without_sim(firmware)
        link = FirmwareLink(firmware, clock=clock, random=Random(1))
        async with open_engine(link, clock=clock) as engine:
            session = ModemSession(engine, clock=clock)
            assert (await session.identify())["imei"] is None
            assert (await session.read())["sim"] == "sim pin"

    simulated(main)
