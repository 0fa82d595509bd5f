import contextlib
import os
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skerry_agent.settings import SETTINGS, Settings, load, setting_named
from skerry_agent.settings.docs import markdown, sample
from skerry_agent.settings.table import API_HOST, API_PORT, API_SOCKET, GWMP_GATEWAYS, REGION
from skerry_core.errors import NotFoundError, UsageError

DOCS = Path(__file__).resolve().parents[3] / "docs"


def load_file(tmp_path: Path, toml: str | bytes) -> Settings:
    file = tmp_path / "skerry.toml"
    file.write_bytes(toml.encode() if isinstance(toml, str) else toml)
    return load(file=file, environ={}, flags={})


def test_a_flag_beats_the_environment_beats_the_file_beats_the_default(tmp_path: Path) -> None:
    file = tmp_path / "skerry.toml"
    file.write_text("[api]\nport = 1\n")
    environ = {"SKERRY_API_PORT": "2", "PATH": "/bin"}
    cases: list[tuple[Path | None, dict[str, str], dict[str, str], int, str]] = [
        (None, {}, {}, 8474, "default"),
        (file, {}, {}, 1, f"{file}:2"),
        (file, environ, {}, 2, "environment SKERRY_API_PORT"),
        (file, environ, {"api.port": "3"}, 3, "flag"),
    ]
    for path, env, flags, port, origin in cases:
        settings = load(file=path, environ=env, flags=flags)
        assert (settings[API_PORT], settings.origins["api.port"]) == (port, origin)


def test_unknown_keys_are_named_with_file_and_line_and_the_nearest_key(tmp_path: Path) -> None:
    settings = load_file(tmp_path, '# head\n[api]\nporrt = 1\nhost = "::1"\n[foo.bar]\nx = 1\n')
    assert settings[API_HOST] == "::1"
    assert settings.warnings == (
        f"{tmp_path}/skerry.toml:3: unknown setting 'api.porrt', ignored. Did you mean 'api.port'?",
        f"{tmp_path}/skerry.toml:6: unknown setting 'foo.bar.x', ignored.",
    )


def test_an_unknown_variable_is_named(tmp_path: Path) -> None:
    settings = load(file=None, environ={"SKERRY_PORT": "1", "SKERRY_DIR": "/x", "SKERRY_TOKEN": "s"}, flags={})
    assert settings.warnings == ("environment: unknown setting SKERRY_PORT, ignored.",)


@pytest.mark.parametrize(
    ("toml", "named"),
    [
        ('[api]\n\nport = "x"', "skerry.toml:3: api.port must be a whole number"),
        ("api.port = true", "skerry.toml:1: api.port"),
        ("[api]\nport = 70000", "0 to 65535"),
        ('[hotspot]\nregion = "EU"', "EU868"),
        ("[api]\nsocket = 1", "true or false"),
        ("[gwmp]\ngateways = [1]", "a list of texts"),
        ("[api]\nhost = 5", "text in quotes"),
        ("api = 5\n[x", "not a settings file"),
        (b"\xff", "not UTF-8"),
        (b"# " + b"x" * (1 << 20), "larger than"),
        ("a = " + "[" * 5000, "not a settings file"),
        ("api.host.x = 1", "api.host must be text"),
    ],
)
def test_a_wrong_file_is_refused_naming_place_and_what_is_expected(
    tmp_path: Path, toml: str | bytes, named: str
) -> None:
    with pytest.raises(UsageError) as caught:
        load_file(tmp_path, toml)
    assert named in str(caught.value)


def test_a_folder_in_place_of_the_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="E_SETTINGS_FILE"):
        load(file=tmp_path, environ={}, flags={})


def test_wrong_flags_and_variables_are_refused() -> None:
    with pytest.raises(NotFoundError, match=r"api\.port"):
        load(file=None, environ={}, flags={"api.prt": "1"})
    with pytest.raises(UsageError, match=r"--set api\.port"):
        load(file=None, environ={}, flags={"api.port": "1e3"})
    with pytest.raises(UsageError, match="SKERRY_API_SOCKET"):
        load(file=None, environ={"SKERRY_API_SOCKET": "maybe"}, flags={})


def test_lists_and_switches_are_read_from_text() -> None:
    environ = {"SKERRY_API_SOCKET": "off", "SKERRY_GWMP_GATEWAYS": "a@1, b@2,", "SKERRY_HOTSPOT_REGION": "EU868"}
    settings = load(file=None, environ=environ, flags={})
    assert settings[API_SOCKET] is False
    assert settings[GWMP_GATEWAYS] == ("a@1", "b@2")
    assert settings[REGION] == "EU868"


@given(st.binary(max_size=300))
def test_any_bytes_give_settings_or_a_usage_error(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    folder = tmp_path_factory.getbasetemp()
    with contextlib.suppress(UsageError):
        load_file(folder, raw)


def test_every_setting_is_well_declared() -> None:
    assert len({setting.key for setting in SETTINGS}) == len(SETTINGS)
    assert len({setting.variable for setting in SETTINGS}) == len(SETTINGS)
    for setting in SETTINGS:
        assert setting_named(setting.key) is setting
        assert setting.check(setting.default) == setting.default
        assert setting.doc.endswith(".")


def test_documentation_and_sample_are_up_to_date() -> None:
    assert (DOCS / "configuration.md").read_text() == markdown(), "run: skerry config markdown > docs/configuration.md"
    assert (DOCS / "skerry.sample.toml").read_text() == sample(), "run: skerry config sample > docs/skerry.sample.toml"


def test_the_sample_with_every_line_switched_on_is_the_default(tmp_path: Path) -> None:
    lines = [line[1:] if line.startswith("#") and line[1:2] != " " else line for line in sample().splitlines()]
    switched_on = "\n".join(lines)
    assert len(tomllib.loads(switched_on)) > 3
    settings = load_file(tmp_path, switched_on)
    assert settings.warnings == ()
    assert settings.values == {setting.key: setting.default for setting in SETTINGS}
    assert all("skerry.toml:" in origin for origin in settings.origins.values())


def test_the_real_environment_loads() -> None:
    assert load(file=None, environ=os.environ, flags={}).values
