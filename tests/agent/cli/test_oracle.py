"""`skerry oracle` as a person uses it: a real process, real sockets on loopback, exit codes."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h3.api.basic_str as h3
import pytest

from skerry_keys.public_key import PublicKey
from skerry_testing.oracle import signer

ENVIRONMENT = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
CELL = h3.latlng_to_cell(54.1, 12.1, 12)
STARTED = "No payer is set here"


def skerry(folder: Path, *arguments: str, code: int = 0, text: str = "") -> str:
    command = [sys.executable, "-m", "skerry_agent.cli", "--dir", str(folder), "oracle", *arguments]
    done = subprocess.run(command, env=ENVIRONMENT, input=text, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == code, done.stderr
    return done.stdout if code == 0 else done.stderr


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("oracle")
    skerry(folder, "init", "--network", "valley", "--policy", "allow-list")
    command = [sys.executable, "-m", "skerry_agent.cli", "--dir", str(folder), "oracle", "run"]
    command += ["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--roaming", "127.0.0.1:0"]
    with subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            if line.startswith(STARTED):
                break
        assert any(line.startswith("public key") for line in lines), lines
        assert any(line.startswith("roaming     http://127.0.0.1:") for line in lines), lines
        for name in ("gateway", "owner"):
            (folder / f"{name}.key").write_bytes(signer(name).to_key_file())
        yield folder
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0


def test_a_hotspot_is_allowed_registered_placed_and_listed(folder: Path) -> None:
    gateway = PublicKey(signer("gateway").public_key).address
    keys = ["--gateway-key", str(folder / "gateway.key"), "--owner-key", str(folder / "owner.key")]
    assert json.loads(skerry(folder, "register", *keys, "--json"))["state"] == "refused"
    skerry(folder, "allow", gateway)
    placed = json.loads(skerry(folder, "register", *keys, "--cell", CELL, "--region", "EU868", "--json"))
    assert (placed["state"], placed["location"]["number"]) == ("admitted", 1)
    assert gateway in skerry(folder, "list")


def test_routes_denylist_epochs_and_counts_are_shown(folder: Path) -> None:
    route: dict[str, Any] = {
        "id": "r1", "oui": 1, "net_id": "00003C", "max_copies": 1,
        "server": {"protocol": "gwmp", "host": "127.0.0.1", "port": 1700},
    }  # fmt: skip
    assert skerry(folder, "route", "add", "-", text=json.dumps(route)) == "r1\n"
    assert "r1" in skerry(folder, "route", "list")
    server = {"protocol": "http_roaming", "url": "https://lns.example/roam", "auth_header": "Bearer secret"}
    skerry(folder, "route", "add", "-", text=json.dumps(route | {"server": server}))
    listed = skerry(folder, "route", "list").split()  # wrapped as wide as whoever runs the tests says
    assert listed[-2:] == ["http_roaming", "https://lns.example/roam"]
    assert "secret" not in skerry(folder, "route", "list", "--json")
    assert skerry(folder, "credit", "1", "4000000") == "organisation 1: 4000000 data credits, 0 used\n"
    assert "E_CREDITS" in skerry(folder, "credit", "1", "0", code=1)
    assert "4000000" in skerry(folder, "organisations")
    skerry(folder, "route", "remove", "r1")
    assert skerry(folder, "denylist", "set", "-", text='{"keys": []}') == "serial 1\n"
    assert json.loads(skerry(folder, "denylist", "show"))["serial"] == 1
    assert "open" in skerry(folder, "epoch")
    assert skerry(folder, "report") == "(none)\n"


def test_mistakes_are_told_in_one_sentence_with_a_code(folder: Path, tmp_path: Path) -> None:
    assert "E_NO_VERDICT" in skerry(folder, "report", "00" * 32, code=1)
    assert "E_ORACLE_EXISTS" in skerry(folder, "init", "--network", "other", code=5)
    assert "E_NO_ORACLE" in skerry(tmp_path, "run", code=1)
    assert "E_ORACLE_NOT_RUNNING" in skerry(tmp_path, "list", code=3)
