"""The emulated forwarder reads a downlink as loosely as the real one."""

import json
from typing import Any

import pytest

from skerry_firmware_bridge.gwmp.datagram import Datagram, Kind
from skerry_simulate.forwarder_rules import Concentrator, Decision, decide

TXPK = {
    "imme": True, "freq": 868.1, "rfch": 0, "powe": 14, "modu": "LORA", "datr": "SF7BW125", "codr": "4/5", "size": 1,
    "data": "AQ==",
}  # fmt: skip


def decision(**changed: Any) -> Decision:
    members = {name: value for name, value in (TXPK | changed).items() if value != "left out"}
    question = Datagram(kind=Kind.PULL_RESP, token=1, body=json.dumps({"txpk": members}).encode())
    return decide(question, eui=bytes(8), settings=Concentrator(), counter_us=0)


@pytest.mark.parametrize(
    ("rate", "taken"),
    [
        ("SF12BW500", True), ("SF5BW125", True), ("SF07BW250", True), ("SF7BW125 and more", True),
        ("SF7BW1250", True), ("SF13BW125", False), ("SF7BW124", False), ("SF7 BW125", False), ("sf7bw125", False),
        (7, False), (None, False), ("left out", False),
    ],
)  # fmt: skip
def test_a_data_rate_is_read_like_scanf_does(rate: object, taken: bool) -> None:
    assert decision(datr=rate).transmitted == taken


@pytest.mark.parametrize(("rate", "taken"), [(50000, True), ("x", True), (None, True), ("left out", False)])
def test_any_data_rate_will_do_for_fsk_but_one_must_be_there(rate: object, taken: bool) -> None:
    assert decision(modu="FSK", codr="left out", fdev=25000, datr=rate).transmitted == taken


@pytest.mark.parametrize(
    ("ahead_us", "answer"),
    [(42_500, "TOO_LATE"), (42_501, None), (512_000_000, None), (512_000_001, "TOO_EARLY"), (0, "TOO_LATE")],
)
def test_too_late_and_too_early_begin_where_the_forwarders_do(ahead_us: int, answer: str | None) -> None:
    found = decision(imme=False, tmst=ahead_us, powe=-3)
    assert found.transmitted == (answer is None)
    content = {"warn": "TX_POWER", "value": 0} if answer is None else {"error": answer}
    assert found.answer is not None
    assert json.loads(found.answer[12:]) == {"txpk_ack": content}
