"""The strict reading refuses and accepts what Helium's own parser does."""

import json
from typing import Any

import pytest

from skerry_core.conformance import CaseError
from skerry_firmware_bridge.gwmp.conformance import KINDS
from skerry_firmware_bridge.gwmp.strict import is_first_form
from skerry_testing.gwmp import EUI, rxpk

TXPK = {
    "imme": True, "freq": 868.1, "rfch": 0, "powe": 14, "modu": "LORA", "datr": "SF7BW125", "codr": "4/5",
    "ipol": False, "prea": None, "size": 1, "data": "AQ==",
}  # fmt: skip
RSIG = {"ant": 0, "chan": 1, "rssic": -90, "lsnr": 5.5}


def run(kind: str, case: dict[str, Any]) -> dict[str, Any] | str:
    try:
        return dict(KINDS[kind].run(case))
    except CaseError as error:
        return error.reason


@pytest.mark.parametrize(
    "odd",
    [
        {"datr": "SF13BW125"}, {"datr": "SF7BW123"}, {"datr": 50000}, {"powe": -1}, {"powe": 14.0}, {"rfch": None},
        {"rfch": -1}, {"fdev": "x"}, {"prea": -8}, {"prea": 8.5}, {"size": -1}, {"ncrc": 1}, {"tmst": 1 << 32},
        {"tmms": 1 << 32}, {"imme": 1}, {"ipol": None}, {"codr": "2/3"}, {"modu": "LR-FHSS"}, {"data": "AQ"},
    ],
)  # fmt: skip
def test_a_downlink_with_a_member_of_a_wrong_kind_is_refused(odd: dict[str, Any]) -> None:
    assert run("gwmp.txpk", {"txpk": TXPK | odd}) == "invalid_json"


@pytest.mark.parametrize(
    "fine",
    [{}, {"tmst": "immediate"}, {"tmst": 5, "ncrc": True}, {"fdev": 25000, "prea": 8}, {"codr": "OFF"}, {"freq": 868}],
)
def test_a_downlink_with_every_member_of_its_kind_is_read(fine: dict[str, Any]) -> None:
    assert isinstance(run("gwmp.txpk", {"txpk": TXPK | fine}), dict)


@pytest.mark.parametrize("datarate", ["SF7BW123", "SF4BW125", "sf7bw125"])
def test_a_packet_of_an_unknown_data_rate_has_no_form(datarate: str) -> None:
    assert is_first_form(rxpk())
    assert not is_first_form(rxpk(datr=datarate))


@pytest.mark.parametrize("tail", ["\0\0", "{}\0\0"])
def test_more_than_one_nul_is_no_acknowledgement(tail: str) -> None:
    assert run("gwmp.tx_ack", {"body": tail}) == "invalid_json"


def test_a_packet_that_lacks_a_channel_of_its_own_takes_the_signal_of_its_antennas() -> None:
    whole = rxpk(aesk=0, brd=0, jver=2, rssi=-10, lsnr=1.0, chan=None, rsig=[RSIG])
    out = run("gwmp.rxpk", {"rxpk": whole, "region_known": True})
    assert isinstance(out, dict)
    assert (out["version"], out["rssi_dbm"], out["snr_db"]) == (2, -90, 5.5)


def test_a_frequency_that_is_null_is_not_given() -> None:
    assert run("gwmp.frequency", {"mhz": None, "hz": 865_062_500}) == {"mhz": 865.0625}


@pytest.mark.parametrize(
    ("ack", "error"),
    [
        ({"error": "QUEUE_FULL"}, None),
        ({"warn": "TX_POWER", "value": None}, None),
        ({}, None),
        ({"error": 5}, "invalid_json"),
        ({"tmst": -1}, "invalid_json"),
        ({"tmst": 1 << 32}, "invalid_json"),
        ([], "invalid_json"),
        (None, "invalid_json"),
    ],
)
def test_an_acknowledgement_is_told_by_the_kinds_of_its_members(ack: object, error: str | None) -> None:
    raw = b"\x02\0\1\5" + EUI + json.dumps({"txpk_ack": ack}).encode()
    found = run("gwmp.decode", {"datagram_hex": raw.hex()})
    assert found == error if error else isinstance(found, dict)
