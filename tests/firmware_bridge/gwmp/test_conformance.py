"""The gwmp kinds answer whatever a case holds with a result or the field's own term, never with another error."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skerry_core.conformance import CaseError
from skerry_firmware_bridge.gwmp.conformance import KINDS as OURS
from skerry_simulate.conformance import KINDS as FORWARDERS
from skerry_testing.gwmp import EUI, rxpk
from skerry_testing.vectors import cases

HEADERS = {
    "rxpk": b"\x02\0\1\0" + EUI,
    "stat": b"\x02\0\1\0" + EUI,
    "txpk": b"\x02\0\1\3",
    "txpk_ack": b"\x02\0\1\5" + EUI,
}
ODD: list[Any] = [
    None, True, False, 0, -1, 1, 2**31, 2**32, 2**63, 2**64, 10**400, 0.5, -0.0, 1e308, 1_000_000.0, "", "0", "868.1",
    "SF7BW125", "immediate", "NONE", "\0", "\ud800", "QQ", "QQ==", "Q", "@@", [], [1], [{}], {}, {"a": {}}, [[]],
]  # fmt: skip
TERMS = {"invalid_json", "invalid_length"}


def objects(kind: str) -> list[tuple[str, dict[str, Any]]]:
    """Return the JSON objects in the datagrams of the public cases, by the member that holds them."""
    found = []
    for case in cases(kind)["cases"]:
        raw = bytes.fromhex(case["in"]["datagram_hex"])
        text = raw[raw.find(b"{") :].rstrip(b"\0") if b"{" in raw else b"{}"
        try:
            content = json.loads(text)
        except ValueError:
            continue
        found += [("rxpk", one) for one in content.get("rxpk", []) if isinstance(one, dict)]
        found += [(name, content[name]) for name in ("stat", "txpk", "txpk_ack") if isinstance(content.get(name), dict)]
    return found


OBJECTS = [*objects("gwmp.decode"), *objects("gwmp.captured")]


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_a_member_of_any_kind_is_read_or_refused_by_name(data: st.DataObject) -> None:
    holder, whole = data.draw(st.sampled_from(OBJECTS))
    changed = dict(whole)
    for name in data.draw(st.lists(st.sampled_from(sorted(whole)), max_size=3) if whole else st.just([])):
        changed[name] = data.draw(st.sampled_from(ODD))
    content = {holder: [changed] if holder == "rxpk" else changed}
    raw = HEADERS[holder] + json.dumps(content).encode() + data.draw(st.sampled_from([b"", b"\0", b"\0\0", b"x"]))
    for kind in ("gwmp.decode", "gwmp.captured"):
        run(kind, {"datagram_hex": raw.hex()})
    if holder == "txpk":
        run("gwmp.txpk", {"txpk": changed})
        forwarder = {"tx_enabled": [True, False], "freq_min_hz": 1, "freq_max_hz": 10**9, "lut_dbm": [0, 14]}
        body = json.dumps(content)
        run(
            "gwmp.forwarder",
            {"token": 1, "mac_hex": EUI.hex(), "body": body, "forwarder": forwarder | {"counter_us": 5}},
        )
    if holder == "txpk_ack":
        run("gwmp.tx_ack", {"body": json.dumps(content)})


def run(kind: str, case: Mapping[str, Any]) -> dict[str, Any] | str:
    """Return a case's result or its error term."""
    try:
        return dict((OURS | FORWARDERS)[kind].run(case))
    except CaseError as error:
        reason = error.reason
    assert reason in TERMS
    return reason


@pytest.mark.parametrize("odd", [5, "text", {}, True])
def test_packets_that_are_no_list_are_invalid(odd: object) -> None:
    raw = HEADERS["rxpk"] + json.dumps({"rxpk": odd}).encode()
    assert run("gwmp.captured", {"datagram_hex": raw.hex()}) == "invalid_json"


def test_whole_numbers_may_be_written_with_a_point() -> None:
    raw = HEADERS["txpk"] + json.dumps({"txpk": {"tmst": 5.0, "datr": 50000.0, "modu": "FSK", "rfch": 0}}).encode()
    out = run("gwmp.captured", {"datagram_hex": raw.hex()})
    assert isinstance(out, dict)
    assert (out["downlink"]["tmst"], out["downlink"]["bit_rate"]) == (5, 50000)


@pytest.mark.parametrize(("tail", "error"), [(b"", None), (b"\0", None), (b"\0\0", "invalid_json")])
def test_one_nul_may_follow_the_json(tail: bytes, error: str | None) -> None:
    raw = HEADERS["rxpk"] + json.dumps({"rxpk": [rxpk()]}).encode() + tail
    found = run("gwmp.decode", {"datagram_hex": raw.hex()})
    assert (found if isinstance(found, str) else None) == error


@pytest.mark.parametrize("data", ["IHLF2EA", "IHLF2EA+n8B=", "IHLF2EA_", "@@@@", 5])
def test_helium_reads_padded_base64_only(data: object) -> None:
    whole = cases("gwmp.txpk")["cases"][1]["in"]["txpk"]
    assert isinstance(run("gwmp.txpk", {"txpk": whole}), dict)
    assert run("gwmp.txpk", {"txpk": whole | {"data": data}}) == "invalid_json"


def test_a_forwarder_tells_of_gps_time_before_it_reads_anything_else_and_sends_what_it_cannot_decode() -> None:
    settings_ = {"tx_enabled": [True], "freq_min_hz": 1, "freq_max_hz": 10**9, "lut_dbm": [14], "counter_us": 5}
    for txpk, answer in (
        ({"tmms": 5, "data": "@@"}, '{"txpk_ack":{"error":"GPS_UNLOCKED"}}'),
        ({"imme": True, "freq": 868.1, "rfch": 0, "powe": 14, "modu": "LORA", "datr": "SF7BW125", "codr": "4/5",
          "size": 3, "data": "@@"}, ""),
    ):  # fmt: skip
        body = json.dumps({"txpk": txpk})
        out = run("gwmp.forwarder", {"token": 1, "mac_hex": EUI.hex(), "body": body, "forwarder": settings_})
        assert isinstance(out, dict)
        assert bytes.fromhex(out["datagram_hex"])[12:].decode() == answer


def test_a_packet_with_antennas_and_half_a_signal_of_its_own_takes_the_antennas() -> None:
    whole = rxpk(aesk=0, brd=0, jver=2, rssi=-10, lsnr=None, rsig=[{"ant": 0, "chan": 1, "rssic": -90, "lsnr": 5.5}])
    out = run("gwmp.rxpk", {"rxpk": whole, "region_known": True})
    assert isinstance(out, dict)
    assert (out["version"], out["rssi_dbm"], out["snr_db"]) == (2, -90, 5.5)


def test_what_a_timing_case_leaves_out_is_null() -> None:
    assert run("gwmp.timing", {}) == {"context_hex": None, "downlink_tmst": None, "gps_s": None}
