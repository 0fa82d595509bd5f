"""`skerry proof` as a person uses it: exit status, words, JSON."""

import asyncio
import dataclasses
import json
import random
import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from skerry_agent.cli.context import Cli
from skerry_agent.cli.proof import proof
from skerry_agent.evidence import EVIDENCE, EvidenceLog, TimeKeeper
from skerry_agent.operator.network_file import NetworkFile, OperatorFolder
from skerry_agent.store import Database
from skerry_core.clock import SystemClock
from skerry_core.errors import UserError
from skerry_coverage.bundle import container
from skerry_coverage.evidence.entry import EntryKind, TimeSource
from skerry_keys.public_key import PublicKey
from skerry_testing.bundle import NETWORK, ORACLE, PROFILE, Neighbourhood
from skerry_testing.evidence import BOOT, signer_of

ORACLE_ADDRESS = PublicKey(ORACLE.public_key).address


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    made = Neighbourhood()
    made.add_statement()
    path = tmp_path / "proof.skp"
    path.write_bytes(made.packed())
    return path


def run(*arguments: str | Path) -> Result:
    cli = Cli(folder=None, flags=(), address=None, debug=False)
    return CliRunner().invoke(proof, [str(argument) for argument in arguments], obj=cli)


def error_of(result: Result) -> UserError:
    assert result.exit_code != 0
    assert isinstance(result.exception, UserError)
    return result.exception


def test_a_good_bundle_exits_0_and_states_its_level(bundle: Path) -> None:
    result = run("verify", bundle, "--trust", ORACLE_ADDRESS)
    assert result.exit_code == 0
    assert "It holds. Level: oracle-verified" in result.output
    assert f"signed by oracle {ORACLE_ADDRESS}, which you trust" in result.output
    assert "What this does not prove:" in result.output
    assert "test tokens" in result.output


def test_an_operator_that_is_not_trusted_is_said_so(bundle: Path) -> None:
    result = run("verify", bundle, "--trust", PublicKey(signer_of(5).public_key).address)
    assert result.exit_code == 0
    assert "Level: mutually-witnessed" in result.output
    assert "not trusted by you" in result.output


def test_a_profile_file_is_a_trust_list(bundle: Path, tmp_path: Path) -> None:
    profile = tmp_path / "profile.json"
    profile.write_bytes(PROFILE)
    assert "Level: oracle-verified" in run("verify", bundle, "--trust", profile).output


@pytest.mark.parametrize("value", ["nonsense", "13vM"])
def test_a_trust_value_that_is_no_key_is_refused(bundle: Path, value: str) -> None:
    assert error_of(run("verify", bundle, "--trust", value)).code == "E_TRUST_KEY"


def test_a_trust_file_that_is_no_profile_is_refused(bundle: Path) -> None:
    assert error_of(run("verify", bundle, "--trust", bundle)).code == "E_TRUST_KEY"


def test_flipped_bytes_exit_non_zero_and_say_what_is_wrong(bundle: Path) -> None:
    content = bundle.read_bytes()
    draw = random.Random(1)
    for at in (*range(50), *draw.sample(range(len(content)), 50)):
        changed = bytearray(content)
        changed[at] ^= 1 << draw.randrange(8)
        bundle.write_bytes(bytes(changed))
        error = error_of(run("verify", bundle))
        assert error.code.startswith("E_BUNDLE_")
        assert error.exit_code == 1
        result = run("verify", bundle, "--json")
        assert result.exit_code == 1
        assert json.loads(result.output)["intact"] is False


def test_a_bundle_with_a_lie_exits_non_zero_and_names_it(tmp_path: Path) -> None:
    made = Neighbourhood()
    forged = bytearray(made.witness_bodies[0])
    forged[-1] ^= 1
    made.log.add(EntryKind.WITNESS_REPORT, bytes(forged))
    path = tmp_path / "proof.skp"
    path.write_bytes(made.packed())
    result = run("verify", path)
    assert result.exit_code == 1
    assert "It does NOT hold:" in result.output
    assert "bad_report_signature" in result.output


def test_json_holds_every_answer(bundle: Path) -> None:
    answer = json.loads(run("verify", bundle, "--trust", ORACLE_ADDRESS, "--json").output)
    assert answer["intact"] is True
    assert answer["level"] == "oracle-verified"
    assert answer["test_tokens"] is True
    assert answer["failures"] == []
    (found,) = answer["proofs"]
    assert found["operator"]["is_trusted"] is True
    assert found["witness_owners"] == 3
    assert all(rule["passed"] for rule in found["rules"])
    assert answer["not_proved"]


def test_show_lists_the_entries_with_how_they_came(bundle: Path) -> None:
    text = run("show", bundle).output
    assert "beacon_report" in text
    assert "udp" in text
    contents = json.loads(run("show", bundle, "--json").output)
    assert {entry["kind"] for entry in contents["entries"]} >= {"statement", "witness_report", "entropy"}


def test_a_missing_file_is_a_plain_error(tmp_path: Path) -> None:
    assert error_of(run("verify", tmp_path / "none.skp")).code == "E_FILE"


def agent_directory(folder: Path) -> None:
    """Leave a directory as an agent does that had no operator."""

    async def record() -> None:
        made = Neighbourhood()
        time = TimeKeeper(SystemClock(), boot_id=BOOT)
        time.synchronised(TimeSource.NTP, error_ns=0)
        db = await Database.open(folder / "skerry.db", clock=SystemClock(), migrations=(EVIDENCE,))
        log = await EvidenceLog.open(db, signer=made.gateways[0], network=NETWORK, clock=SystemClock(), time=time)
        for entry in made.log.entries:
            await log.append(EntryKind(entry.kind), entry.body, link=entry.link, source=entry.source)
        await log.seal()
        await db.close()

    asyncio.run(record())
    operator = OperatorFolder(folder / "operator")
    operator.write(
        NetworkFile(
            network=NETWORK,
            profile="skerry-open",
            overrides={"tokens.iot.symbol": "demo-IOT"},
            reward_token="demo-IOT",
            credit_token="demo-DC",
            tokens={},
            test_tokens=True,
            ended=True,
        )
    )


def test_export_writes_a_bundle_that_verifies(tmp_path: Path) -> None:
    agent_directory(tmp_path)
    listed = run("export", "--list", "--dir", tmp_path).output.split()
    assert len(listed[0]) == 64
    target = tmp_path / "mine.skp"
    assert run("export", listed[0][:8], "--dir", tmp_path, "-o", target).exit_code == 0
    result = run("verify", target)
    assert result.exit_code == 0
    assert "Level: mutually-witnessed" in result.output
    assert run("export", "--dir", tmp_path, "-o", target, "--without", "witness_report").exit_code == 0
    assert "Level: self-claimed" in run("verify", target).output


def test_export_says_what_is_wrong(tmp_path: Path) -> None:
    assert error_of(run("export", "--dir", tmp_path / "none", "--list")).code == "E_NO_AGENT_DIR"
    agent_directory(tmp_path)
    assert error_of(run("export", "ffffffffff", "--dir", tmp_path)).code == "E_NO_SUCH_BEACON"
    assert error_of(run("export", "--dir", tmp_path, "--without", "x")).code == "E_ENTRY_KIND"
    assert error_of(run("export", "--dir", tmp_path, "--profile", tmp_path / "none")).code == "E_FILE"
    assert error_of(run("export", "--dir", tmp_path, "--profile", tmp_path / "skerry.db")).code == "E_PROFILE"
    (tmp_path / "operator" / "network.json").unlink()
    assert error_of(run("export", "--dir", tmp_path)).code == "E_NO_PROFILE"


def test_check_walks_the_whole_evidence_and_names_damage(tmp_path: Path) -> None:
    agent_directory(tmp_path)
    result = run("check", "--dir", tmp_path)
    assert result.exit_code == 0
    assert "intact" in result.output
    with sqlite3.connect(tmp_path / "skerry.db") as raw:
        raw.execute("UPDATE evidence_entries SET body = x'00' WHERE seq = 3")
    raw.close()
    result = run("check", "--dir", tmp_path)
    assert result.exit_code == 1
    assert "entry 3" in result.output
    (found,) = json.loads(run("check", "--dir", tmp_path, "--json").output)
    assert [finding["code"] for finding in found["findings"]] == ["bad_body"]


def test_text_from_a_bundle_cannot_steer_the_terminal(tmp_path: Path) -> None:
    made = Neighbourhood()
    made.log.add("\x1b[2Jkind", b"", link="\x1b]0;x\x07")
    path = tmp_path / "proof.skp"
    path.write_bytes(container.pack(dataclasses.replace(made.bundle(), made_by="\x1b[31m").to_map()))
    for verb in ("verify", "show"):
        assert "\x1b" not in run(verb, path).output
