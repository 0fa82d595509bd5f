import pytest
from hypothesis import given
from hypothesis import strategies as st

from skerry_coverage.iot.stream import Accepted, Closed, IngestStream, SessionStarted
from skerry_keys.software import SoftwareSigner
from skerry_testing.poc import Neighbourhood
from skerry_wire.generated.poc_lora_pb2 import lora_stream_request_v1, lora_stream_session_init_v1
from skerry_wire.signing import sign_message

NONCE = b"\x0a" * 32
SESSION = SoftwareSigner.from_seed(b"\x33" * 32)


def stream() -> IngestStream:
    return IngestStream(
        network="mainnet", nonce=NONCE, offered_at_ms=0, offer_timeout_ms=5_000, session_timeout_ms=1_800_000
    )


def init(town: Neighbourhood, nonce: bytes = NONCE) -> bytes:
    message = lora_stream_session_init_v1(pub_key=town.key(0), nonce=nonce, session_key=SESSION.public_key)
    return lora_stream_request_v1(session_init=sign_message(message, town.signers[0])).SerializeToString()


def report(town: Neighbourhood) -> bytes:
    beacon = town.beacon()
    return lora_stream_request_v1(beacon_report=sign_message(beacon, SESSION)).SerializeToString()


def test_a_session_report_is_accepted_until_the_session_ends() -> None:
    town, server = Neighbourhood(1), stream()
    assert isinstance(server.receive(init(town), 10), SessionStarted)
    assert server.gateway == town.key(0)
    assert isinstance(server.receive(report(town), 20), Accepted)
    assert server.deadline_ms == 1_800_010
    assert server.expire(1_800_009) is None
    assert server.expire(1_800_010) == Closed(reason="session_timeout", at_ms=1_800_010)
    assert server.deadline_ms is None


def test_a_used_nonce_closes_the_stream() -> None:
    town, server = Neighbourhood(1), stream()
    server.receive(init(town), 10)
    assert server.receive(init(town), 20) == Closed(reason="bad_nonce", at_ms=20)
    with pytest.raises(ValueError, match="closed"):
        server.receive(init(town), 30)


def test_silence_after_the_offer_closes_the_stream() -> None:
    assert stream().receive(b"", 6_000) == Closed(reason="offer_timeout", at_ms=5_000)


@given(st.binary(max_size=300))
def test_noise_closes_the_stream_and_nothing_else_happens(raw: bytes) -> None:
    assert isinstance(stream().receive(raw, 1), Closed)
