"""The durable chain: equal state after any reopening, real program rules, expiry, duplicates."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import base58
import pytest

from skerry_core.errors import UsageError
from skerry_testing.wallet import START_S, address_of, signer
from skerry_wallet.address import address_bytes
from skerry_wallet.chain.bank import Bank
from skerry_wallet.chain.machine import BLOCKHASH_LIFE_SLOTS, SLOT_MS
from skerry_wallet.errors import ChainDamaged, ChainInUse, TransactionRejected
from skerry_wallet.programs import memo, transfer_lamports
from skerry_wallet.transaction import compile_message, sign_message, signer_key

NOW_MS = START_S * 1000
PAYER = signer("payer")
PAYER_KEY = signer_key(PAYER)


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[Bank]:
    opened = Bank(tmp_path / "chain", network="test", now_ms=NOW_MS)
    opened.airdrop(PAYER_KEY, 10**10)
    opened.commit()
    yield opened
    opened.close()


def transfer(bank: Bank, number: int, *, lamports: int = 1_000_000, blockhash: str | None = None) -> bytes:
    target = hashlib.sha256(number.to_bytes(4, "big")).digest()
    call = transfer_lamports(source=PAYER_KEY, target=target, lamports=lamports)
    message = compile_message(PAYER_KEY, [call], blockhash or bank.machine.blockhash()[0])
    return sign_message(message, [PAYER])


def state(bank: Bank) -> object:
    return bank.machine.touched_accounts(), bank.genesis_hash


def crash(bank: Bank) -> None:
    """End as `kill -9` would: nothing flushed, nothing told."""
    bank._lock.release()
    bank._journal._file.close()


def test_reopening_after_a_crash_gives_the_same_accounts(tmp_path: Path) -> None:
    bank = Bank(tmp_path, network="test", now_ms=NOW_MS)
    bank.airdrop(PAYER_KEY, 10**10)
    signatures = []
    for number in range(30):
        bank.set_time(NOW_MS + number * 1000)
        signatures.append(bank.send(transfer(bank, number)))
        bank.commit()
        if number == 17:
            bank.snapshot()
    before = state(bank)
    crash(bank)
    again = Bank(tmp_path, network="test", now_ms=NOW_MS)
    assert state(again) == before
    assert again.machine.slot == 29 * 1000 // SLOT_MS  # time does not go back
    found = [again.find(base58.b58decode(signature)) for signature in signatures]
    assert [landed.signature if landed else None for landed in found] == signatures
    again.close()
    third = Bank(tmp_path, network="", now_ms=NOW_MS)
    assert state(third) == before
    assert [landed.signature for landed in third.history(PAYER_KEY, limit=5)] == signatures[:-6:-1]
    third.close()


def test_what_was_not_committed_is_neither_seen_nor_kept(tmp_path: Path) -> None:
    bank = Bank(tmp_path, network="test", now_ms=NOW_MS)
    signature = base58.b58decode(bank.airdrop(PAYER_KEY, 10**10))
    assert bank.find(signature) is None
    crash(bank)
    again = Bank(tmp_path, network="test", now_ms=NOW_MS)
    assert again.machine.account(PAYER_KEY) is None
    again.close()


def test_equal_transactions_are_refused_once_landed_also_after_reopening(tmp_path: Path) -> None:
    bank = Bank(tmp_path, network="test", now_ms=NOW_MS)
    bank.airdrop(PAYER_KEY, 10**10)
    raw = transfer(bank, 1)
    bank.send(raw)
    with pytest.raises(TransactionRejected) as refusal:
        bank.send(raw)
    assert refusal.value.error == "AlreadyProcessed"
    bank.close()
    bank = Bank(tmp_path, network="test", now_ms=NOW_MS)
    with pytest.raises(TransactionRejected) as refusal:
        bank.send(raw)
    assert refusal.value.error == "AlreadyProcessed"
    bank.close()


def test_a_blockhash_lives_for_150_slots(bank: Bank) -> None:
    early, last_valid = bank.machine.blockhash()
    bank.set_time(NOW_MS + BLOCKHASH_LIFE_SLOTS * SLOT_MS)
    assert bank.machine.slot == last_valid
    bank.send(transfer(bank, 1, blockhash=early))
    bank.set_time(NOW_MS + (BLOCKHASH_LIFE_SLOTS + 1) * SLOT_MS)
    with pytest.raises(TransactionRejected) as refusal:
        bank.send(transfer(bank, 2, blockhash=early))
    assert refusal.value.error == "BlockhashNotFound"


def test_the_clock_sysvar_follows_the_owner(bank: Bank) -> None:
    bank.set_time(NOW_MS + 86_400_000)
    clock = bank.machine.account(address_bytes("SysvarC1ock11111111111111111111111111111111"))
    assert clock is not None
    assert int.from_bytes(clock[4][32:40], "little") == START_S + 86_400


def test_a_failing_transaction_costs_its_fee_only_without_preflight(bank: Bank) -> None:
    def held() -> int:
        stored = bank.machine.account(PAYER_KEY)
        assert stored is not None
        return stored[1]

    raw = transfer(bank, 1, lamports=10**15)
    before = held()
    with pytest.raises(TransactionRejected) as refusal:
        bank.send(raw)
    assert refusal.value.error == {"InstructionError": [0, {"Custom": 1}]}
    assert refusal.value.logs
    assert held() == before
    signature = bank.send(raw, preflight=False)
    bank.commit()
    landed = bank.find(base58.b58decode(signature))
    assert landed is not None
    assert landed.error == {"InstructionError": [0, {"Custom": 1}]}
    assert held() == before - 5_000


def test_what_fails_its_preflight_leaves_every_account_as_it_was_also_for_the_replay(tmp_path: Path) -> None:
    bank = Bank(tmp_path, network="test", now_ms=NOW_MS)
    bank.airdrop(PAYER_KEY, 10**10)
    fresh = hashlib.sha256(b"fresh").digest()
    calls = [
        transfer_lamports(source=PAYER_KEY, target=fresh, lamports=10**7),
        transfer_lamports(source=PAYER_KEY, target=fresh, lamports=10**15),
    ]
    before = state(bank)
    for number in range(3):
        message = compile_message(PAYER_KEY, [memo(str(number)), *calls], bank.machine.blockhash()[0])
        with pytest.raises(TransactionRejected):
            bank.send(sign_message(message, [PAYER]))
    assert state(bank) == before
    assert bank.machine.account(fresh) is None
    bank.send(transfer(bank, 1))
    bank.commit()
    after = state(bank)
    crash(bank)
    again = Bank(tmp_path, network="test", now_ms=NOW_MS)  # replays what landed, and only that
    assert state(again) == after
    again.close()


def test_a_forged_signature_has_no_effect(bank: Bank) -> None:
    raw = bytearray(transfer(bank, 1))
    raw[5] ^= 1
    with pytest.raises(TransactionRejected) as refusal:
        bank.send(bytes(raw), preflight=False)
    assert refusal.value.error == "SignatureFailure"


@pytest.mark.parametrize("raw", [b"", b"\x01", bytes(1232), bytes(1233), b"\xff" * 300])
def test_junk_is_rejected(bank: Bank, raw: bytes) -> None:
    with pytest.raises(TransactionRejected):
        bank.send(raw)
    with pytest.raises(TransactionRejected):
        bank.simulate(raw)


def test_simulation_changes_nothing(bank: Bank) -> None:
    before = state(bank)
    error, logs, units = bank.simulate(transfer(bank, 1))
    assert error is None
    assert logs
    assert units > 0
    assert state(bank) == before


def test_an_unsigned_transaction_can_be_simulated_but_not_sent(bank: Bank) -> None:
    raw = bytearray(transfer(bank, 1))
    raw[1:65] = bytes(64)
    assert bank.simulate(bytes(raw))[0] is None
    assert bank.simulate(bytes(raw), check_signatures=True)[0] == "SignatureFailure"
    for preflight in (True, False):
        with pytest.raises(TransactionRejected, match="SignatureFailure"):
            bank.send(bytes(raw), preflight=preflight)


def test_two_openings_of_one_directory_are_refused(bank: Bank, tmp_path: Path) -> None:
    with pytest.raises(ChainInUse):
        Bank(tmp_path / "chain", network="test", now_ms=NOW_MS, lock_wait_s=0.05)


def test_another_networks_chain_is_refused(tmp_path: Path) -> None:
    Bank(tmp_path, network="one", now_ms=NOW_MS).close()
    with pytest.raises(UsageError, match="belongs to network one"):
        Bank(tmp_path, network="two", now_ms=NOW_MS)


@pytest.mark.parametrize("name", ["snapshot", "genesis.json", "journal"])
def test_a_damaged_file_is_named_and_left_alone(tmp_path: Path, name: str) -> None:
    bank = Bank(tmp_path, network="test", now_ms=NOW_MS)
    bank.airdrop(PAYER_KEY, 10**10)
    bank.close()
    path = tmp_path / name
    damaged = b"\xff" + path.read_bytes()[1:]
    path.write_bytes(damaged)
    with pytest.raises(ChainDamaged):
        Bank(tmp_path, network="test", now_ms=NOW_MS)
    assert path.read_bytes() == damaged


def test_equal_histories_give_equal_chains(tmp_path: Path) -> None:
    hashes = set()
    for name in ("one", "two"):
        bank = Bank(tmp_path / name, network="test", now_ms=NOW_MS)
        bank.airdrop(PAYER_KEY, 10**10)
        bank.set_time(NOW_MS + 12_345_678)
        message = compile_message(PAYER_KEY, [memo("hello")], bank.machine.blockhash()[0])
        bank.send(sign_message(message, [PAYER]))
        hashes.add((bank.genesis_hash, bank.machine.blockhash(), tuple(bank.machine.touched_accounts())))
        bank.close()
    assert len(hashes) == 1


def test_addresses_of_tests_are_stable() -> None:
    assert address_bytes(address_of("payer")) == PAYER_KEY
