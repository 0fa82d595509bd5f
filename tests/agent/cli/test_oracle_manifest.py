"""The signing of a manifest by two oracles, command by command: a paying one that runs, and one that only signs."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from skerry_agent.cli.exits import run_command
from skerry_agent.cli.group import root
from skerry_agent.operator.oracle_folder import OracleFolder
from skerry_client.paths import choose_paths
from skerry_oracle.embedded import EmbeddedOracle
from skerry_oracle.store.sqlite import SqliteDatabase
from skerry_simulate.clock import SimulatedClock
from skerry_testing.oracle import NETWORK, START_S, OncePayer, SeededRandom, simulated
from skerry_testing.village import Village

ENVIRONMENT = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
EPOCH = START_S // 86_400


class Skerry:
    """`skerry --dir FOLDER oracle ...` in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, folder: Path, *arguments: str, code: int = 0) -> str:
        self._capsys.readouterr()
        assert run_command(root, ["--dir", str(folder), "oracle", *arguments]) == code
        out, err = self._capsys.readouterr()
        return err if code else out


@pytest.fixture
def skerry(capsys: pytest.CaptureFixture[str]) -> Skerry:
    return Skerry(capsys)


def live_one_epoch(folder: Path) -> None:
    """Let a village earn something; the epoch waits for its second signature."""
    own = OracleFolder.of(choose_paths(folder, environ={}))

    async def main(clock: SimulatedClock) -> None:
        oracle = EmbeddedOracle(
            SqliteDatabase(own.database, clock=clock), network=own.network(at_s=clock.wall_s()), signer=own.signer(),
            clock=clock, random_bytes=SeededRandom("oracle"), payer=OncePayer(),
        )  # fmt: skip
        await oracle.open()
        village = Village(3)
        await village.join(oracle.registry)
        await village.live(clock, village.sinks(oracle), rounds=2)
        while await oracle.manifest(EPOCH) is None:
            await clock.sleep(3_600)
            await oracle.advance()
        await oracle.close()

    simulated(main, start_s=START_S + 1)


@contextmanager
def running(folder: Path) -> Iterator[None]:
    command = [sys.executable, "-m", "skerry_agent.cli", "--dir", str(folder), "oracle", "run"]
    command += ["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"]
    with subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert any(line.startswith("No payer is set here") for line in process.stdout)
        yield
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0


def test_a_second_oracle_judges_signs_once_and_the_first_takes_its_signature(tmp_path: Path, skerry: Skerry) -> None:
    paying, other, file = tmp_path / "paying", tmp_path / "other", tmp_path / "epoch.skm"
    keys = [skerry(folder, "init", "--network", NETWORK).split()[-1] for folder in (paying, other)]
    skerry(paying, "signers", "--needed", "2", *keys)
    assert skerry(paying, "signers").splitlines() == ["2 of 2 must sign", *sorted(keys)]
    live_one_epoch(paying)
    with running(paying):
        listed = {one["epoch"]: one for one in json.loads(skerry(paying, "epoch", "--json"))["items"]}
        assert (listed[EPOCH]["signatures"], listed[EPOCH]["signatures_needed"]) == (1, 2)
        assert "waiting for 1 more signature(s)" in skerry(paying, "epoch")
        skerry(paying, "manifest", "export", str(EPOCH), str(file))
        assert "E_MANIFEST_RULES" in skerry(other, "manifest", "sign", str(file), code=5)  # not its oracles yet
        skerry(other, "signers", "--needed", "2", *keys)
        told = skerry(other, "manifest", "sign", str(file))
        assert "verified      3 registrations" in told
        assert "NOT verified  when reports were received" in told
        assert f"signed        epoch {EPOCH}, manifest {listed[EPOCH]['manifest_hash']}" in told
        assert skerry(paying, "manifest", "import", str(file)) == f"epoch {EPOCH}: all signatures are there\n"
        assert "waiting for" not in skerry(paying, "epoch").splitlines()[1]
        profile = tmp_path / "profile.json"
        skerry(paying, "profile", str(profile))
        assert skerry(tmp_path / "third", "init", "--network", NETWORK, "--profile", str(profile))
    signed = other / "oracle" / "signed" / str(EPOCH)
    assert signed.read_text() == listed[EPOCH]["manifest_hash"]
    signed.write_text("00" * 32)
    assert "E_SIGNED_OTHER" in skerry(other, "manifest", "sign", str(file), code=5)


def test_mistakes_are_told(tmp_path: Path, skerry: Skerry) -> None:
    key = skerry(tmp_path, "init", "--network", NETWORK).split()[-1]
    assert "E_SIGNERS" in skerry(tmp_path, "signers", "--needed", "2", key, code=2)
    assert "E_SIGNERS" in skerry(tmp_path, "signers", key, code=2)
    assert "E_ADDRESS" in skerry(tmp_path, "signers", "--needed", "1", "nonsense", code=2)
    nonsense = tmp_path / "nonsense"
    nonsense.write_bytes(b"{}")
    assert "E_EVIDENCE_FILE" in skerry(tmp_path, "manifest", "sign", str(nonsense), code=2)
    assert "E_NO_ORACLE" in skerry(tmp_path / "nowhere", "manifest", "sign", str(nonsense), code=1)
