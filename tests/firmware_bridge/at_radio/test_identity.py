"""LoRa modules say who they are in the forms of their makers' manuals."""

import pytest

from skerry_firmware_bridge.at_radio.dialects import DIALECTS
from skerry_firmware_bridge.at_radio.identity import IDENTITIES, kind_of_lines


@pytest.mark.parametrize(
    ("kind", "trait", "line", "value"),
    [
        ("wio-e5", "firmware", "+VER: 4.0.11", "4.0.11"),
        ("wio-e5", "dev_eui", "+ID: DevEui, 2C:F7:F1:20:24:90:00:01", "2cf7f12024900001"),
        ("wio-e5", "dev_eui", "+ID: DevAddr, 32:30:78:26", None),
        ("rak3172", "firmware", "AT+VER=RUI_4.0.6_RAK3172-E", "RUI_4.0.6_RAK3172-E"),
        ("rak3172", "firmware", "AT+VER=3.2.0-p2", "3.2.0-p2"),
        ("rak3172", "firmware", "V1.0.4", "1.0.4"),
        ("rak3172", "firmware", "AT+VER=?", None),
        ("rak3172", "dev_eui", "AT+DEVEUI=AC1F09FFFE000001", "ac1f09fffe000001"),
        ("rak3172", "dev_eui", "OK", None),
        ("rn2483", "firmware", "RN2483 1.0.5 Oct 31 2018 15:06:52", "1.0.5"),
        ("rn2483", "firmware", "RN2903A 1.0.5 Nov 06 2018 10:45:27", "1.0.5"),
        ("rn2483", "dev_eui", "0004A30B001BC32F", "0004a30b001bc32f"),
        ("rn2483", "dev_eui", "invalid_param", None),
    ],
)
def test_a_line_is_read_as_its_maker_writes_it(kind: str, trait: str, line: str, value: str | None) -> None:
    (asked,) = (one for one in IDENTITIES[kind] if one.name == trait)
    assert asked.read(line) == value


def test_every_module_with_a_driver_can_be_identified() -> None:
    assert set(IDENTITIES) == set(DIALECTS)


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ('+TEST: RX "40"', "wio-e5"),
        ("+EVT:RXP2P:-40:9:40", "rak3172"),
        ("radio_rx  40", "rn2483"),
        ("+CREG: 1,5", None),
        ("OK", None),
    ],
)
def test_what_a_module_says_by_itself_gives_it_away(line: str, kind: str | None) -> None:
    assert kind_of_lines([line]) == kind
