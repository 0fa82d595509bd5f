import json
import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from skerry_agent.cli.group import root
from skerry_core import __version__
from skerry_testing.cli import running_agent, skerry


def test_help_lists_the_verbs_without_importing_them() -> None:
    code = (
        "import sys; from skerry_agent.cli.group import root; "
        "root.main(['--help'], standalone_mode=False); "
        "print(sorted({m.partition('.')[0] for m in sys.modules} & {'aiohttp', 'sqlite_utils', 'asyncio', 'nacl'}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert "conformance" in done.stdout
    assert done.stdout.splitlines()[-1] in ("[]", "['asyncio']")


@pytest.mark.parametrize("name", root.list_commands(None))  # type: ignore[arg-type]  # the context is not looked at
def test_every_verb_has_help(name: str) -> None:
    result = CliRunner().invoke(root, [name, "--help"])
    assert result.exit_code == 0, result.output
    assert len(result.output.splitlines()) > 3


def test_usage_errors_give_2_and_say_what_is_wrong(tmp_path: Path) -> None:
    for arguments in (["nonsense"], ["status", "--nonsense"], ["--set", "api.port", "config", "show"]):
        ran = skerry(tmp_path, *arguments)
        assert ran.code == 2, arguments
        assert ran.out == ""
        assert ran.err
    assert skerry(tmp_path, "--set", "api.port=x", "config", "show").code == 2


def test_a_wrong_command_line_is_told_as_json_too(tmp_path: Path) -> None:
    ran = skerry(tmp_path, "devices", "scan", "--also", "sunspec", "--json")
    assert ran.code == 2
    assert ran.json["error"]["code"] == "E_USAGE"
    assert "--also needs the PORTs" in ran.json["error"]["detail"]
    assert ran.json["error"]["remedy"] == "Try 'skerry devices scan --help'."


@pytest.mark.parametrize("verb", [["status"], ["devices"], ["packets"], ["witness", "list"], ["rewards", "list"]])
def test_without_an_agent_the_exit_code_is_3_and_the_next_command_is_named(tmp_path: Path, verb: list[str]) -> None:
    ran = skerry(tmp_path, *verb, "--json")
    assert ran.code == 3
    assert ran.json["error"]["code"] == "E_NOT_RUNNING"
    assert "skerry run" in ran.err


def test_every_read_verb_shows_text_and_json(tmp_path: Path) -> None:
    with running_agent(tmp_path):
        for verb, seen in (
            (["devices"], "roof"),
            (["packets"], "p3"),
            (["beacon", "list"], "b1"),
            (["witness", "list", "--verdict", "invalid"], "too_close"),
            (["rewards", "list"], str(1 << 60)),
            (["witness", "explain", "w1"], "120 m"),
            (["rewards", "explain", "r1"], "witness report w1"),
        ):
            text = skerry(tmp_path, *verb)
            assert (text.code, text.err) == (0, ""), verb
            assert seen in text.out, verb
            answer = skerry(tmp_path, *verb, "--json")
            assert answer.code == 0
            assert answer.json["test_tokens"] is False
            assert "as_of" in answer.json


def test_status_says_that_nothing_will_be_paid_and_its_exit_code_asks_for_attention(tmp_path: Path) -> None:
    with running_agent(tmp_path) as change:
        ran = skerry(tmp_path, "status")
        assert ran.code == 5
        assert "Nothing will be paid" in ran.out
        assert "next: skerry setup" in ran.out
        assert skerry(tmp_path, "status", "--json").json["operator"]["is_set"] is False
        change(lambda served: setattr(served.view, "broken", True))
        ran = skerry(tmp_path, "status")
        assert (ran.code, "E_INTERNAL" in ran.err) == (1, True)


def test_what_does_not_exist_is_an_error_with_its_code(tmp_path: Path) -> None:
    with running_agent(tmp_path):
        ran = skerry(tmp_path, "witness", "explain", "nothing")
        assert (ran.code, "E_NO_WITNESS" in ran.err) == (1, True)
        ran = skerry(tmp_path, "devices", "set", "d1", "--region", "EU868", "--json")
        assert (ran.code, ran.json["region"]) == (0, "EU868")
        assert skerry(tmp_path, "devices", "set", "d1", "--region", "MARS").code == 2


def test_text_from_radios_cannot_steer_the_terminal() -> None:
    from skerry_agent.cli.context import table

    assert "\x1b" not in table(("a",), [("\x1b[2J",)]).splitlines()[1]
    assert table(("a",), []) == "(none)"


@pytest.mark.parametrize(
    ("setting", "code"),
    [("devices.attached=modm:/dev/x", "E_DEVICE_KIND"), ("serial.radios=toaster:/dev/x", "E_SERIAL_RADIO")],
)
def test_a_setting_that_run_would_refuse_is_not_good(tmp_path: Path, setting: str, code: str) -> None:
    ran = skerry(tmp_path, "--set", setting, "config", "check")
    assert ran.code == 2
    assert code in ran.err


def test_config_verbs(tmp_path: Path) -> None:
    assert skerry(tmp_path, "config", "check").code == 0
    ran = skerry(tmp_path, "config", "set", "api.port", "9000", "--json")
    assert (ran.code, ran.json["value"]) == (0, 9000)
    assert skerry(tmp_path, "config", "get", "api.port").out == "9000\n"
    shown = skerry(tmp_path, "config", "show", "--json").json["api.port"]
    assert (shown["value"], shown["origin"]) == (9000, f"{tmp_path}/skerry.toml:2")
    assert skerry(tmp_path, "--set", "api.port=1", "config", "get", "api.port").out == "1\n"
    assert skerry(tmp_path, "config", "set", "api.port", "x").code == 2
    ran = skerry(tmp_path, "config", "get", "api.prot")
    assert (ran.code, "api.port" in ran.err) == (1, True)
    (tmp_path / "skerry.toml").write_text("[api]\nprot = 1\n")
    ran = skerry(tmp_path, "config", "check")
    assert (ran.code, "skerry.toml:2: unknown setting 'api.prot'" in ran.out) == (5, True)
    assert "unknown setting" in skerry(tmp_path, "config", "show").err
    assert skerry(tmp_path, "config", "sample").out.startswith("# Settings")
    assert skerry(tmp_path, "config", "markdown").out.startswith("# Configuration")


def test_global_options_may_stand_behind_the_verb(tmp_path: Path) -> None:
    place = str(tmp_path / "skerry.db")
    assert skerry(None, "paths", "--dir", str(tmp_path), "--json").json["database"] == place
    assert skerry(None, "config", "get", "api.port", "--dir", str(tmp_path), "--set", "api.port=7").out == "7\n"
    ran = skerry(tmp_path, "--set", "api.port=1", "config", "get", "--set", "api.port=2", "api.port")
    assert ran.out == "2\n"
    shown = CliRunner().invoke(root, ["paths", "--help"]).output
    assert ("--dir" in shown, "--set" in shown) == (True, False)
    assert "--set" in CliRunner().invoke(root, ["--help"]).output


def test_paths_version_and_completion(tmp_path: Path) -> None:
    assert skerry(tmp_path, "paths", "--json").json["database"] == str(tmp_path / "skerry.db")
    assert str(tmp_path / "api.token") in skerry(tmp_path, "paths").out
    assert skerry(None, "version").out == f"skerry {__version__}\n"
    for shell in ("bash", "zsh", "fish"):
        assert "_SKERRY_COMPLETE" in skerry(None, "completion", shell).out


def test_tokens_are_made_listed_and_revoked(tmp_path: Path) -> None:
    made = skerry(tmp_path, "token", "create", "--name", "laptop", "--scope", "wallet", "--scope", "read", "--json")
    assert made.code == 0
    secret, name = made.json["token"], made.json["id"]
    assert re.fullmatch(rf"skr_{name}_[A-Za-z0-9_-]{{43}}", secret)
    listed = skerry(tmp_path, "token", "list", "--json").json["items"]
    assert [(one["name"], one["scopes"], one["revoked"]) for one in listed] == [("laptop", ["read", "wallet"], None)]
    assert secret not in skerry(tmp_path, "token", "list").out
    assert secret.encode() not in (tmp_path / "skerry.db").read_bytes()
    assert skerry(tmp_path, "token", "revoke", name).code == 0
    assert skerry(tmp_path, "token", "revoke", name).code == 1
    assert skerry(tmp_path, "token", "create", "--scope", "root").code == 2


def test_a_token_made_beside_a_running_agent_works_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with running_agent(tmp_path):
        address = (tmp_path / "api.address").read_text().strip()
        secret = skerry(tmp_path, "token", "create").out.strip()
        monkeypatch.setenv("SKERRY_TOKEN", secret)
        assert skerry(None, "--address", address, "devices").code == 0
        assert skerry(None, "--address", address, "devices", "set", "d1", "--name", "x").code == 1
        monkeypatch.setenv("SKERRY_TOKEN", "wrong")
        assert "E_TOKEN" in skerry(None, "--address", address, "devices").err


def test_the_gateway_key_is_made_once_and_shown_without_its_secret(tmp_path: Path) -> None:
    assert skerry(tmp_path, "key", "show").code == 1
    made = skerry(tmp_path, "key", "generate")
    assert (made.code, "Back this folder up" in made.err) == (0, True)
    file = tmp_path / "keys" / "gateway.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    shown = skerry(tmp_path, "key", "show", "--json").json
    assert len(bytes.fromhex(shown["gateway_eui"])) == 8
    assert shown["address"] == made.out.split()[0]
    assert len(shown["name"].split("-" if "-" in shown["name"] else " ")) == 3
    assert skerry(tmp_path, "key", "generate").code == 5
    file.unlink()
    ran = skerry(tmp_path, "key", "generate")
    assert (ran.code, "E_KEY_RECORDED" in ran.err) == (5, True)
    assert not file.exists()


def test_a_backup_is_private_whole_and_restores_into_an_empty_folder_only(tmp_path: Path) -> None:
    home, other, target = tmp_path / "a", tmp_path / "b", tmp_path / "backup.tar.gz"
    assert skerry(home, "backup", str(target)).code == 5
    skerry(home, "key", "generate")
    skerry(home, "token", "create")
    skerry(home, "config", "set", "api.port", "9000")
    made = skerry(home, "backup", str(target), "--json")
    assert made.json["parts"] == ["backup.json", "skerry.db", "keys/gateway.key", "keys/identity.json", "skerry.toml"]
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert skerry(home, "backup", str(target)).code == 5
    assert skerry(home, "restore", str(target)).code == 5
    assert skerry(other, "restore", str(target)).code == 0
    assert skerry(other, "key", "show").out.split()[0] == skerry(home, "key", "show").out.split()[0]
    assert skerry(other, "config", "get", "api.port").out == "9000\n"


def test_a_support_file_holds_no_secret_and_no_position(tmp_path: Path) -> None:
    import tarfile

    skerry(tmp_path, "config", "set", "hotspot.location", "8c2681a3064d9ff")
    skerry(tmp_path, "config", "set", "chain.cluster", "https://user:hunter2@rpc.example")
    target = tmp_path / "support.tar.gz"
    with running_agent(tmp_path):
        ran = skerry(tmp_path, "bundle", str(target), "--json")
    assert {"settings.json", "status.json", "packets.json"} <= ran.json["parts"].keys()
    with tarfile.open(target) as archive:
        text = "".join(archive.extractfile(one).read().decode() for one in archive.getmembers())  # type: ignore[union-attr]  # all are files
    for secret in ("8c2681a3064d9ff", "hunter2", "skr_local"):
        assert secret not in text


def test_conformance_counts_and_its_exit_code_tells(tmp_path: Path) -> None:
    good = {"kind": "keys.tag", "cases": []}
    unknown = {"kind": "keys.nonsense", "cases": [{"id": "a", "in": {}, "out": {}}]}
    (tmp_path / "good.json").write_text(json.dumps(good))
    assert skerry(None, "conformance", str(tmp_path)).code == 0
    (tmp_path / "unknown.json").write_text(json.dumps(unknown))
    ran = skerry(None, "conformance", str(tmp_path), "--json")
    assert ran.code == 1
    assert ran.json["keys.nonsense"] == {"passed": 0, "failed": 0, "unsupported": 1, "failures": []}
    for wrong in (b"{", b"[]", b'{"kind": 5}', b'{"kind": "x", "cases": [{"id": 1}]}', b'{"kind": "x"}'):
        (tmp_path / "wrong.json").write_bytes(wrong)
        assert skerry(None, "conformance", str(tmp_path / "wrong.json")).code == 2
    (tmp_path / "empty").mkdir()
    assert skerry(None, "conformance", str(tmp_path / "empty")).code == 1


def test_conformance_of_the_keys_family_passes_and_a_wrong_result_is_shown(tmp_path: Path) -> None:
    vectors = Path(__file__).resolve().parents[2] / "vectors" / "keys"
    assert skerry(None, "conformance", str(vectors)).code == 0
    document = json.loads((vectors / "keys.animal_name.json").read_text())
    document["cases"][0]["out"] = {"name": "wrong"}
    (tmp_path / "a.json").write_text(json.dumps(document))
    ran = skerry(None, "conformance", str(tmp_path), "--json")
    assert (ran.code, ran.json["keys.animal_name"]["failed"]) == (1, 1)
    assert ran.json["keys.animal_name"]["failures"][0]["expected"] == {"name": "wrong"}
    assert document["cases"][0]["id"] in skerry(None, "conformance", str(tmp_path)).out


def test_an_internal_error_is_one_line_and_a_trace_only_when_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import skerry_agent.cli.config as module

    def broken() -> None:
        raise ZeroDivisionError("inside")

    monkeypatch.setattr(module.version, "callback", lambda **_: broken())
    ran = skerry(tmp_path, "version")
    assert (ran.code, ran.out) == (1, "")
    assert "Internal error: ZeroDivisionError" in ran.err
    assert "inside" not in ran.err
    assert "Traceback" in skerry(tmp_path, "--debug", "version").err
