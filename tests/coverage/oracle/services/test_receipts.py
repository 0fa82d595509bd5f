"""Receipts on the ingest stream are invisible to clients that do not know them."""

from skerry_oracle.services.receipts import decode_receipts, encode_receipts
from skerry_wire.generated.poc_lora_pb2 import lora_stream_response_v1, lora_stream_session_offer_v1


def test_a_receipt_comes_back_and_leaves_the_known_fields_empty() -> None:
    response = lora_stream_response_v1.FromString(encode_receipts(["17", "refused bad_entropy"]))
    assert decode_receipts(response) == ["17", "refused bad_entropy"]
    assert response.WhichOneof("response") is None


def test_an_offer_carries_no_receipt() -> None:
    offer = lora_stream_response_v1(offer=lora_stream_session_offer_v1(nonce=b"n" * 32))
    assert decode_receipts(lora_stream_response_v1.FromString(offer.SerializeToString())) == []
