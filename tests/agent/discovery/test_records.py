import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skerry_agent.discovery.records import ANY, CATALOGUE, PTR, SERVICE, SRV, TXT, A, Service, announcement, answer

SERVICE_HERE = Service(id="a1b2", port=8474, version="0.1.0", tls=True, addresses=("192.168.1.7",))


def name(text: str) -> bytes:
    return b"".join(bytes([len(label)]) + label.encode() for label in text.split(".")) + b"\0"


def query(*questions: tuple[str, int], flags: int = 0) -> bytes:
    body = b"".join(name(text) + struct.pack("!2H", kind, 1) for text, kind in questions)
    return struct.pack("!6H", 0, flags, len(questions), 0, 0, 0) + body


def kinds(message: bytes | None) -> list[int]:
    """Read the record types of a response without names that point elsewhere."""
    assert message is not None
    _, flags, questions, answers, _, _ = struct.unpack_from("!6H", message)
    assert (flags, questions) == (0x8400, 0)
    place, found = 12, []
    for _ in range(answers):
        while message[place]:
            place += 1 + message[place]
        kind, _, _, length = struct.unpack_from("!2HIH", message, place + 1)
        found.append(kind)
        place += 11 + length
    assert place == len(message)
    return found


def test_whoever_looks_for_agents_gets_everything_at_once() -> None:
    message = answer(query((SERVICE, PTR)), SERVICE_HERE)
    assert kinds(message) == [PTR, SRV, TXT, A]
    assert message is not None
    assert b"\x07id=a1b2" in message
    assert b"\x05tls=1" in message
    assert bytes([192, 168, 1, 7]) in message
    assert struct.pack("!3H", 0, 0, 8474) in message


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ((CATALOGUE, PTR), [PTR]),
        ((SERVICE.upper(), PTR), [PTR, SRV, TXT, A]),
        ((SERVICE_HERE.instance, SRV), [SRV, A]),
        ((SERVICE_HERE.instance, TXT), [TXT]),
        ((SERVICE_HERE.instance, ANY), [SRV, TXT, A]),
        ((SERVICE_HERE.host, A), [A]),
    ],
)
def test_each_question_gets_its_records(question: tuple[str, int], expected: list[int]) -> None:
    assert kinds(answer(query(question), SERVICE_HERE)) == expected


def test_questions_about_others_and_responses_are_not_answered() -> None:
    assert answer(query(("_http._tcp.local", PTR)), SERVICE_HERE) is None
    assert answer(query((SERVICE, A)), SERVICE_HERE) is None
    assert answer(query((SERVICE, PTR), flags=0x8400), SERVICE_HERE) is None
    assert answer(query(*[(SERVICE, PTR)] * 33), SERVICE_HERE) is None


def test_a_name_that_points_to_an_earlier_one_is_read_and_a_loop_is_not() -> None:
    pointed = struct.pack("!6H", 0, 0, 2, 0, 0, 0) + name("x.local") + struct.pack("!2H", A, 1)
    place = len(pointed)
    pointed += name(SERVICE) + struct.pack("!2H", TXT, 1)
    twice = struct.pack("!6H", 0, 0, 3, 0, 0, 0) + pointed[12:] + struct.pack("!3H", 0xC000 | place, PTR, 1)
    assert kinds(answer(twice, SERVICE_HERE)) == [PTR, SRV, TXT, A]
    loop = struct.pack("!6H", 0, 0, 1, 0, 0, 0) + b"\xc0\x0c" + struct.pack("!2H", PTR, 1)
    assert answer(loop, SERVICE_HERE) is None


def test_leaving_gives_every_record_a_lifetime_of_zero() -> None:
    staying, leaving = announcement(SERVICE_HERE), announcement(SERVICE_HERE, leaving=True)
    assert kinds(leaving) == kinds(staying)
    assert staying.replace(struct.pack("!I", 120), struct.pack("!I", 0)) == leaving


@given(st.binary(max_size=200) | st.binary(max_size=60).map(lambda tail: query((SERVICE, PTR))[:12] + tail))
def test_any_bytes_give_an_answer_or_none(raw: bytes) -> None:
    assert answer(raw, SERVICE_HERE) is None or kinds(answer(raw, SERVICE_HERE))
