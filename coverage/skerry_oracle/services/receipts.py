"""Application receipts on the ingest stream, which the protocol itself does not have.

A client that opens the stream with the header `skerry-receipts: 1` gets one receipt per report, in order: field 15 of
`lora_stream_response_v1`, a `lora_beacon_report_resp_v1` whose `id` is the receive time in milliseconds, as in the
unary answers, or `refused <reason>`. A response carries the receipts of many reports when they come fast, so the field
repeats. Other clients never see it; the field is unknown to them in any case.
"""

from collections.abc import Iterable

from google.protobuf.message import Message
from google.protobuf.unknown_fields import UnknownFieldSet

from skerry_wire.generated.poc_lora_pb2 import lora_beacon_report_resp_v1

__all__ = ["RECEIPTS_HEADER", "decode_receipts", "encode_receipts"]

RECEIPTS_HEADER = "skerry-receipts"
_FIELD = 15
_LENGTH_DELIMITED = 2
_ONE_BYTE = 0x80  # lengths below this are encoded in one byte


def encode_receipts(texts: Iterable[str]) -> bytes:
    """Return an encoded stream response that carries receipts, in the order of their reports."""
    return b"".join(_encode(text) for text in texts)


def decode_receipts(response: Message) -> list[str]:
    """Return the receipts' texts that a response carries; none in an offer."""
    return [
        str(lora_beacon_report_resp_v1.FromString(unknown.data).id)
        for unknown in UnknownFieldSet(response)  # type: ignore[attr-defined]  # it is a sequence
        if unknown.field_number == _FIELD and unknown.wire_type == _LENGTH_DELIMITED
    ]


def _encode(text: str) -> bytes:
    body = lora_beacon_report_resp_v1(id=text).SerializeToString()
    assert len(body) < _ONE_BYTE
    return bytes([_FIELD << 3 | _LENGTH_DELIMITED, len(body)]) + body
