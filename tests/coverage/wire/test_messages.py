import pytest
from hypothesis import given
from hypothesis import strategies as st

from skerry_wire.errors import MessageRejected
from skerry_wire.fields import fill, to_fields
from skerry_wire.generated.poc_lora_pb2 import lora_stream_request_v1, lora_witness_report_req_v1
from skerry_wire.messages import MAX_MESSAGE_BYTES, message_class, message_classes, parse


@given(st.sampled_from(sorted(message_classes())), st.binary(max_size=120))
def test_any_bytes_are_a_message_or_rejected(name: str, raw: bytes) -> None:
    reason = None
    try:
        to_fields(parse(message_class(name), raw))
    except MessageRejected as error:
        reason = error.reason
    assert reason in {None, "not_protobuf"}


def test_an_unknown_message_and_an_oversize_one_are_rejected() -> None:
    with pytest.raises(MessageRejected, match="unknown_message"):
        message_class("lora_nothing_v1")
    with pytest.raises(MessageRejected, match="too_large"):
        parse(lora_stream_request_v1, bytes(MAX_MESSAGE_BYTES + 1))


@pytest.mark.parametrize(
    "fields",
    [
        {"nothing": 1},
        {"datarate": "SF1BW1"},
        {"pub_key": "not an address"},
        {"data_hex": "zz"},
        {"signal": "loud"},
        {"frequency": -1},
        {"tmst": 1 << 40},
    ],
)
def test_a_field_that_does_not_fit_is_named(fields: dict[str, object]) -> None:
    with pytest.raises(MessageRejected, match=f"bad_field.*{next(iter(fields))}"):
        fill(lora_witness_report_req_v1(), fields)


def test_a_broken_key_in_a_report_is_shown_as_it_came() -> None:
    assert to_fields(lora_witness_report_req_v1(pub_key=b"\xff\x01"))["pub_key"] == "ff01"
