"""Helium claims over real HTTP: hotspots from DAS, pending from oracles, claims that only honest signatures make."""

from pathlib import Path

import pytest

from skerry_agent.wallet.helium_assets import canopy_depth
from skerry_testing.cli import skerry
from skerry_testing.helium_server import CANOPY, ENTITY_KEYS, HeliumServer, owner_home, serving, tree_account
from skerry_wallet.helium.errors import HeliumRejected
from skerry_wallet.helium.transaction_decode import decode_transaction


@pytest.fixture
def wallet(tmp_path: Path) -> tuple[Path, str, list[str]]:
    return owner_home(tmp_path)


def test_pending_is_the_upper_median_less_what_was_paid_and_a_dry_run_sends_nothing(
    wallet: tuple[Path, str, list[str]],
) -> None:
    home, owner, _ = wallet
    server = HeliumServer(owner=owner)
    server.lifetime = [{ENTITY_KEYS[0]: 500, ENTITY_KEYS[1]: 70}, {ENTITY_KEYS[0]: 510, ENTITY_KEYS[1]: 70}]
    server.paid = {ENTITY_KEYS[0]: 400, ENTITY_KEYS[1]: 70}
    with serving(server):
        ran = skerry(home, "rewards", "claim-helium", "mine", "--cluster", server.url, "--json")
        text = skerry(home, "rewards", "claim-helium", "mine", "--cluster", server.url)
    assert ran.code == 0, ran.err
    assert [one["pending_bones"] for one in ran.json["hotspots"]] == [110, 0, 0]
    assert (ran.json["pending_bones"], ran.json["committed"]) == (110, False)
    (claim,) = ran.json["claims"]
    assert (claim["hotspot"], claim["simulation"]) == (ENTITY_KEYS[0], "ok")
    kinds = [effect.split(" ")[0] for effect in claim["effects"]]
    assert kinds.count("check") == 2
    assert claim["effects"][-1].startswith("lazy distributor.distribute compression rewards v0")
    assert claim["fee_lamports"] == 5_000 * 3 + 1
    assert "dry run" in text.out
    assert server.sent == []


def test_a_committed_claim_is_signed_by_the_owner_and_sent_once(wallet: tuple[Path, str, list[str]]) -> None:
    home, owner, secret = wallet
    server = HeliumServer(owner=owner)
    server.lifetime = [{ENTITY_KEYS[2]: 900}, {ENTITY_KEYS[2]: 900}]
    server.paid = {ENTITY_KEYS[2]: 1}
    with serving(server):
        ran = skerry(
            home, "rewards", "claim-helium", "mine", "--cluster", server.url, "--commit", *secret, "--json"
        )  # fmt: skip
    assert ran.code == 0, ran.out
    (claim,) = ran.json["claims"]
    assert claim["state"] == "final"
    (raw,) = server.sent
    decoded = decode_transaction(raw)
    assert decoded.signatures_valid == (True,)
    assert decoded.static_keys[0] == owner


def test_a_first_claim_makes_the_recipient_account_before_it_claims(wallet: tuple[Path, str, list[str]]) -> None:
    home, owner, _ = wallet
    server = HeliumServer(owner=owner)
    server.lifetime = [{ENTITY_KEYS[0]: 900}, {ENTITY_KEYS[0]: 900}]
    with serving(server):
        ran = skerry(home, "rewards", "claim-helium", "mine", "--cluster", server.url, "--json")
    (claim,) = ran.json["claims"]
    assert claim["simulation"] == "ok"
    assert any("initialize compression recipient" in effect for effect in claim["effects"])


def test_an_oracle_that_signs_with_another_key_claims_nothing(wallet: tuple[Path, str, list[str]]) -> None:
    home, owner, secret = wallet
    server = HeliumServer(owner=owner, forge=True)
    server.lifetime = [{ENTITY_KEYS[0]: 900}, {ENTITY_KEYS[0]: 900}]
    server.paid = {ENTITY_KEYS[0]: 1}
    with serving(server):
        ran = skerry(home, "rewards", "claim-helium", "mine", "--cluster", server.url, "--commit", *secret, "--json")
    assert ran.code == 5
    (claim,) = ran.json["claims"]
    assert claim["state"] == "failed"
    assert "bad_signature" in claim["reason"]
    assert server.sent == []


def test_the_canopy_follows_from_the_size_of_the_tree_account() -> None:
    tree = tree_account()
    assert canopy_depth(tree) == CANOPY
    for damaged in (tree[:-32], tree[:-1], tree[:60], b"\x02" + tree[1:], b""):
        with pytest.raises(HeliumRejected):
            canopy_depth(damaged)
