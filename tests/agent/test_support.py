import io
import sqlite3
import tarfile
from contextlib import closing
from pathlib import Path

import pytest

from skerry_agent.support import FORMAT, read_backup, write_backup
from skerry_client.paths import Paths, choose_paths
from skerry_core.errors import UsageError
from skerry_testing.stores import open_stores


def home(folder: Path) -> Paths:
    paths = choose_paths(folder, environ={})
    paths.create()
    return paths


async def test_an_operators_files_are_saved_and_come_back(tmp_path: Path) -> None:
    paths = home(tmp_path / "a")
    chain = paths.state / "operator" / "chain"
    chain.mkdir(parents=True)
    for name in ("snapshot", "journal", "lock"):
        (chain / name).write_text(name)
    (paths.state / "operator" / "payer.key").write_text("k")
    with closing(sqlite3.connect(paths.state / "operator" / "oracle.db")) as oracle:
        oracle.execute("PRAGMA journal_mode=WAL")
        oracle.execute("CREATE TABLE t (x)")
        oracle.execute("INSERT INTO t VALUES (7)")
        oracle.commit()
        async with open_stores(paths.state) as stores:
            await stores.facts.set("a", "b")  # the agent runs while the backup is made
            names = write_backup(paths, tmp_path / "b.tar.gz", now_s=1)
    assert names[-1] == "operator/chain/journal"
    assert "operator/chain/lock" not in names
    other = home(tmp_path / "b")
    read_backup(other, tmp_path / "b.tar.gz")
    with closing(sqlite3.connect(other.state / "operator" / "oracle.db")) as oracle:
        assert oracle.execute("SELECT x FROM t").fetchall() == [(7,)]
    assert (other.state / "operator" / "chain" / "journal").read_text() == "journal"
    async with open_stores(other.state) as stores:
        assert await stores.facts.get("a") == "b"


def archive(tmp_path: Path, *members: tuple[str, bytes]) -> Path:
    target = tmp_path / "bad.tar.gz"
    with tarfile.open(target, "w:gz") as tar:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return target


GOOD = ("backup.json", FORMAT.encode())


@pytest.mark.parametrize(
    "members",
    [
        [],
        [("backup.json", b"{}")],
        [GOOD, ("../evil", b"x")],
        [GOOD, ("/etc/evil", b"x")],
        [GOOD, ("keys/../evil", b"x")],
        [GOOD, ("keys/..", b"x")],
        [GOOD, ("other.db", b"x")],
    ],
)
def test_a_file_that_is_no_backup_of_ours_writes_nothing(tmp_path: Path, members: list[tuple[str, bytes]]) -> None:
    paths = home(tmp_path / "a")
    with pytest.raises(UsageError, match="E_BACKUP_BAD"):
        read_backup(paths, archive(tmp_path, *members))
    assert [path.name for path in paths.state.rglob("*") if path.is_file()] == []
    assert not (tmp_path / "evil").exists()


def test_a_link_in_a_backup_is_refused(tmp_path: Path) -> None:
    target = tmp_path / "bad.tar.gz"
    with tarfile.open(target, "w:gz") as tar:
        info = tarfile.TarInfo("keys/gateway.key")
        info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(info)
    with pytest.raises(UsageError, match="E_BACKUP_BAD"):
        read_backup(home(tmp_path / "a"), target)


def test_a_damaged_backup_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"\x1f\x8b" + b"x" * 100)
    with pytest.raises(UsageError, match="E_BACKUP_BAD"):
        read_backup(home(tmp_path / "a"), tmp_path / "x")
