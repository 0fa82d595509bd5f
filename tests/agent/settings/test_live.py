"""Settings read again while the agent runs."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from skerry_agent.settings import SETTINGS, Settings, load
from skerry_agent.settings.live import LiveSettings, is_live
from skerry_agent.settings.table import API_PORT, LOG_LEVEL, RETENTION_PACKETS
from skerry_core.errors import UsageError, UserError


class Folder:
    """A settings file that can be rewritten."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "skerry.toml"

    def write(self, text: str) -> None:
        self.file.write_text(text)

    def read(self) -> Settings:
        return load(file=self.file, environ={}, flags={})


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


async def test_a_safe_change_is_in_force_and_the_rest_waits_for_a_restart(folder: Folder) -> None:
    live = LiveSettings(folder.read(), read=folder.read)
    folder.write("[log]\nlevel = 'debug'\n[api]\nport = 9000\n[retention]\npackets_max = 500\n[nonsense]\nx = 1\n")
    told = await live.reload()
    assert told.applied == ("retention.packets_max", "log.level")
    assert told.restart == ("api.port",)
    assert "nonsense.x" in told.warnings[0]
    assert (live.now[LOG_LEVEL], live.now[RETENTION_PACKETS], live.now[API_PORT]) == ("debug", 500, 8474)
    assert live.now.origins["log.level"].endswith("skerry.toml:2")
    # What waits is told again, what is in force is not.
    again = await live.reload()
    assert (again.applied, again.restart) == ((), ("api.port",))


async def test_a_wrong_file_changes_nothing(folder: Folder) -> None:
    seen: list[Settings] = []
    live = LiveSettings(folder.read(), read=folder.read, parts=[lambda new: partial(seen.append, new)])
    folder.write("[log]\nlevel = 'debug'\n[retention]\npackets_max = -1\n")
    with pytest.raises(UsageError, match=r"retention\.packets_max"):
        await live.reload()
    assert (live.now[LOG_LEVEL], seen) == ("info", [])


async def test_when_one_part_refuses_no_part_is_changed(folder: Folder) -> None:
    seen: list[str] = []

    def refuse(new: Settings) -> Callable[[], None]:
        raise UserError("E_ALERTS_SECRET", "no")

    live = LiveSettings(
        folder.read(), read=folder.read, parts=[lambda new: partial(seen.append, new[LOG_LEVEL]), refuse]
    )
    folder.write("[log]\nlevel = 'debug'\n")
    with pytest.raises(UserError, match="no"):
        await live.reload()
    assert (seen, live.now[LOG_LEVEL]) == ([], "info")


async def test_a_setting_removed_from_the_file_goes_back_to_its_default(folder: Folder) -> None:
    folder.write("[log]\nlevel = 'debug'\n")
    live = LiveSettings(folder.read(), read=folder.read)
    folder.write("")
    assert (await live.reload()).applied == ("log.level",)
    assert live.now[LOG_LEVEL] == "info"


def test_nothing_that_decides_about_the_air_keys_or_ports_is_live() -> None:
    live = {setting.key for setting in SETTINGS if is_live(setting.key)}
    assert {"log.level", "api.metrics_open", "retention.packets_days", "alerts.webhook"} <= live
    assert not any(key.startswith(("hotspot.", "gwmp.", "serial.", "operator.", "beacon.", "chain.")) for key in live)
    assert {key for key in live if key.startswith("api.")} == {"api.metrics_open"}
