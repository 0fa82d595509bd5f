import pytest
from hypothesis import given
from hypothesis import strategies as st

from skerry_wire.errors import MessageRejected
from skerry_wire.frames import TransmitStatus
from skerry_wire.tx_ack import parse_tx_ack


@pytest.mark.parametrize(
    ("body", "status", "power_dbm", "reason"),
    [
        (b"", "sent", None, None),
        (b"\x00", "sent", None, None),
        (b'{"txpk_ack":{}}', "sent", None, None),
        (b'{"txpk_ack":{"error":""}}\x00', "sent", None, None),
        (b'{"txpk_ack":{"error":"NONE"}}', "sent", None, None),
        (b'{"txpk_ack":{"warn":"TX_POWER","value":27}}', "adjusted", 27, None),
        (b'{"txpk_ack":{"error":"TX_POWER"}}', "failed", None, "tx_power"),
        (b'{"txpk_ack":{"warn":"TOO_LATE"}}', "failed", None, "too_late"),
        (b'{"txpk_ack":{"error":"SEND_L_B_T"}}', "failed", None, "send_lbt"),
        (b'{"txpk_ack":{"error":"SEND_LBT"}}', "failed", None, "send_lbt"),
        (b'{"txpk_ack":{"error":"TOO_LATE","warn":"TX_POWER","value":27}}', "failed", None, "too_late"),
        (b"\x00\x00", "sent", None, None),
    ],
)
def test_an_answer_is_read_as_the_protocol_says(
    body: bytes, status: str, power_dbm: int | None, reason: str | None
) -> None:
    outcome = parse_tx_ack(body)
    assert (outcome.status.value, outcome.power_dbm, outcome.reason) == (status, power_dbm, reason)


@given(st.binary(max_size=60) | st.text(max_size=40).map(lambda text: f'{{"txpk_ack":{{"{text}":1}}}}'.encode()))
def test_noise_is_rejected_or_read_and_nothing_else_happens(body: bytes) -> None:
    result: TransmitStatus | str
    try:
        result = parse_tx_ack(body).status
    except MessageRejected as error:
        result = error.reason
    assert result in {*TransmitStatus, "not_json", "bad_field"}
