"""Radios, modems and meters: their state, readings, name and the region that their owner confirmed."""

from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLineEdit,
    QMessageBox,
    QPushButton,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from skerry_client.errors import ClientError
from skerry_client.models import Device
from skerry_client.readings import has_region, last_heard, says, short_name, told, untold
from skerry_gui.columns import DEVICES
from skerry_gui.marks import state_mark
from skerry_gui.operations import REGIONS, confirm_region, rename_device
from skerry_gui.screens.scan import ScanWindow
from skerry_gui.session import Connection, Session
from skerry_gui.theme import Theme
from skerry_gui.widgets.basic import AgeLabel, Card, CopyButton, MarkLabel, label, scrolling
from skerry_gui.widgets.table import Table
from skerry_gui.words import STATE_WORDS, moment, sentence

__all__ = ["Devices"]

_EMPTY = (
    "No device has been heard from yet.\n\nWhat is attached to the agent's computer: the button above, or "
    "skerry devices scan\n"
    "That also says what to put into the settings. Packet forwarders are heard as soon as they send to it "
    "(Semtech UDP, port 1680 unless set)."
)


UNCONFIRMED = "Region: none confirmed; nothing is sent by radio before"


class Devices(QWidget):
    """A table of devices and, beside it, the selected one."""

    def __init__(self, session: Session, theme: Theme) -> None:
        super().__init__()
        self.setAccessibleName("Devices")
        self._session = session
        self._theme = theme
        self.table: Table[Device] = Table(
            DEVICES, name="Devices", empty=_EMPTY, key=lambda one: one.id, now=session.now, theme=theme
        )
        self.panel = _Panel(session, theme)
        split = QSplitter()
        split.setChildrenCollapsible(False)
        split.addWidget(self.table)
        split.addWidget(self.panel)
        split.setStretchFactor(0, 3)
        split.setStretchFactor(1, 2)
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 16, 18, 18)
        column.addWidget(split)
        self.scan = QPushButton("Look for devices\u2026")
        self.scan.setToolTip("Find out what is attached to the agent's computer")
        self.scan.clicked.connect(self.look_around)
        self.table.tools.addWidget(self.scan)
        self.table.chosen.connect(self._choose)
        session.devices.changed.connect(self._draw)
        session.changed.connect(self._able)
        session.ticked.connect(self.table.tick)
        session.ticked.connect(self.panel.grow)
        self._draw()
        self._able()

    def look_around(self) -> ScanWindow:
        """Open the window that says what is attached."""
        window = ScanWindow(self._session, self._theme, self)
        window.finished.connect(window.deleteLater)
        window.show()
        window.look()
        return window

    def _draw(self) -> None:
        self.table.show_feed(self._session.devices)
        self.panel.setVisible(bool(self._session.devices.rows))
        self.table.select_first()
        self._choose()

    def _able(self) -> None:
        self.scan.setEnabled(self._session.connection is Connection.LIVE)

    def _choose(self) -> None:
        if (device := self.table.selected()) is not None:
            self.panel.show_device(device)


class _Panel(Card):
    """The selected device, with what its owner may change."""

    def __init__(self, session: Session, theme: Theme) -> None:
        super().__init__("Device")
        self._session = session
        self._device: Device | None = None
        self._age = AgeLabel()
        self.head.addWidget(self._age)
        self._state = MarkLabel(theme, name="State", size=20, role="title")
        self._reason = label("Select a device to see it here.", "muted", wrap=True)
        self._identity = label("", selectable=True, wrap=True)
        self._copy = CopyButton("Copy id", what="the device's id")
        self._copy.offer("")
        self._readings = label("", selectable=True, wrap=True)
        self._place = label("", "heading", wrap=True)
        self.name = QLineEdit()
        self.name.setAccessibleName("Name of the device")
        self.name.setMaxLength(200)
        self.rename = QPushButton("Rename")
        self.rename.clicked.connect(self._rename)
        self.region = QComboBox()
        self.region.setAccessibleName("Region of the device")
        self.region.addItems(REGIONS)
        self.confirm = QPushButton("Confirm region\u2026")
        self.confirm.clicked.connect(self._ask_region)
        self._answer = label("", "muted", wrap=True)
        self._lay_out()
        self._enable(False)

    def show_device(self, device: Device) -> None:
        """Show it; what a person is typing stays."""
        another = self._device is None or self._device.id != device.id
        self._device = device
        self._enable(True)
        name = short_name(device.id, device.name)
        self._state.show_mark(state_mark(device.state), f"{STATE_WORDS[device.state]}: {name}")
        line = says(device.state, device.reason, device.values)
        self._reason.setText(sentence(line).removesuffix(".") + ".")
        self._identity.setText(f"{device.id}\nFirst seen {moment(device.first_seen)}\n{_heard(device)}")
        self._copy.offer(device.id)
        self._readings.setText(_readings(device))
        for part in (self._place, self.region, self.confirm):
            part.setVisible(has_region(device.kind))
        self._place.setText(f"Region: {device.region} is confirmed" if device.region else UNCONFIRMED)
        if another:
            self.name.setText("" if device.id.endswith(f":{device.name}") else device.name)
            self.name.setPlaceholderText("none yet")
            self.region.setCurrentIndex(max(0, self.region.findText(device.region or "")))
            self._answer.setText("")
        self.grow()

    def grow(self) -> None:
        """Let the age grow."""
        self._age.show_age(self._device.as_of if self._device else None, self._session.now())

    def _lay_out(self) -> None:
        self.add(self._state)
        self.add(self._reason)
        identity = QHBoxLayout()
        identity.addWidget(self._identity, 1)
        identity.addWidget(self._copy)
        self.body.addLayout(identity)
        self.add(label("Readings", "heading"))
        self.add(scrolling(self._readings, name="Readings of the device"), 1)
        self.add(label("Name", "heading"))
        for field, button in ((self.name, self.rename), (self.region, self.confirm)):
            row = QHBoxLayout()
            row.addWidget(field, 1)
            row.addWidget(button)
            self.body.addLayout(row)
            if field is self.name:
                self.add(self._place)
        self.add(self._answer)

    def _enable(self, able: bool) -> None:
        for part in (self.name, self.rename, self.region, self.confirm):
            part.setEnabled(able)

    def _rename(self) -> None:
        if self._device is not None and self.name.text().strip():
            op = rename_device(link=self._session.link, device_id=self._device.id, name=self.name.text())
            op.success(lambda device: self._done(f"Named {device.name}.")).failure(self._failed)

    def _ask_region(self) -> None:
        if self._device is None:
            return
        region, device = self.region.currentText(), self._device
        box = QMessageBox(self)
        box.setWindowTitle("Confirm region")
        box.setText(f"{short_name(device.id, device.name)} stands in a place where {region} applies?")
        box.setInformativeText(
            "From then on Skerry lets this radio transmit beacons under that region's limits of power and time on air. "
            "A wrong region can break the law where the radio stands. Check also that an antenna is connected."
        )
        box.setStandardButtons(QMessageBox.StandardButton.Yes | QMessageBox.StandardButton.Cancel)
        box.setDefaultButton(QMessageBox.StandardButton.Cancel)
        box.button(QMessageBox.StandardButton.Yes).setText(f"Confirm {region}")
        box.accepted.connect(lambda: self._confirm(device.id, region))
        box.finished.connect(box.deleteLater)
        box.open()

    def _confirm(self, device_id: str, region: str) -> None:
        op = confirm_region(link=self._session.link, device_id=device_id, region=region)
        op.success(lambda device: self._done(f"Region {device.region} is confirmed.")).failure(self._failed)

    def _done(self, text: str) -> None:
        self._answer.setText(text)
        self._session.devices.refresh()

    def _failed(self, error: ClientError) -> None:
        self._answer.setText(f"That did not work: {error}")


def _heard(device: Device) -> str:
    if device.state == "up" or device.values:
        return f"Last heard {moment(device.as_of)}"
    return f"Last heard: {last_heard(device.kind, device.state, device.values, device.as_of, device.as_of)}"


def _readings(device: Device) -> str:
    lines = [f"{name}: {value}" for name, value in told({**device.values, **device.details})]
    if silent := untold(device.values):
        lines += ["", f"Not told by the device: {', '.join(silent)}"]
    return "\n".join(lines) or "No readings yet."
