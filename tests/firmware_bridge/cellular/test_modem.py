"""A modem's readings over time: what it leaves out is None, and the last signal keeps its age."""

from random import Random

from skerry_firmware_bridge.cellular.engine import open_engine
from skerry_firmware_bridge.cellular.modem import ModemSession
from skerry_firmware_bridge.device import Values
from skerry_simulate.clock import SimulatedClock
from skerry_simulate.devices.memory import FirmwareLink
from skerry_simulate.devices.modem import ModemFirmware, generic_lte, quectel_rm520n, quectel_rm520n_nsa
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
        assert (first["signal_state"], second["signal_state"]) == ("fresh", "stale")
        assert (first["last_cell"], first["last_cell_age_s"]) == ("nr n78 634080/262", 0)
        assert (second["last_cell"], second["last_cell_age_s"]) == ("nr n78 634080/262", 42)

    simulated(main)


def _first_reading(firmware: ModemFirmware) -> Values:
    async def main(clock: SimulatedClock) -> Values:
        link = FirmwareLink(firmware, clock=clock, random=Random(1))
        async with open_engine(link, clock=clock) as engine:
            session = ModemSession(engine, clock=clock)
            return await session.identify() | await session.read()

    return simulated(main)


def test_a_plain_modem_is_asked_to_tell_area_cell_and_technology() -> None:
    values = _first_reading(generic_lte(Random(1)))
    assert (values["tac"], values["cell_id"], values["access_technology"]) == (0x0BFF, 0x1C36403, "lte")
    assert values["last_cell"] == f"lte {0x0BFF}/{0x1C36403}"


def test_both_legs_of_a_non_standalone_cell_are_read_and_neighbours_are_named() -> None:
    firmware = quectel_rm520n(Random(1))
    firmware.replies["AT+C5GREG?"] = "0"
    firmware.replies["AT+CEREG?"] = '1,"0BFF","01C36403",13'
    firmware.replies['AT+QENG="SERVINGCELL"'] = (
        '+QENG: "servingcell","NOCONN"\n'
        '+QENG: "LTE","FDD",001,01,1C36403,246,1300,3,5,5,BFF,-93,-11,-61,21,15,100,-\n'
        '+QENG:"NR5G-NSA",001,01,747,-88,13,-11,627264,0,12,1'
    )
    values = _first_reading(firmware)
    assert (values["mode"], values["lte_rsrp_dbm"], values["lte_cell_id"]) == ("en_dc", -93, 0x1C36403)
    # band 0 beside the right channel: guessed, and said so
    assert (values["nr_band"], values["nr_band_inferred"], values["nr_rsrp_dbm"], values["nr_sinr_db"]) == (
        78,
        1,
        -88,
        13,
    )
    assert (values["registration"], values["access_technology"]) == ("home", "en_dc")
    assert values["neighbour_cells"] == "nr 634080/263 -101 dBm"


def test_the_emulated_modem_on_two_legs_tells_both() -> None:
    values = _first_reading(quectel_rm520n_nsa(Random(1)))
    assert (values["mode"], values["access_technology"], values["registration"]) == ("en_dc", "en_dc", "home")
    assert (values["lte_band"], values["nr_band"], values["nr_sinr_db"]) == (3, 78, 17)
    assert isinstance(values["nr_rsrp_dbm"], int)
    assert values["lte_rsrp_dbm"] == values["nr_rsrp_dbm"] + 6


def test_fields_that_say_nothing_are_none_and_never_a_number() -> None:
    firmware = quectel_rm520n(Random(1))
    firmware.replies['AT+QENG="SERVINGCELL"'] = (
        '+QENG: "servingcell","CONNECT","NR5G-SA","TDD",001,01,12AA54086,262,15EC,634080,78,12,-140,0,-32768,1,-'
    )
    values = _first_reading(firmware)
    assert [values[f"nr_{name}"] for name in ("rsrp_dbm", "rsrq_db", "sinr_db")] == [None, None, None]
    assert values["signal_dbm"] is None


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
