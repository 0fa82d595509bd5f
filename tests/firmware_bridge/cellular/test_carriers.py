"""Networks of +QNWINFO whose technology only the band tells."""

import pytest

from skerry_firmware_bridge.cellular.carriers import read_networks


@pytest.mark.parametrize(
    ("line", "rat"),
    [
        ('+QNWINFO: "NB-IoT","26201","LTE BAND 8",3688', "lte"),
        ('+QNWINFO: "eMTC","26201","LTE BAND 20",6300', "lte"),
        ('+QNWINFO: "NR5G-SA","26201","NR N78",636666', "nr"),
    ],
)
def test_the_technology_is_that_of_the_band(line: str, rat: str) -> None:
    (network,) = read_networks([line])
    assert network.rat == rat
    assert (network.frequency_mhz is not None) == (rat == "nr")


@pytest.mark.parametrize(
    "line",
    [
        "+QNWINFO: No Service",
        "+QNWINFO:",
        "OK",
        '+QNWINFO: "FDD LTE","26201"',
        '+QNWINFO: "HSPA+","26201","WCDMA 2100",10713',
    ],
)
def test_a_line_without_a_network_of_4g_or_5g_is_none(line: str) -> None:
    assert read_networks([line]) == []
