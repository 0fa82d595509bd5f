import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.signing import SigningKey

from skerry_keys import base58_text
from skerry_wallet.economy.dc_runway import alert_due, dc_runway
from skerry_wallet.helium.address import to_text
from skerry_wallet.helium.claim_transaction import attestation_message
from skerry_wallet.helium.das import (
    is_not_found,
    leaf_of,
    parse_asset,
    parse_asset_page,
    proof_request,
    search_hotspots_request,
)
from skerry_wallet.helium.errors import HeliumRejected
from skerry_wallet.helium.oracle_api import (
    Oracle,
    bulk_rewards_requests,
    oracles_of,
    parse_attestation,
    parse_bulk_rewards,
    sign_request,
)

ASSET, TREE, OWNER = (to_text(bytes([number]) * 32) for number in (7, 8, 9))
ORACLE_KEY = SigningKey(bytes([3]) * 32)
ORACLE = Oracle(index=0, address=to_text(bytes(ORACLE_KEY.verify_key)), url="https://oracle.example")
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def item(**changes: Any) -> dict[str, Any]:
    hashed = base58_text.encode(bytes([5]) * 32)
    return {
        "id": ASSET,
        "content": {"metadata": {"name": "feisty-glass-dalmatian", "symbol": "HOTSPOT"}},
        "compression": {"data_hash": hashed, "creator_hash": hashed + " ", "leaf_id": 12, "tree": TREE},
        "ownership": {"owner": OWNER, "delegate": None},
        "creators": [{"address": ASSET}, {"address": TREE}],
        "burnt": False,
    } | changes


def attestation(*, asset: str = ASSET, index: int = 0, key: SigningKey = ORACLE_KEY) -> dict[str, Any]:
    message = attestation_message(token="hnt", asset=asset, oracle_index=index, current_rewards=99)
    encoded = [base64.b64encode(part).decode() for part in (message, key.sign(message).signature)]
    return {"oracle": ORACLE.address, "messages": [{"serialized": encoded[0], "signature": encoded[1]}]}


def test_a_hotspot_is_read_with_its_owner_as_delegate() -> None:
    (asset,) = parse_asset_page({"items": [item()]})
    assert (asset.owner, asset.delegate, asset.index, asset.key_to_asset) == (OWNER, OWNER, 12, TREE)
    assert asset.is_hotspot
    assert not parse_asset(item(burnt=True)).is_hotspot


def test_a_proof_of_another_tree_is_refused() -> None:
    asset = parse_asset(item())
    proof = {"tree_id": TREE, "root": OWNER, "proof": [ASSET, OWNER]}
    assert leaf_of(asset, proof, 1).proof == (ASSET, OWNER)
    for broken in ({**proof, "tree_id": OWNER}, {}, {**proof, "proof": None}):
        with pytest.raises(HeliumRejected, match="bad_answer"):
            leaf_of(asset, broken, 1)


@given(JSON_VALUES)
def test_any_answer_is_read_or_refused(answer: Any) -> None:
    for parse in (
        parse_asset_page,
        parse_asset,
        lambda value: parse_asset(item(compression=value)),
        lambda value: parse_asset(item(creators=value)),
        lambda value: parse_bulk_rewards(value, ["a"]),
        lambda value: parse_bulk_rewards({"currentRewards": {"a": value}}, ["a"]),
        lambda value: parse_attestation(value, ORACLE, token="hnt", asset=ASSET),
        lambda value: parse_attestation({"messages": [value]}, ORACLE, token="hnt", asset=ASSET),
    ):
        try:
            parse(answer)
        except HeliumRejected:
            continue
    is_not_found(answer)


def test_requests_carry_what_the_services_expect() -> None:
    search = search_hotspots_request(OWNER, 2)
    assert search["params"]["creatorAddress"] == "Fv5hf1Fg58htfC7YEXKNEfkpuogUUQDDTLgjGWxxv48H"
    assert (search["method"], search["params"]["page"]) == ("searchAssets", 2)
    assert proof_request([ASSET])["params"] == {"ids": [ASSET]}
    assert [len(body["entityKeys"]) for body in bulk_rewards_requests(["k"] * 250)] == [100, 100, 50]
    assert sign_request(TREE) == {"keyToAssetKeys": [TREE]}
    assert is_not_found({"message": "Database Error: RecordNotFound: x"})


def test_rewards_are_numbers_or_text_and_absent_keys_are_zero() -> None:
    answer = {"currentRewards": {"a": "18446744073709551615", "b": 7}}
    assert parse_bulk_rewards(answer, ["a", "b", "c"]) == {"a": 2**64 - 1, "b": 7, "c": 0}


def test_an_oracles_signed_value_is_accepted_for_its_slot_only() -> None:
    assert parse_attestation(attestation(), ORACLE, token="hnt", asset=ASSET).oracle == ORACLE.address
    for answer, reason in (
        (attestation(index=1), "wrong_attestation"),
        (attestation(asset=OWNER), "wrong_attestation"),
        (attestation(key=SigningKey(bytes(32))), "bad_signature"),
        ({"messages": [{"serialized": "!", "signature": ""}]}, "bad_answer"),
    ):
        with pytest.raises(HeliumRejected, match=reason):
            parse_attestation(answer, ORACLE, token="hnt", asset=ASSET)


def test_oracles_are_numbered_in_list_order() -> None:
    listed = oracles_of({"oracles": [{"oracle": ASSET, "url": "https://a/"}, {"oracle": TREE, "url": "https://b"}]})
    assert [(one.index, one.url) for one in listed] == [(0, "https://a"), (1, "https://b")]


def test_credits_last_at_the_higher_of_the_last_day_and_the_last_thirty() -> None:
    assert dc_runway(1_000, []).days_left is None
    assert dc_runway(1_000, [0, 0]).alert_days is None
    steady = dc_runway(1_450, [1_000_000, *[100] * 30])
    assert (steady.days_left, steady.alert_days, steady.burned_per_day_milli_dc) == (14, 14, 100_000)
    grown = dc_runway(1_450, [*[100] * 29, 300])
    assert (grown.days_left, grown.burned_per_day_milli_dc) == (4, 300_000)
    quiet = dc_runway(1_450, [200, 0])
    assert (quiet.days_left, quiet.alert_days) == (14, 14)
    assert dc_runway(750, [100]).alert_days == 7
    assert dc_runway(150, [100]).alert_days == 1
    assert dc_runway(0, [1]).days_left == 0


def test_each_alert_is_sent_once_until_the_balance_has_grown_by_a_fifth() -> None:
    week = dc_runway(700, [100])
    assert alert_due(week, last_alert_days=None, balance_then_dc=0) == 7
    assert alert_due(week, last_alert_days=7, balance_then_dc=710) is None
    assert alert_due(week, last_alert_days=14, balance_then_dc=1_400) == 7
    assert alert_due(dc_runway(720, [100]), last_alert_days=7, balance_then_dc=600) == 7
    assert alert_due(dc_runway(719, [100]), last_alert_days=7, balance_then_dc=600) is None
    assert alert_due(dc_runway(9_000, [100]), last_alert_days=7, balance_then_dc=600) is None
