import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skerry_client.errors import BadAnswer
from skerry_client.sse import ServerEvent, SseParser

STREAM = (
    b"retry: 500\r\n: hello\r\n\r\n"
    b'id: 5\nevent: packets\ndata: {"at": "x",\ndata: "data": {}}\n\n'
    b": alive\n\n"
    b'id: 9\nevent: gap\ndata: {"after": 5, "id": 9}\n\n'
)
EVENTS = [
    ServerEvent(id=5, topic="packets", data={"at": "x", "data": {}}),
    ServerEvent(id=9, topic="gap", data={"after": 5, "id": 9}),
]


@given(st.lists(st.integers(1, 30), min_size=1))
def test_events_are_the_same_however_the_bytes_are_cut(sizes: list[int]) -> None:
    parser, found, rest = SseParser(), [], STREAM
    for size in [*sizes, len(STREAM)]:
        found += parser.feed(rest[:size])
        rest = rest[size:]
    assert found == EVENTS
    assert (parser.last_id, parser.retry_ms) == (9, 500)
    assert [event.is_gap for event in found] == [False, True]


@pytest.mark.parametrize(
    "wrong",
    [b"data: {}\n\n", b"id: x\ndata: {}\n\n", b"id: 1\ndata: {\n\n", b"id: 1\ndata: []\n\n", b"id: 1\ndata: \xff\n\n"],
)
def test_an_event_that_breaks_the_contract_is_refused(wrong: bytes) -> None:
    with pytest.raises(BadAnswer):
        SseParser().feed(wrong)


@pytest.mark.parametrize("chunk", [b"a" * 70_000, b"data: " + b"a" * 70_000 + b"\n", b": " + b"a" * 70_000 + b"\n"])
def test_an_endless_event_is_refused(chunk: bytes) -> None:
    parser = SseParser()
    with pytest.raises(BadAnswer, match="too large"):
        [parser.feed(chunk) for _ in range(40)]


@given(st.lists(st.binary(max_size=60)))
def test_any_bytes_give_events_or_a_bad_answer(chunks: list[bytes]) -> None:
    parser = SseParser()
    with contextlib.suppress(BadAnswer):
        for chunk in chunks:
            parser.feed(chunk)
