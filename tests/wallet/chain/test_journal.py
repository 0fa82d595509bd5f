"""The journal: what was synced stays, a torn tail goes, damage in the middle is said."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from skerry_wallet.chain.history import History
from skerry_wallet.chain.journal import Journal
from skerry_wallet.errors import ChainDamaged

RECORDS = [b"first", b"second" * 30, b"third" * 5]


def write(path: Path) -> list[int]:
    path.unlink(missing_ok=True)
    journal = Journal(path)
    offsets = [journal.append(record) for record in RECORDS]
    journal.close()
    return offsets


def read(path: Path) -> list[bytes]:
    journal = Journal(path)
    try:
        return [payload for _, payload in journal.records(0)]
    finally:
        journal.close()


def test_records_come_back_in_order_and_by_offset(tmp_path: Path) -> None:
    offsets = write(tmp_path / "journal")
    journal = Journal(tmp_path / "journal")
    assert list(journal.records(0)) == list(zip(offsets, RECORDS, strict=True))
    assert [journal.payload(offset) for offset in offsets] == RECORDS
    assert list(journal.records(offsets[2])) == [(offsets[2], RECORDS[2])]
    journal.close()


def test_a_tail_cut_anywhere_loses_only_the_last_record(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    offsets = write(path)
    whole = path.read_bytes()
    for length in range(offsets[2] + 1, len(whole)):
        path.write_bytes(whole[:length])
        assert read(path) == RECORDS[:2]
        assert path.stat().st_size == offsets[2]


def test_a_tail_of_zeros_after_a_power_cut_is_cut_off_and_kept_beside(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    offsets = write(path)
    path.write_bytes(path.read_bytes()[: offsets[2]] + bytes(300))
    assert read(path) == RECORDS[:2]
    assert (tmp_path / f"journal.torn-{offsets[2]}").stat().st_size == 300


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_flipped_bit_in_the_middle_is_damage_and_changes_nothing(tmp_path: Path, data: st.DataObject) -> None:
    path = tmp_path / "journal"
    offsets = write(path)
    content = bytearray(path.read_bytes())
    position = data.draw(st.integers(offsets[1] + 4, offsets[2] - 1))  # checksum or payload of the second record
    content[position] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(content)
    with pytest.raises(ChainDamaged):
        read(path)
    assert path.read_bytes() == content


def test_another_file_is_no_journal(tmp_path: Path) -> None:
    (tmp_path / "journal").write_bytes(b"something else entirely")
    with pytest.raises(ChainDamaged, match="no journal"):
        Journal(tmp_path / "journal")


def test_history_finds_old_and_new_signatures_after_packing() -> None:
    signatures = [bytes([number]) * 64 for number in range(200)]
    history = History()
    for number, signature in enumerate(signatures[:150]):
        history.add(signature, number * 10)
    history = History(history.pack())
    for number, signature in enumerate(signatures[150:], start=150):
        history.add(signature, number * 10)
    assert [history.find(signature) for signature in signatures] == [number * 10 for number in range(200)]
    assert history.find(b"\xff" * 64) is None
    assert history.record_at(157) == 150
    assert len(History(history.pack())) == 200
