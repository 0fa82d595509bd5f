import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skerry_client import calls
from skerry_client.errors import ApiProblem, BadAnswer

ENVELOPE = {"as_of": "2026-11-20T12:00:00.000Z", "test_tokens": True, "last_event_id": 7}
BALANCE = {
    "owner": "o", "token": "DC", "amount": str((1 << 64) - 1), "decimals": 0, "reason": None,
    "as_of": "2026-11-20T12:00:00.000Z",
}  # fmt: skip


def answer(**changes: Any) -> bytes:
    return json.dumps(ENVELOPE | {"items": [BALANCE | changes]}).encode()


def test_a_list_is_read_with_exact_amounts_and_aware_times() -> None:
    page = calls.balances().read(200, answer())
    assert page.items[0].amount == (1 << 64) - 1
    assert page.items[0].as_of.utcoffset() is not None
    assert (page.test_tokens, page.last_event_id, page.next_cursor) == (True, 7, None)
    assert calls.balances().read(200, answer(amount=None)).items[0].amount is None


def test_members_of_a_newer_agent_are_ignored() -> None:
    assert calls.balances().read(200, answer(colour="blue")).items[0].token == "DC"


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"amount": 5}, r"items\[0\]\.amount"),
        ({"amount": "-5"}, "amount"),
        ({"amount": "9" * 41}, "amount"),
        ({"decimals": True}, r"decimals: expected int, got bool"),
        ({"decimals": None}, "decimals"),
        ({"as_of": "yesterday"}, "as_of"),
        ({"as_of": "2026-11-20T12:00:00"}, "without its zone"),
        ({"as_of": 5}, "as_of"),
        ({"reason": 5}, "reason"),
    ],
)
def test_an_answer_that_breaks_the_contract_is_refused_naming_the_place(changes: dict[str, Any], place: str) -> None:
    with pytest.raises(BadAnswer, match=place):
        calls.balances().read(200, answer(**changes))


def test_a_missing_member_is_named() -> None:
    with pytest.raises(BadAnswer, match=r"answer\.items is missing"):
        calls.balances().read(200, json.dumps(ENVELOPE).encode())
    with pytest.raises(BadAnswer, match=r"answer\.as_of is missing"):
        calls.status().read(200, b"{}")


def test_a_problem_is_raised_with_its_code_sentence_and_remedy() -> None:
    body = {"code": "E_TOKEN", "detail": "No.", "remedy": "Do.", "params": {"a": 1}, "status": 401}
    with pytest.raises(ApiProblem) as caught:
        calls.status().read(401, json.dumps(body).encode())
    error = caught.value
    assert (error.status, error.code, error.detail, error.remedy, error.params) == (
        401,
        "E_TOKEN",
        "No.",
        "Do.",
        {"a": "1"},
    )
    with pytest.raises(BadAnswer, match="502"):
        calls.status().read(502, b"<html>")
    with pytest.raises(BadAnswer, match="without a problem"):
        calls.status().read(500, b"{}")


def test_readiness_is_read_from_both_statuses() -> None:
    body = json.dumps({"status": "not_ready", "checks": {"radio": False}}).encode()
    assert calls.readiness().read(503, body).checks == {"radio": False}


def test_ids_and_queries_are_escaped() -> None:
    assert calls.explain_witness("a/b ?").target == "/api/v1/witnesses/a%2Fb%20%3F/explain"
    assert calls.packets(limit=5, device="gwmp:1&x").target == "/api/v1/packets?limit=5&device=gwmp%3A1%26x"
    call = calls.change_device("gwmp:1", region="EU868")
    assert (call.method, call.target, call.body) == ("PATCH", "/api/v1/devices/gwmp%3A1", b'{"region": "EU868"}')
    assert calls.headers("skr_x", body=True)["Authorization"] == "Bearer skr_x"
    assert "Authorization" not in calls.headers(None)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda c: st.lists(c) | st.dictionaries(st.text(), c)
)


@given(
    status=st.sampled_from([200, 400, 503]), body=st.binary(max_size=100) | JSON.map(lambda v: json.dumps(v).encode())
)
def test_whatever_comes_back_only_our_errors_are_raised(status: int, body: bytes) -> None:
    for call in (calls.status(), calls.witnesses(), calls.change_device("d", name="x")):
        with pytest.raises((ApiProblem, BadAnswer)):
            call.read(status, body)
