"""What is attached, in the window: the agent's scan is started or followed, told as it goes, and its end is shown."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from skerry_client.models import Job, JobProblem
from skerry_gui.looking import Looking
from skerry_gui.screens.scan import ScanWindow
from skerry_gui.theme import Choice, Theme
from skerry_testing.agent_thread import AgentThread
from skerry_testing.api import Served
from skerry_testing.window import Opener

NOW = datetime(2026, 11, 20, tzinfo=UTC)
LIMIT_MS = 60_000
METER: dict[str, Any] = {
    "url": "/dev/p1", "key": "k", "guess": "FTDI USB-UART adapter", "kind": "p1", "asked": True, "problem": None,
    "identity": {"serial": "M1"}, "device_id": None, "setting": {"name": "devices.attached", "value": "p1:/dev/p1"},
}  # fmt: skip
BUSY: dict[str, Any] = METER | {
    "url": "/dev/x", "key": "x", "kind": None, "identity": {}, "setting": None,
    "problem": {"code": "E_PORT_BUSY", "detail": "/dev/x is in use.", "remedy": "Stop that program."},
}  # fmt: skip


def job(state: Any, **more: Any) -> Job:
    nothing: dict[str, Any] = {"progress": 0.5, "message": "waiting", "result": None, "problem": None, "ended": None}
    return Job(id="j", kind="device_scan", state=state, account="local", created=NOW, **(nothing | more))


@pytest.fixture
def window(opener: Opener, agent: AgentThread, qtbot: QtBot) -> ScanWindow:
    made = ScanWindow(opener.live(agent), Theme(opener.app, Choice.LIGHT))
    qtbot.addWidget(made)
    made.show()
    return made


def finish(window: ScanWindow, ended: Job) -> None:
    window.looking._take(ended)  # as the agent's answer would


def test_what_was_found_is_listed_with_the_setting_that_uses_it(window: ScanWindow) -> None:
    finish(window, job("done", result={"devices": [METER, BUSY]}))
    assert window.table.shown == 2
    assert window.words.text() == "2 found. What the agent uses was left alone."
    assert window.setting.text() == '[devices]\nattached = [\n  "p1:/dev/p1",\n]'
    assert window.again.isEnabled()
    window.table.view.selectRow(1)
    assert window.words.text() == ("/dev/x: FTDI USB-UART adapter: /dev/x is in use. (E_PORT_BUSY) Stop that program.")


def test_where_nothing_is_new_no_setting_is_offered(window: ScanWindow) -> None:
    finish(window, job("done", result={"devices": [METER | {"device_id": "p1:/dev/p1"}]}))
    assert not window.setting.isVisibleTo(window)
    finish(window, job("done", result={"devices": []}))
    assert window.table.shown == 0


@pytest.mark.parametrize(
    ("ended", "words"),
    [
        (job("failed", problem=JobProblem(code="E_X", detail="It broke.", remedy="Mend.")), "It broke. (E_X) Mend."),
        (job("cancelled"), "Somebody cancelled it. Look again."),
    ],
)  # fmt: skip
def test_a_look_without_an_end_says_why(window: ScanWindow, ended: Job, words: str) -> None:
    finish(window, ended)
    assert window.words.text() == words
    assert window.again.isEnabled()


def test_a_running_scan_is_told_and_a_second_look_follows_it(opener: Opener, agent: AgentThread, qtbot: QtBot) -> None:
    session = opener.live(agent)
    first, second = Looking(session.link), Looking(session.link)
    told: list[tuple[int, str]] = []
    first.progressed.connect(lambda percent, words: told.append((percent, words)))
    first.start()
    qtbot.waitUntil(lambda: (25, "asking") in told, timeout=LIMIT_MS)
    told.clear()
    second.progressed.connect(lambda percent, words: told.append((percent, words)))
    second.start()
    qtbot.waitUntil(lambda: (25, "asking") in told, timeout=LIMIT_MS)

    async def cancel(served: Served) -> None:
        (running,) = (job for job in served.jobs.all() if job.kind == "device_scan" and not job.state.has_ended)
        served.jobs.cancel(running.id)

    agent.run(cancel)
    qtbot.waitUntil(lambda: bool(first.problem and second.problem), timeout=LIMIT_MS)
    assert first.problem == second.problem == "Somebody cancelled it. Look again."


def test_the_devices_screen_opens_it(opener: Opener, agent: AgentThread, qtbot: QtBot) -> None:
    window = opener.window(opener.live(agent))
    window.show_screen(1)
    opened = window.devices.look_around()
    qtbot.waitUntil(lambda: "Asking." in opened.words.text(), timeout=LIMIT_MS)
    opened.close()


def test_without_an_agent_nobody_can_be_asked_to_look(opener: Opener) -> None:
    window = opener.window(opener.session(opener.folder / "nowhere"))
    assert not window.devices.scan.isEnabled()
