"""The money of a kept demo: read again by a plain JSON-RPC client, claimed, exported, compared."""

import base64
import csv
import hashlib
import io
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from skerry_agent.demo.plan import key_from_seed
from skerry_agent.demo.run import DemoOptions, run_demo
from skerry_testing.cli import skerry
from skerry_testing.soak.claim_kills import kill_claims_of
from skerry_testing.wallet import signer
from skerry_wallet.address import address_bytes, address_text
from skerry_wallet.helium.amounts import format_amount
from skerry_wallet.keyfile.solana_key import to_json
from skerry_wallet.payout.payment import ZERO_BLOCKHASH
from skerry_wallet.programs import transfer_lamports
from skerry_wallet.transaction import Instruction, compile_message, signer_key

TOKEN_PROGRAM = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("demo")
    options = DemoOptions(
        hotspots=12, epochs=1, seed=3, folder=folder, output=folder, captures=[], leave_epoch_unpaid=True
    )
    return folder, run_demo(options, lambda _fraction, _words: None).to_json()


@pytest.fixture
def kept(demo: tuple[Path, dict[str, Any]], tmp_path: Path) -> Path:
    return Path(shutil.copytree(demo[0], tmp_path / "kept"))


@contextmanager
def chain_served(folder: Path) -> Iterator[str]:
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-m", "skerry_agent.cli", "chain", "serve", "--dir", str(folder), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environ) as child:
        assert child.stdout is not None
        try:
            yield child.stdout.readline().strip()
        finally:
            child.terminate()


def ask(url: str, method: str, *params: Any) -> Any:
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
    request = urllib.request.Request(url, data=body, headers={"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.load(answer)["result"]


def exported(kept: Path) -> list[dict[str, str]]:
    ran = skerry(kept, "rewards", "export")
    assert ran.code == 0, ran.err
    return list(csv.DictReader(io.StringIO(ran.out)))


def test_a_second_program_reads_the_same_balances_from_the_kept_chain(
    demo: tuple[Path, dict[str, Any]], kept: Path
) -> None:
    paid = demo[1]["paid"]
    rows = exported(kept)
    mints = {row["token"]: row["mint"] for row in rows}
    booked: Counter[tuple[str, str]] = Counter()
    for row in rows:
        booked[row["account"], row["token"]] += int(row["amount_base_units"])
    owners = {
        account.removeprefix("owner:"): 0
        for account, token in booked
        if account.startswith("owner:") and token in ("demo-IOT", "demo-DC")
    }
    with chain_served(kept) as url:
        assert int(ask(url, "getTokenSupply", mints["demo-IOT"])["value"]["amount"]) == paid["demo-IOT"] > 0
        assert sum(amount for token, amount in paid.items() if token != "demo-IOT") == 0
        burned = booked["burned", "demo-DC"]
        assert burned == demo[1]["dc_burned"] > 0
        left = -booked["emission", "demo-DC"] - burned
        assert int(ask(url, "getTokenSupply", mints["demo-DC"])["value"]["amount"]) == left
        for owner in owners:
            found = ask(url, "getTokenAccountsByOwner", owner, {"programId": TOKEN_PROGRAM}, {"encoding": "jsonParsed"})
            for account in found["value"]:
                info = account["account"]["data"]["parsed"]["info"]
                token = next(name for name, mint in mints.items() if mint == info["mint"])
                assert int(info["tokenAmount"]["amount"]) == booked["owner:" + owner, token]
                owners[owner] += 1
    assert len(owners) == 12  # eleven paid owners (one hotspot was never admitted) and the data payer
    assert min(owners.values()) == 1


def test_the_balances_of_the_command_line_are_those_of_the_ledger(kept: Path) -> None:
    answer = skerry(kept, "wallet", "balance", "--all-owners", "--json").json
    assert (answer["test_tokens"], answer["source"]) == (True, "embedded chain")
    booked: Counter[tuple[str, str]] = Counter()
    for row in exported(kept):
        booked[row["account"], row["token"]] += int(row["amount_base_units"])
    checked = 0
    for item in answer["items"]:
        if item["token"] != "SOL":
            assert int(item["base_units"]) == booked["owner:" + item["owner"], item["token"]]
            checked += int(item["base_units"]) > 0
    assert checked == 12
    own = skerry(kept, "wallet", "balance", "--json").json["items"]
    assert len({item["owner"] for item in own}) == 1


def test_a_claim_shows_its_transactions_and_pays_nothing_before_commit(kept: Path) -> None:
    before = skerry(kept, "wallet", "balance", "--all-owners", "--json").out
    shown = skerry(kept, "rewards", "claim", "--json").json
    assert (shown["committed"], shown["ledger_matches_chain"]) == (False, True)
    pending = shown["pending"]
    assert sum(pending["owed"].values()) == pending["total"] > 0
    assert pending["fee_lamports"] == sum(one["fee_lamports"] for one in pending["transactions"]) > 0
    assert pending["transactions"][0]["simulation"] == "ok"
    assert all(one["size_bytes"] <= 1232 for one in pending["transactions"])
    minted = [effect for one in pending["transactions"] for effect in one["effects"] if effect.startswith("mint ")]
    assert len(minted) == len(pending["owed"])
    text = skerry(kept, "rewards", "claim")
    assert "dry run" in text.out
    assert format_amount(pending["fee_lamports"], 9) in text.out
    assert skerry(kept, "wallet", "balance", "--all-owners", "--json").out == before

    done = skerry(kept, "rewards", "claim", "--commit", "--json")
    assert done.code == 0, done.err
    assert (done.json["ledger_matches_chain"], done.json["unknown"], done.json["refused"]) == (True, [], {})
    assert len(done.json["signatures"]) == len(pending["transactions"])
    again = skerry(kept, "rewards", "claim", "--commit", "--json").json
    assert (again["pending"], again["ledger_matches_chain"]) == (None, True)
    books = skerry(kept, "rewards", "reconcile", "--json")
    assert (books.code, books.json["agree"]) == (0, True)
    for owner in books.json["owners"]:
        assert owner["held"] == owner["stated"]
        assert owner["pending"] == 0
    held = {owner["owner"]: owner["held"] for owner in books.json["owners"]}
    old = {i["owner"]: int(i["base_units"]) for i in json.loads(before)["items"] if i["token"] == "demo-IOT"}
    assert all(held[owner] == old[owner] + amount for owner, amount in pending["owed"].items())


def test_what_an_owner_sends_is_named_by_the_reconciliation(kept: Path, tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("correct horse\n")
    secret = ["--password-file", str(password)]
    keypair = tmp_path / "owner.json"
    keypair.touch(mode=0o600)
    seed = hashlib.sha256(b"skerry demo 3 owner 0").digest()
    keypair.write_text(to_json(seed))
    owner = address_text(key_from_seed(3, "owner 0").public_key[1:])
    assert skerry(kept, "wallet", "import", "mine", "--keypair-file", str(keypair), *secret).code == 0
    assert skerry(kept, "chain", "airdrop", owner, "1").code == 0
    created = skerry(kept, "wallet", "create", "cold", "--sheet", str(tmp_path / "sheet"), *secret, "--json")
    cold = created.json["solana_address"]
    send = ["wallet", "send", "mine", cold, "1.5", "demo-IOT"]

    dry = skerry(kept, *send, "--json").json
    assert (dry["committed"], dry["simulation"], dry["destinations"]) == (False, "ok", [cold])
    assert dry["rent_lamports"] == 2_039_280
    assert {one["code"] for one in dry["warnings"]} == {"receiver_never_used", "receiver_new_to_you"}
    assert skerry(kept, "rewards", "reconcile").code == 0

    sent = skerry(kept, *send, "--commit", *secret, "--json")
    assert (sent.code, sent.json["state"]) == (0, "final"), sent.err
    books = skerry(kept, "rewards", "reconcile", "--json")
    assert (books.code, books.json["agree"]) == (5, False)
    (finding,) = [one for one in books.json["owners"] if one["finding"]]
    assert finding["owner"] == owner
    assert finding["finding"].startswith("1500000 base units left the wallet")
    second = skerry(kept, *send, "--json").json
    assert "receiver_new_to_you" not in {one["code"] for one in second["warnings"]}


def test_a_host_is_paid_its_share_once_and_all_books_agree(kept: Path, tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("correct horse\n")
    secret = ["--password-file", str(password)]
    keypair = tmp_path / "owner.json"
    keypair.touch(mode=0o600)
    keypair.write_text(to_json(hashlib.sha256(b"skerry demo 3 owner 0").digest()))
    owner = address_text(key_from_seed(3, "owner 0").public_key[1:])
    host = address_text(signer_key(signer("host")))
    assert skerry(kept, "wallet", "import", "mine", "--keypair-file", str(keypair), *secret).code == 0
    assert skerry(kept, "chain", "airdrop", owner, "1").code == 0
    with sqlite3.connect(kept / "skerry.db") as database:
        hotspot, epoch, earned = database.execute(
            "SELECT hotspot, epoch, sum(amount) FROM rewards WHERE state = 'paid' GROUP BY hotspot, epoch"
        ).fetchone()
    shares = ["--share", "mine=6667", "--share", f"{host}=3333"]
    assert skerry(kept, "rewards", "splits", "set", hotspot, *shares, "--from-epoch", str(epoch)).code == 0
    dry = skerry(kept, "rewards", "splits", "pay", "mine", "--json").json
    (due,) = dry["items"]
    assert abs(int(due["amount"]) - earned * 3333 / 10_000) < 1
    assert (due["review"]["simulation"], due["review"]["destinations"]) == ("ok", [host])
    paid = skerry(kept, "rewards", "splits", "pay", "mine", "--commit", *secret, "--json")
    assert (paid.code, [one["state"] for one in paid.json["items"]]) == (0, ["final"]), paid.out
    again = skerry(kept, "rewards", "splits", "pay", "mine", "--commit", *secret, "--json")
    assert again.json["items"] == []
    held = skerry(kept, "wallet", "balance", host, "--json").json["items"]
    assert {one["token"]: one["base_units"] for one in held}["demo-IOT"] == due["amount"]
    books = skerry(kept, "rewards", "reconcile", "--json")
    assert (books.code, books.json["agree"]) == (0, True), books.out
    rows = [row for row in exported(kept) if row["signature"] == paid.json["items"][0]["signature"]]
    assert {row["token"] for row in rows} == {"demo-IOT", "SOL"}  # the payment, and its fee and rents
    month = rows[0]["time"][:7]
    statement = skerry(kept, "rewards", "splits", "statement", host, "--month", month, "--format", "json").json
    assert statement[0]["paid"] == int(due["amount"])


def test_data_credits_are_minted_and_burned_once_per_cause(kept: Path) -> None:
    before = skerry(kept, "dc", "balance", "--json").json["dc"]
    dry = skerry(kept, "dc", "mint", "500", "--cause", "top-up", "--json").json
    assert (dry["dc_after"], dry["committed"]) == (before + 500, False)
    assert skerry(kept, "dc", "balance", "--json").json["dc"] == before
    for _ in range(2):
        done = skerry(kept, "dc", "mint", "500", "--cause", "top-up", "--commit", "--json").json
        assert (done["dc_after"], done["ledger_matches_chain"]) == (before + 500, True)
    burned = skerry(kept, "dc", "burn", "200", "--cause", "sensor", "--commit", "--json").json
    assert burned["dc_after"] == before + 300
    too_much = skerry(kept, "dc", "burn", str(before + 301), "--cause", "all", "--json")
    assert (too_much.code, too_much.json["error"]["code"]) == (5, "E_INSUFFICIENT_FUNDS")
    assert skerry(kept, "dc", "mint", "5", "--commit").code == 2
    runway = skerry(kept, "dc", "runway", "--json")
    assert (runway.code, runway.json["alert_days"], runway.json["dc"]) == (0, None, before + 300)


def test_claims_that_are_killed_at_any_moment_pay_once(demo: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    found = kill_claims_of(demo[0], tmp_path, kills=20, seed=5, limit_s=100)
    assert found.startswith("20 kills"), found


def test_what_another_program_made_is_reviewed_and_refused_when_it_cannot_be_read(kept: Path, tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("correct horse\n")
    secret = ["--password-file", str(password)]
    sheet = ["--sheet", str(tmp_path / "sheet")]
    me = skerry(kept, "wallet", "create", "main", *sheet, *secret, "--json").json["solana_address"]
    skerry(kept, "chain", "airdrop", me, "1")
    key = address_bytes(me)
    file = tmp_path / "message"
    friend = signer_key(signer("friend"))
    good = transfer_lamports(source=key, target=friend, lamports=10**7)
    file.write_bytes(base64.b64encode(compile_message(key, [good], ZERO_BLOCKHASH)))
    shown = skerry(kept, "wallet", "review", "main", str(file), "--json").json
    assert (shown["simulation"], shown["paid"]) == ("ok", {"SOL": "10000000"})
    done = skerry(kept, "wallet", "review", "main", str(file), "--commit", *secret, "--json")
    assert (done.code, done.json["state"]) == (0, "final")
    assert skerry(kept, "wallet", "unfinished", "--json").json == {"items": []}
    strange = Instruction(program=bytes([5]) * 32, accounts=(), data=b"?")
    file.write_bytes(base64.b64encode(compile_message(key, [good, strange], ZERO_BLOCKHASH)))
    refused = skerry(kept, "wallet", "review", "main", str(file), "--commit", *secret, "--json")
    assert (refused.code, refused.json["error"]["code"]) == (5, "E_TX_UNREADABLE")
    file.write_bytes(b"not a message")
    assert skerry(kept, "wallet", "review", "main", str(file), "--json").code == 2


def test_the_chains_own_facts_are_shown(kept: Path) -> None:
    found = skerry(kept, "chain", "info", "--json").json
    assert (found["network"], found["test_tokens"]) == ("skerry-demo", True)
    assert skerry(kept / "neighbours", "chain", "info").code == 1
