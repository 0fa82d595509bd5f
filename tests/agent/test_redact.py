import json

import pytest

from skerry_agent.redact import redact, redact_tree


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer abcdefSECRET123",
        "skr_ab12_SECRETsecretSECRET",
        "postgres://user:SECRET@host/db",
        'password = "SECRET"',
        "wifi_password: SECRET",
        "seed=SECRET, next",
        '{"privateKey": "SECRET"}',
        "private_key = 'SECRET'",
        "-----BEGIN PRIVATE KEY-----\nSECRET\n-----END PRIVATE KEY-----",
    ],
)
def test_a_secret_is_taken_out(text: str) -> None:
    assert "SECRET" not in redact(text)
    assert "***" in redact(text)


def test_a_key_file_of_numbers_is_taken_out() -> None:
    assert redact(json.dumps(list(range(64)))) == "[***]"
    assert redact("[1, 2, 3]") == "[1, 2, 3]"


def test_ordinary_text_stays() -> None:
    text = "gw 1: link lost, 14hriz8pmxm51FGmk1nuijHz6ng9z9McfJZgsg4yxzF2H7No pays 12 DC"
    assert redact(text) == text


def test_members_are_judged_by_name_too() -> None:
    value = {"a": [{"mnemonic": ["x", "y"], "hotspot.location": "8c26", "empty_secret": "", "n": 5}], "t": "seed=x"}
    assert redact_tree(value) == {
        "a": [{"mnemonic": "***", "hotspot.location": "***", "empty_secret": "", "n": 5}],
        "t": "seed=***",
    }
