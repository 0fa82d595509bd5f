"""Every screen against a real API server: drawn in both palettes, named for screen readers, used by keyboard."""

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAccessible, QGuiApplication, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QComboBox, QLabel, QLineEdit, QMessageBox, QTableView, QWidget
from pytestqt.qtbot import QtBot

from skerry_gui.session import Connection
from skerry_gui.theme import DARK, LIGHT, Choice
from skerry_gui.window import MainWindow
from skerry_testing.agent_thread import AgentThread
from skerry_testing.api import Served
from skerry_testing.window import Opener

SCREENS = ("Overview", "Devices", "Beacons and witnesses", "Packets", "Rewards")


def texts(widget: QWidget) -> str:
    """Return everything that is to be read in a part of the window."""
    return "\n".join(label.text() for label in widget.findChildren(QLabel) if label.isVisibleTo(widget))


def names(widget: QWidget) -> set[str]:
    """Return the accessible names in a part of the window."""
    return {child.accessibleName() for child in widget.findChildren(QWidget) if child.accessibleName()}


def image(window: MainWindow) -> QImage:
    return window.grab().toImage()


@pytest.mark.parametrize("choice", [Choice.LIGHT, Choice.DARK])
def test_each_screen_is_drawn_in_each_palette(opener: Opener, agent: AgentThread, choice: Choice) -> None:
    window = opener.window(opener.live(agent), choice)
    paper = LIGHT.paper if choice is Choice.LIGHT else DARK.paper
    for place, name in enumerate(SCREENS):
        window.show_screen(place)
        drawn = image(window)
        spots = [(x, y) for x in range(0, drawn.width(), 4) for y in range(0, drawn.height(), 4)]
        colours = {drawn.pixelColor(x, y).name() for x, y in spots}
        assert paper in colours
        assert len(colours) > 20, "text was drawn, not one plain area"
        assert window.screens[place][1].accessibleName() == name


def test_every_part_that_takes_the_keyboard_has_a_name(opener: Opener, agent: AgentThread) -> None:
    window = opener.window(opener.live(agent))
    unnamed = []
    for place in range(5):
        window.show_screen(place)
        for kind in (QLineEdit, QComboBox, QTableView, QAbstractButton):
            for part in window.findChildren(kind):
                if part.isVisible() and part.focusPolicy() != Qt.FocusPolicy.NoFocus:
                    interface = QAccessible.queryAccessibleInterface(part)
                    if not interface.text(QAccessible.Text.Name):
                        unnamed.append(repr(part))
    assert unnamed == []


def test_the_strip_says_what_is_known_with_its_age(opener: Opener, agent: AgentThread) -> None:
    window = opener.window(opener.live(agent))
    strip = window.findChild(QWidget, "strip")
    assert strip is not None
    said = texts(strip)
    for expected in ("Unknown", "none set: nothing will be paid", "1 of 1 up", "not known", "skerry setup", "as of"):
        assert expected in said
    assert {"Agent: Unknown", "Devices: 1 of 1 up", "Next step: skerry setup"} <= names(strip)


def test_the_overview_counts_verdicts_rewards_and_the_backlog(opener: Opener, agent: AgentThread) -> None:
    window = opener.window(opener.live(agent))
    said = texts(window.overview)
    assert "0 valid" in said
    assert "of 3: 3 invalid, 0 not judged" in said
    assert f"{3 * (1 << 60):,}"[:9] in said, "the sum of three shares, exact beyond 2^53"
    assert "1 witness" in said
    assert any("too close 3" in name for name in names(window.overview))


def test_choosing_a_witness_shows_the_rule_and_whose_fault_it_was(
    opener: Opener, agent: AgentThread, qtbot: QtBot
) -> None:
    window = opener.window(opener.live(agent))
    window.show_screen(2)
    screen = window.proofs.witnesses
    screen.table.view.setFocus()
    screen.table.view.selectRow(0)
    qtbot.waitUntil(lambda: "Too close." in texts(screen.panel), timeout=60_000)
    said = texts(screen.panel)
    for expected in ("Invalid: too close", "iot/2024-01", "120 m; the limit is 300 m (margin -180 m)", "Location"):
        assert expected in said
    assert screen.panel.findings.shown == 1


def test_choosing_a_reward_walks_back_to_the_frames(opener: Opener, agent: AgentThread, qtbot: QtBot) -> None:
    window = opener.window(opener.live(agent))
    window.show_screen(4)
    window.rewards.table.view.selectRow(0)
    qtbot.waitUntil(lambda: "witness report w1" in texts(window.rewards.panel), timeout=60_000)
    assert "One witness." in texts(window.rewards.panel)


def test_filters_by_text_and_by_verdict(opener: Opener, agent: AgentThread, qtbot: QtBot) -> None:
    window = opener.window(opener.live(agent))
    window.show_screen(2)
    screen = window.proofs.witnesses
    assert screen.table.shown == 3
    screen.verdict.setCurrentIndex(screen.verdict.findData("valid"))
    assert screen.table.shown == 0
    screen.verdict.setCurrentIndex(0)
    QTest.keyClick(window, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(screen.table.filter, "no such text")
    assert screen.table.shown == 0
    screen.table.filter.clear()
    assert screen.table.shown == 3


def test_a_new_packet_appears_by_itself_and_the_selection_stays(
    opener: Opener, agent: AgentThread, qtbot: QtBot
) -> None:
    window = opener.window(opener.live(agent))
    window.show_screen(3)
    window.packets.table.view.selectRow(1)
    chosen = window.packets.table.selected()

    async def receive(served: Served) -> None:
        (newest, *_) = (await served.stores.packets.page(cursor=None, limit=1, device_id=None)).rows
        await served.stores.packets.add([replace(newest, id="p9", at_ns=newest.at_ns + 1_000_000)])
        served.hub.publish("packets", {"id": "p9"})

    agent.run(receive)
    qtbot.waitUntil(lambda: window.packets.table.shown == 4, timeout=60_000)
    assert window.packets.table.selected() == chosen


def test_a_paused_table_stands_still(opener: Opener, agent: AgentThread, qtbot: QtBot) -> None:
    session = opener.live(agent)
    window = opener.window(session)
    window.show_screen(3)
    window.packets.pause.setChecked(True)
    session.packets.rows = ()
    session.packets.changed.emit()
    assert window.packets.table.shown == 3
    window.packets.pause.setChecked(False)
    assert window.packets.table.shown == 0


def test_empty_screens_say_what_to_do(opener: Opener, empty_agent: AgentThread) -> None:
    window = opener.window(opener.live(empty_agent))
    for screen, expected in (
        (window.devices, "skerry devices scan"),
        (window.proofs.witnesses, "No beacon of another hotspot has been heard yet"),
        (window.proofs.beacons, "This hotspot has sent no beacon yet"),
        (window.packets, "No frame has been received yet"),
        (window.rewards, "Nothing has been earned yet"),
    ):
        assert expected in "\n".join(label.text() for label in screen.findChildren(QLabel))


def test_the_test_token_banner_stands_while_tokens_are_worthless(
    opener: Opener, agent: AgentThread, qtbot: QtBot
) -> None:
    agent.served.view.test_tokens = True
    session = opener.live(agent)
    window = opener.window(session)
    banner = window.findChild(QWidget, "banner")
    assert banner is not None
    session.status.refresh()
    qtbot.waitUntil(banner.isVisible, timeout=60_000)
    assert "TEST TOKENS" in texts(banner)
    agent.served.view.test_tokens = False
    session.status.refresh()
    qtbot.waitUntil(lambda: not banner.isVisible(), timeout=60_000)


def test_a_lost_connection_is_told_on_every_screen(opener: Opener, tmp_path: Path) -> None:
    window = opener.window(opener.session(tmp_path / "nothing"))
    bar = window.findChild(QWidget, "lost")
    assert bar is not None
    for place in range(5):
        window.show_screen(place)
        assert bar.isVisible()
    assert "No connection to the agent: no agent runs in" in texts(bar)
    assert "The agent cannot be reached" in texts(window.overview)
    assert "skerry run" in texts(window.overview)


def test_a_device_is_renamed(opener: Opener, agent: AgentThread, qtbot: QtBot) -> None:
    session = opener.live(agent)
    window = opener.window(session)
    window.show_screen(1)
    panel = window.devices.panel
    panel.name.setText("chimney")
    QTest.mouseClick(panel.rename, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: session.devices.rows[0].name == "chimney", timeout=60_000)
    qtbot.waitUntil(lambda: "Named chimney." in texts(panel), timeout=60_000)


def test_a_region_is_confirmed_only_after_a_question(opener: Opener, agent: AgentThread, qtbot: QtBot) -> None:
    session = opener.live(agent)
    window = opener.window(session)
    window.show_screen(1)
    panel = window.devices.panel
    panel.region.setCurrentText("EU868")
    QTest.mouseClick(panel.confirm, Qt.MouseButton.LeftButton)
    (box,) = window.findChildren(QMessageBox)
    assert "EU868" in box.text()
    assert agent.served.view.confirmed == []
    assert box.defaultButton() is box.button(QMessageBox.StandardButton.Cancel)
    QTest.mouseClick(box.button(QMessageBox.StandardButton.Yes), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: session.devices.rows[0].region == "EU868", timeout=60_000)
    assert agent.served.view.confirmed == [("d1", "EU868")]


def test_screens_are_chosen_by_keys_and_the_palette_is_kept(opener: Opener, agent: AgentThread, qtbot: QtBot) -> None:
    window = opener.window(opener.live(agent))
    with qtbot.waitActive(window):
        window.activateWindow()
    for place in range(5):
        QTest.keyClick(window, Qt.Key(Qt.Key.Key_1 + place), Qt.KeyboardModifier.ControlModifier)
        assert window.screens[place][1].isVisible()
    before = image(window).pixelColor(QPoint(8, 500))
    keys = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    QTest.keyClick(window, Qt.Key.Key_T, keys)
    assert window._settings.value("palette") == "DARK"
    assert image(window).pixelColor(QPoint(8, 500)) != before


def test_the_next_command_can_be_copied(opener: Opener, agent: AgentThread, qtbot: QtBot) -> None:
    window = opener.window(opener.live(agent))
    (button,) = [part for part in window.findChildren(QAbstractButton) if part.accessibleName() == "Copy the next step"]
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == "skerry setup"


def test_text_of_others_is_never_read_as_markup(opener: Opener, agent: AgentThread, qtbot: QtBot) -> None:
    async def change(served: Served) -> None:
        await served.stores.devices.change("d1", name="<b>bold</b><img src='http://127.0.0.1:1/x'>", region=None)

    agent.run(change)
    window = opener.window(opener.live(agent))
    window.show_screen(1)
    assert "<b>bold</b>" in texts(window.devices.panel)
    formats = {label.textFormat() for label in window.devices.panel.findChildren(QLabel) if label.text()}
    assert formats <= {Qt.TextFormat.PlainText, Qt.TextFormat.AutoText}
    plain = [label for label in window.devices.panel.findChildren(QLabel) if "<b>" in label.text()]
    assert {label.textFormat() for label in plain} == {Qt.TextFormat.PlainText}


def test_a_closed_window_closes_its_connections(opener: Opener, agent: AgentThread, qtbot: QtBot) -> None:
    session = opener.live(agent)
    window = opener.window(session)
    assert session.connection is Connection.LIVE
    window.close()
    qtbot.wait(50)
    assert not session._poll.isActive()
    assert not session._retry.isActive()


def _meter(served: Served) -> None:
    """Turn the one device into a meter with more readings than the panel has room for."""
    values = {"power_w": 420, "imported_wh": 4_426_085, "l2_voltage_v": None} | {f"l1_{n}_v": n for n in range(200)}
    served.view.live["d1"] = replace(served.view.live["d1"], reason="Answers.", values=values)


async def _serve_meter(served: Served) -> None:
    row = await served.stores.devices.get("d1")
    assert row is not None
    await served.stores.devices.seen(replace(row, kind="p1"))
    _meter(served)


def test_a_meter_shows_its_readings_with_units_and_no_region(opener: Opener, agent: AgentThread) -> None:
    agent.run(_serve_meter)
    window = opener.window(opener.live(agent))
    window.show_screen(1)
    height = window.height()
    said = texts(window.devices.panel)
    assert "420 W, imported 4,426.1 kWh." in said
    assert "Imported: 4,426.085 kWh" in said
    assert "Not told by the device: L2 voltage" in said
    assert "None" not in said
    assert not window.devices.panel.region.isVisibleTo(window)
    assert "region" not in said.lower()
    image(window)
    assert window.height() == height, "many readings scroll, they do not make the window higher"


def test_a_radio_without_a_region_says_that_nothing_is_sent(opener: Opener, agent: AgentThread) -> None:
    window = opener.window(opener.live(agent))
    window.show_screen(1)
    assert window.devices.panel.region.isVisibleTo(window)
    assert "Region: none confirmed; nothing is sent by radio before" in texts(window.devices.panel)


def test_devices_are_found_by_their_kind_which_takes_no_column(opener: Opener, agent: AgentThread) -> None:
    agent.run(_serve_meter)
    window = opener.window(opener.live(agent))
    window.show_screen(1)
    table = window.devices.table
    assert table.view.isColumnHidden(4)
    table.filter.setText("p1")
    assert table.shown == 1
    table.filter.setText("modem")
    assert table.shown == 0


def test_frames_are_filtered_by_devices_that_hear_some_under_their_newest_name(
    opener: Opener, agent: AgentThread, qtbot: QtBot
) -> None:
    window = opener.window(opener.live(agent))
    choice = window.packets.device
    assert [choice.itemText(place) for place in range(choice.count())] == ["All devices", "roof"]

    async def rename(served: Served) -> None:
        await served.stores.devices.change("d1", name="gable")
        row = await served.stores.devices.get("d1")
        assert row is not None
        await served.stores.devices.seen(replace(row, id="p1:/dev/x", kind="p1", name="/dev/x"))
        served.hub.publish("devices", {"id": "d1"})

    agent.run(rename)
    qtbot.waitUntil(lambda: choice.itemText(1) == "gable", timeout=60_000)
    assert choice.count() == 2
