"""`skerry wallet` without a chain: keys are made, brought, watched, backed up; secrets never come from the words."""

import asyncio
from pathlib import Path

import pytest

from skerry_agent.wallet.payments import open_payment_store
from skerry_client.paths import choose_paths
from skerry_core.clock import SystemClock
from skerry_testing.cli import running_agent, skerry
from skerry_testing.wallet import address_of
from skerry_wallet.keyfile.bip39 import words_of
from skerry_wallet.keyfile.kdf import Argon2id
from skerry_wallet.payout.payment import Payment, PaymentState

PASSWORD = "correct horse battery"
WORDS = words_of(bytes(range(32)))


@pytest.fixture
def password(tmp_path: Path) -> list[str]:
    file = tmp_path / "password.txt"
    file.write_text(PASSWORD + "\n")
    return ["--password-file", str(file)]


@pytest.fixture
def words(tmp_path: Path) -> Path:
    file = tmp_path / "words.txt"
    file.write_text(WORDS + "\n")
    return file


def test_a_new_wallet_shows_its_words_once_and_comes_back_from_them(tmp_path: Path, password: list[str]) -> None:
    home, sheet = tmp_path / "home", tmp_path / "sheet.txt"
    made = skerry(home, "wallet", "create", "main", "--sheet", str(sheet), *password, "--json")
    assert made.code == 0, made.err
    assert sheet.stat().st_mode & 0o077 == 0
    rows = [line.split() for line in sheet.read_text().splitlines() if line.strip()[:2].strip(". ").isdigit()]
    words = [word for row in rows for word in row if word.isalpha()]
    assert len(words) == 24
    assert not any(" ".join(words[:3]) in text for text in (made.out, made.err))
    phrase = tmp_path / "phrase"
    phrase.write_text(" ".join(words))
    again = skerry(
        home, "wallet", "import", "again", "--words-file", str(phrase), "--path", made.json["path"], *password, "--json"
    )
    assert again.json["solana_address"] == made.json["solana_address"]
    listed = skerry(home, "wallet", "list", "--json").json["items"]
    assert [(one["name"], one["kind"]) for one in listed] == [("again", "can sign"), ("main", "can sign")]
    assert "can sign" in skerry(home, "wallet", "list").out
    assert made.json["helium_address"] in skerry(home, "wallet", "recovery-sheet", "main").out
    assert skerry(home, "wallet", "show", "main", "--json").json["solana_address"] == made.json["solana_address"]
    taken = skerry(home, "wallet", "create", "main", *password, "--json")
    assert (taken.code, taken.json["error"]["code"]) == (5, "E_KEY_EXISTS")


def test_an_import_without_a_path_shows_every_candidate_and_stores_nothing(
    tmp_path: Path, password: list[str], words: Path
) -> None:
    ran = skerry(tmp_path, "wallet", "import", "old", "--words-file", str(words), *password)
    assert ran.code == 2
    shown = skerry(tmp_path, "wallet", "paths", "--words-file", str(words), "--json").json["items"]
    assert {"helium", "m/44'/501'/0'/0'", "m/44'/904'"} <= {one["path"] for one in shown}
    assert all(one["address"] in ran.err for one in shown)
    assert skerry(tmp_path, "wallet", "list", "--json").json["items"] == []
    helium = skerry(
        tmp_path, "wallet", "import", "old", "--words-file", str(words), "--path", "helium", *password, "--json"
    )
    assert helium.json["solana_address"] == next(one["address"] for one in shown if one["path"] == "helium")


def test_a_helium_file_is_imported_with_its_own_password(tmp_path: Path, password: list[str]) -> None:
    from skerry_wallet.keyfile.helium_wallet_file import write_wallet

    file, source = tmp_path / "wallet.key", tmp_path / "source"
    kdf = Argon2id(salt=bytes(16), memory_bytes=1 << 20, ops=1)
    file.touch(mode=0o600)
    file.write_bytes(write_wallet(bytes(range(32)), "helium's", kdf=kdf, iv=bytes(12)))
    source.write_text("wrong")
    take = ["wallet", "import", "h", "--helium-file", str(file), "--source-password-file", str(source), *password]
    wrong = skerry(tmp_path, *take, "--json")
    assert (wrong.code, wrong.json["error"]["code"]) == (2, "E_KEY_IMPORT")
    source.write_text("helium's")
    assert skerry(tmp_path, *take).code == 0
    file.chmod(0o644)
    assert skerry(tmp_path, *[*take[:2], "h2", *take[3:]], "--json").json["error"]["code"] == "E_KEY_PERMISSIONS"


def test_a_watched_wallet_is_seen_and_never_spent_from(tmp_path: Path, password: list[str]) -> None:
    assert skerry(tmp_path, "wallet", "watch", "cold", address_of("cold")).code == 0
    listed = skerry(tmp_path, "wallet", "list", "--json").json["items"]
    assert [(one["kind"], one["solana_address"]) for one in listed] == [("watch-only", address_of("cold"))]
    assert "watched only" in skerry(tmp_path, "wallet", "recovery-sheet", "cold").out
    assert skerry(tmp_path, "wallet", "watch", "bad", "not-an-address").code == 2
    assert skerry(tmp_path, "wallet", "show", "nobody").code == 1


def test_a_secret_that_nobody_can_type_is_asked_for_by_name(tmp_path: Path) -> None:
    ran = skerry(tmp_path, "wallet", "create", "main", "--json")
    assert (ran.code, ran.json["error"]["code"]) == (2, "E_SECRET")
    empty = tmp_path / "empty"
    empty.write_text("\n")
    assert skerry(tmp_path, "wallet", "create", "main", "--password-file", str(empty)).code == 2
    assert skerry(tmp_path, "wallet", "list", "--json").json["items"] == []


def test_a_backup_is_rehearsed_and_restores_into_another_folder(tmp_path: Path, password: list[str]) -> None:
    home, backup = tmp_path / "home", tmp_path / "backup"
    skerry(home, "wallet", "create", "main", "--sheet", str(tmp_path / "sheet"), *password)
    skerry(home, "wallet", "allow", address_of("friend"), "--name", "friend", "--only")
    made = skerry(home, "wallet", "backup", str(backup), *password, "--json")
    assert made.json["files"] == ["keys/main.skey", "keys/spending.json"]
    assert backup.stat().st_mode & 0o077 == 0
    assert PASSWORD.encode() not in backup.read_bytes()
    skerry(home, "wallet", "limit", "SOL", "--per-day", "1")
    changed = skerry(home, "wallet", "backup", str(backup), "--rehearse", *password, "--json")
    assert (changed.code, changed.json["error"]["code"]) == (5, "E_BACKUP_DIFFERS")
    other = tmp_path / "other"
    assert skerry(other, "wallet", "backup", str(backup), "--restore", *password).code == 0
    assert skerry(other, "wallet", "list", "--json").json["items"][0]["name"] == "main"
    assert skerry(other, "wallet", "rules", "--json").json["only_allowed"] is True
    wrong = tmp_path / "wrong"
    wrong.write_text("guess")
    refused = skerry(other, "wallet", "backup", str(backup), "--rehearse", "--password-file", str(wrong), "--json")
    assert refused.json["error"]["code"] == "E_KEY_PASSWORD"


def test_rules_are_set_shown_and_taken_back(tmp_path: Path) -> None:
    assert "Any destination" in skerry(tmp_path, "wallet", "rules").out
    assert skerry(tmp_path, "wallet", "limit", "HNT", "--per-payment", "1.5", "--per-day", "2").code == 0
    (limit,) = skerry(tmp_path, "wallet", "rules", "--json").json["limits"].values()
    assert limit == {"per_payment": 150_000_000, "per_day": 200_000_000}
    skerry(tmp_path, "wallet", "limit", "HNT", "--per-day", "none")
    (limit,) = skerry(tmp_path, "wallet", "rules", "--json").json["limits"].values()
    assert limit == {"per_payment": 150_000_000, "per_day": None}
    assert skerry(tmp_path, "wallet", "limit", "HNT", "--per-day", "1.123456789").code == 2
    assert skerry(tmp_path, "wallet", "limit", "DOGE", "--per-day", "1").code == 1
    assert skerry(tmp_path, "wallet", "allow", "nobody").code == 2
    assert skerry(tmp_path, "wallet", "allow", address_of("friend"), "--name", "friend").code == 0
    assert "friend" in skerry(tmp_path, "wallet", "rules").out


def test_a_running_agent_is_asked_for_balances_first(tmp_path: Path) -> None:
    with running_agent(tmp_path):
        ran = skerry(tmp_path, "wallet", "balance", "--json")
        text = skerry(tmp_path, "wallet", "balance")
    assert (ran.code, ran.json["source"]) == (0, "agent")
    assert {"owner", "token", "base_units", "amount", "note"} == set(ran.json["items"][0])
    assert ran.json["items"][0]["owner"] in text.out


def test_without_a_chain_the_remedy_names_where_to_find_one(tmp_path: Path) -> None:
    ran = skerry(tmp_path, "wallet", "balance", address_of("x"), "--json")
    assert (ran.code, ran.json["error"]["code"]) == (1, "E_NO_CLUSTER")
    assert "--cluster" in ran.err
    assert skerry(tmp_path, "wallet", "balance").code == 1
    for verb in (["claim"], ["reconcile"]):
        assert skerry(tmp_path, "rewards", *verb).code == 1
    assert skerry(tmp_path, "dc", "balance").code == 1


def test_an_unknown_payment_waits_until_a_person_decides(tmp_path: Path) -> None:
    async def plant() -> None:
        async with open_payment_store(choose_paths(tmp_path, environ={}), clock=SystemClock()) as store:
            payments = [
                Payment(key=f"owner/{number}", network="", marker=marker, template=b"", state=PaymentState.UNKNOWN)
                for number, marker in enumerate(("", "", address_of("marker")))
            ]
            await store.plan(payments)

    asyncio.run(plant())
    listed = skerry(tmp_path, "wallet", "unknown", "--json").json["items"]
    assert [one["payment"] for one in listed] == ["owner/0", "owner/1", "owner/2"]
    found = {"owner/0": ("--paid", "final"), "owner/1": ("--not-paid", "failed"), "owner/2": ("--not-paid", "planned")}
    for key, (option, state) in found.items():
        assert skerry(tmp_path, "wallet", "decide", key, option, "--note", "explorer", "--json").json["state"] == state
    again = skerry(tmp_path, "wallet", "decide", "owner/0", "--paid", "--note", "x", "--json")
    assert again.json["error"]["code"] == "E_PAYMENT_NOT_UNKNOWN"
    assert skerry(tmp_path, "wallet", "decide", "owner/0", "--note", "x").code == 2
