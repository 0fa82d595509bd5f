"""The main job, run as a user runs it: the whole loop on simulated hotspots, its proof, its books, its kept folder."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("agent", "gui", "firmware_bridge", "coverage", "wallet")


def skerry(*arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run the program as `./dev skerry` does."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(str(ROOT / folder) for folder in FOLDERS)}
    return subprocess.run(
        [sys.executable, "-P", "-m", "skerry_agent.cli", *arguments],
        capture_output=True, text=True, check=check, env=environment, timeout=240,
    )  # fmt: skip


def run_demo(folder: Path, *, seed: int = 7) -> dict[str, Any]:
    done = skerry("demo", "--json", "--seed", str(seed), "--keep", str(folder))
    return dict(json.loads(done.stdout))


def test_an_epoch_is_paid_frauds_are_caught_and_the_proof_holds(tmp_path: Path) -> None:
    result = run_demo(tmp_path / "kept")
    assert result["test_tokens"] is True
    assert result["beacons"]["valid"] > 50
    assert result["witnesses"]["valid"] > 300
    reasons = {name: fraud["reason"] for name, fraud in result["frauds"].items()}
    assert reasons == {
        "too_close": "below_min_distance",
        "not_admitted": "gateway_not_found",
        "replayed": "entropy_expired",
        "forged": "bad_signature",
    }
    invalid = result["witnesses"]["invalid"]
    assert invalid["bad_signature"] == 1
    assert invalid["below_min_distance"] >= 1
    assert invalid["gateway_not_found"] >= 1
    assert result["paid"]["demo-IOT"] > 0
    assert result["dc_burned"] > 0
    assert result["captured_datagrams"] > 0
    assert result["ledger_matches_chain"] is True
    assert Path(result["map_png"]).read_bytes().startswith(b"\x89PNG")
    _check_proof(Path(result["bundle"]), result["oracle_key"])
    _check_kept(tmp_path / "kept", result)


@pytest.mark.timeout(400)
def test_equal_seeds_give_equal_manifests_and_two_seeds_differ(tmp_path: Path) -> None:
    first = run_demo(tmp_path / "first", seed=11)
    again = run_demo(tmp_path / "again", seed=11)
    other = run_demo(tmp_path / "other", seed=12)
    assert first["manifest_hash"] == again["manifest_hash"]
    assert first["paid"] == again["paid"]
    assert first["manifest_hash"] != other["manifest_hash"]


def test_a_demo_never_writes_into_a_folder_that_is_in_use(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("precious")
    done = skerry("demo", "--keep", str(tmp_path), check=False)
    assert done.returncode != 0
    assert "E_DEMO_FOLDER" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_too_few_hotspots_are_refused_with_the_smallest_number() -> None:
    done = skerry("demo", "--hotspots", "3", check=False)
    assert done.returncode == 2
    assert "12" in done.stderr


def _check_proof(bundle: Path, oracle_key: str) -> None:
    verified = json.loads(skerry("proof", "verify", str(bundle), "--trust", oracle_key, "--json").stdout)
    assert verified["level"] == "oracle-verified"
    untrusted = json.loads(skerry("proof", "verify", str(bundle), "--json").stdout)
    assert untrusted["level"] == "mutually-witnessed"
    torn = bytearray(bundle.read_bytes())
    torn[len(torn) // 2] ^= 1
    bad = bundle.with_name("bad.skp")
    bad.write_bytes(torn)
    refused = skerry("proof", "verify", str(bad), check=False)
    assert refused.returncode != 0
    assert "E_BUNDLE" in refused.stderr


def _check_kept(folder: Path, result: dict[str, Any]) -> None:
    """The kept folder is an agent's folder: evidence intact, proofs listed, private files private."""
    assert skerry("proof", "check", "--dir", str(folder)).returncode == 0
    assert skerry("proof", "export", "--dir", str(folder), "--list").stdout.count("\n") >= 5
    assert (folder / "keys" / "gateway.key").stat().st_mode & 0o077 == 0
    assert (folder / "operator" / "payer.key").stat().st_mode & 0o077 == 0
    assert json.loads((folder / "operator" / "network.json").read_text())["ended"] is True
    assert result["manifest_hash"]
