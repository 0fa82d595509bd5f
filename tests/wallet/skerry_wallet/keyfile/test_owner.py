import os
import re
from pathlib import Path

import pytest

from skerry_core.errors import NotFoundError, UsageError
from skerry_keys import PublicKey, SoftwareSigner
from skerry_wallet.keyfile.errors import KeyDamaged, KeyExists, KeyExposed, WrongPassword
from skerry_wallet.keyfile.kdf import MIB
from skerry_wallet.keyfile.mnemonic import seed_from_words
from skerry_wallet.keyfile.owner import OwnerWallets
from skerry_wallet.keyfile.recovery_sheet import RecoverySheet

SOLANA = "AKnL4NNf3DGWZJS6cPknBuEGnVsV4A4m5tgebLHaRSZ9"
HELIUM = "13zkrtJaTur9oZhCWgJFs9nWZBpP91oKoJm718SycV3EPLUEu2j"
HOTSPOT = "112NqN2WWMwtK29PMzRby62fDydBJfsCLkCAf392stdok48ovNT6"


@pytest.fixture
def wallets(tmp_path: Path) -> OwnerWallets:
    return OwnerWallets(directory=tmp_path, random_bytes=os.urandom, memory_bytes=64 * MIB)


def test_a_new_wallet_opens_with_its_password_and_its_words_give_the_same_key(wallets: OwnerWallets) -> None:
    made = wallets.create("main", "pw")
    assert wallets.open("main", "pw").public_key == made.wallet.public_key.binary
    from_words = SoftwareSigner.from_seed(seed_from_words(made.words, path=made.path))
    assert from_words.public_key == made.wallet.public_key.binary
    assert made.words not in repr(made)
    with pytest.raises(WrongPassword):
        wallets.open("main", "wp")


def test_watched_and_sealed_wallets_are_listed_without_a_password(wallets: OwnerWallets) -> None:
    wallets.add_seed("hot", bytes([1]) * 32, "pw")
    wallets.watch("cold", SOLANA)
    listed = [(wallet.name, wallet.public_key.solana_address, wallet.watch_only) for wallet in wallets.entries()]
    assert listed == [("cold", SOLANA, True), ("hot", SOLANA, False)]


def test_both_printed_forms_of_an_address_are_watched_and_a_hotspot_is_not(wallets: OwnerWallets) -> None:
    assert wallets.watch("a", SOLANA).public_key == wallets.watch("b", HELIUM).public_key
    for wrong in (HOTSPOT, "", "0", "x" * 1000):
        with pytest.raises(UsageError) as caught:
            wallets.watch("c", wrong)
        assert caught.value.code == "E_WALLET_ADDRESS"


def test_no_name_is_used_twice_in_either_form(wallets: OwnerWallets) -> None:
    wallets.watch("main", SOLANA)
    with pytest.raises(KeyExists):
        wallets.create("main", "pw")
    with pytest.raises(KeyExists):
        wallets.watch("main", SOLANA)


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".hidden", "a b", "x" * 65, "é", "a\n"])
def test_a_name_that_is_no_plain_file_name_is_refused(wallets: OwnerWallets, name: str) -> None:
    for action in (lambda: wallets.watch(name, SOLANA), lambda: wallets.open(name, "pw")):
        with pytest.raises(UsageError):
            action()


def test_a_watched_wallet_cannot_be_opened(wallets: OwnerWallets) -> None:
    wallets.watch("cold", SOLANA)
    with pytest.raises(NotFoundError) as caught:
        wallets.open("cold", "pw")
    assert caught.value.code == "E_WALLET_UNKNOWN"


def test_exposed_and_damaged_files_are_reported(wallets: OwnerWallets, tmp_path: Path) -> None:
    wallets.add_seed("hot", bytes(32), "pw")
    (tmp_path / "hot.skey").chmod(0o644)
    with pytest.raises(KeyExposed):
        wallets.entries()
    (tmp_path / "hot.skey").unlink()
    wallets.watch("cold", SOLANA)
    (tmp_path / "cold.watch.json").write_bytes(b"{")
    with pytest.raises(KeyDamaged):
        wallets.entries()


def test_the_recovery_sheet_shows_words_in_order_and_fits_the_page() -> None:
    words = [f"word{number}" for number in range(1, 25)]
    sheet = RecoverySheet(
        title="Skerry wallet: main",
        public_key=PublicKey.from_address(HELIUM),
        path="helium",
        made_on="2026-11-20",
        words=words,
    )
    text = sheet.to_text()
    assert max(len(line) for line in text.splitlines()) <= 72
    assert [word for word in text.split() if re.fullmatch(r"word\d+", word)] == words
    assert SOLANA in text
    assert "word7" not in repr(sheet)
