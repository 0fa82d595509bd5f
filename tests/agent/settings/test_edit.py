from pathlib import Path

import pytest

from skerry_agent.settings import load, setting_named
from skerry_agent.settings.edit import set_in_file
from skerry_agent.settings.setting import ValueRejected
from skerry_core.errors import RefusedError


def edit(tmp_path: Path, before: str | None, key: str, raw: str) -> str:
    file = tmp_path / "sub" / "skerry.toml"
    if before is not None:
        file.parent.mkdir(exist_ok=True)
        file.write_text(before)
    setting = setting_named(key)
    value = setting.parse(raw)
    set_in_file(file, setting, value)
    assert load(file=file, environ={}, flags={}).values[key] == value
    return file.read_text()


def test_a_new_file_is_made_with_its_folder(tmp_path: Path) -> None:
    assert edit(tmp_path, None, "api.port", "9000") == "[api]\nport = 9000\n"


def test_other_lines_and_comments_stay(tmp_path: Path) -> None:
    before = '# mine\n[api] # first\nport = 1\n# keep\nhost = "::1"\n'
    assert edit(tmp_path, before, "api.port", "2") == before.replace("port = 1", "port = 2")
    assert edit(tmp_path, before, "api.socket", "no") == before.replace("first\n", "first\nsocket = false\n")
    assert edit(tmp_path, before, "gwmp.gateways", "a@1,b@2").endswith('\n[gwmp]\ngateways = ["a@1", "b@2"]\n')


def test_a_list_on_several_lines_is_replaced_as_a_whole(tmp_path: Path) -> None:
    before = '[devices]\nattached = [\n  "p1:/dev/a",  # old\n]\n[api]\nport = 1\n'
    after = edit(tmp_path, before, "devices.attached", '["p1:/dev/a", "iec62056:/dev/b?registers=1.8.0,2.8.0"]')
    assert after == ('[devices]\nattached = ["p1:/dev/a", "iec62056:/dev/b?registers=1.8.0,2.8.0"]\n[api]\nport = 1\n')


@pytest.mark.parametrize("raw", ["[", "[1]", '["a"', '["a"] b'])
def test_a_list_that_is_none_is_refused(raw: str) -> None:
    with pytest.raises(ValueRejected):
        setting_named("devices.attached").parse(raw)


def test_text_with_quotes_and_backslashes_is_kept_exactly(tmp_path: Path) -> None:
    edit(tmp_path, None, "hotspot.key", 'C:\\keys\\"a" é')


@pytest.mark.parametrize(
    "before",
    ["api = { port = 1 }\n", "[api]\nallowed_hosts = [\n  'a',\n]\n[gwmp]\nlisten = '''\n[api]\nport = 1\n'''\n"],
)
def test_a_file_that_cannot_be_changed_safely_is_left_alone(tmp_path: Path, before: str) -> None:
    with pytest.raises(RefusedError, match="E_CONFIG_EDIT"):
        edit(tmp_path, before, "api.port", "2")
    assert (tmp_path / "sub" / "skerry.toml").read_text() == before
