from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skerry_wallet.keyfile.backup import open_backup, rehearse_restore, restore_backup, seal_backup
from skerry_wallet.keyfile.errors import BackupDiffers, KeyDamaged, KeyExists, WrongPassword
from skerry_wallet.keyfile.kdf import Argon2id

CHEAP = Argon2id(salt=b"s" * 16, memory_bytes=8192, ops=1)
FILES = {"gateway.key": b"\x01secret", "wallets/main.skey": bytes(range(256)), "identity.json": b"{}"}
BACKUP = seal_backup(FILES, "pw", kdf=CHEAP, nonce=b"n" * 24)


def test_a_backup_restores_every_file_privately(tmp_path: Path) -> None:
    assert restore_backup(BACKUP, "pw", tmp_path) == sorted(FILES)
    for name, content in FILES.items():
        assert (tmp_path / name).read_bytes() == content
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600
    assert rehearse_restore(BACKUP, "pw", tmp_path) == sorted(FILES)


def test_a_rehearsal_writes_nothing_and_names_what_differs(tmp_path: Path) -> None:
    with pytest.raises(BackupDiffers):
        rehearse_restore(BACKUP, "pw", tmp_path)
    assert list(tmp_path.iterdir()) == []
    restore_backup(BACKUP, "pw", tmp_path)
    (tmp_path / "gateway.key").write_bytes(b"other")
    with pytest.raises(BackupDiffers, match=r"gateway\.key"):
        rehearse_restore(BACKUP, "pw", tmp_path)


def test_a_restore_never_writes_over_a_file(tmp_path: Path) -> None:
    (tmp_path / "identity.json").write_bytes(b"mine")
    with pytest.raises(KeyExists):
        restore_backup(BACKUP, "pw", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["identity.json"]


def test_no_content_shows_in_the_backup() -> None:
    assert b"secret" not in BACKUP
    assert b"gateway" not in BACKUP


def test_a_wrong_password_is_told_apart_from_damage() -> None:
    with pytest.raises(WrongPassword):
        open_backup(BACKUP, "wp")


@given(st.integers(0, len(BACKUP) - 1))
def test_any_changed_byte_is_damage(position: int) -> None:
    changed = bytearray(BACKUP)
    changed[position] ^= 1
    with pytest.raises(KeyDamaged):
        open_backup(bytes(changed), "pw")


@given(st.binary(max_size=120))
def test_any_bytes_are_damage(content: bytes) -> None:
    with pytest.raises(KeyDamaged):
        open_backup(content, "pw")


@pytest.mark.parametrize("name", ["/etc/passwd", "../x", "a/../../x", "", "a\\b", "a\x00"])
def test_a_name_outside_the_directory_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="file name"):
        seal_backup({name: b""}, "pw", kdf=CHEAP, nonce=b"n" * 24)
