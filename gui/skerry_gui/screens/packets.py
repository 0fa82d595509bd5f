"""Received frames as they come: how far each came on its way, and why not farther."""

from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QComboBox, QPushButton, QVBoxLayout, QWidget

from skerry_client.models import Packet
from skerry_client.readings import has_region, short_name
from skerry_gui.columns import PACKETS
from skerry_gui.session import Session
from skerry_gui.theme import Theme
from skerry_gui.widgets.basic import Card, CopyButton, label
from skerry_gui.widgets.table import Table
from skerry_gui.words import moment, plain

__all__ = ["Packets"]

_EMPTY = (
    "No frame has been received yet.\n\nWhen a radio is connected (Devices), every LoRaWAN frame it hears appears here "
    "within half a second, whether it is forwarded or not."
)


class Packets(QWidget):
    """The live table with pause and a filter by device, and the bytes of the selected frame."""

    def __init__(self, session: Session, theme: Theme) -> None:
        super().__init__()
        self.setAccessibleName("Packets")
        self._session = session
        self.table: Table[Packet] = Table(
            PACKETS, name="Packets", empty=_EMPTY, key=lambda one: one.id, now=session.now, theme=theme
        )
        self.device = QComboBox()
        self.device.setAccessibleName("Filter by device")
        self.device.addItem("All devices", None)
        self.device.currentIndexChanged.connect(self._keep)
        self.pause = QPushButton("&Pause")
        self.pause.setCheckable(True)
        self.pause.setToolTip("Keep the table as it is; frames are still received")
        self.pause.toggled.connect(self._draw)
        self.table.tools.addWidget(self.device)
        self.table.tools.addWidget(self.pause)
        self._facts = label("Select a frame to see its bytes.", wrap=True, selectable=True)
        self._bytes = label("", wrap=True, selectable=True)
        self._bytes.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self._copy = CopyButton("Copy bytes", what="the frame's bytes")
        self._copy.offer("")
        panel = Card("Frame")
        panel.head.addWidget(self._copy)
        panel.add(self._facts)
        panel.add(self._bytes)
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 16, 18, 18)
        column.setSpacing(12)
        column.addWidget(self.table, 1)
        column.addWidget(panel)
        self.table.chosen.connect(self._choose)
        self.table.older_wanted.connect(session.packets.older)
        session.packets.changed.connect(self._draw)
        session.devices.changed.connect(self._list_devices)
        session.ticked.connect(self.table.tick)
        self._list_devices()
        self._draw()

    def _draw(self) -> None:
        if not self.pause.isChecked():
            self.table.show_feed(self._session.packets)

    def _list_devices(self) -> None:
        places = {self.device.itemData(place): place for place in range(self.device.count())}
        for device in self._session.devices.rows:
            name = short_name(device.id, device.name)
            if device.id in places:
                self.device.setItemText(places[device.id], name)  # its owner may have named it meanwhile
            elif has_region(device.kind):  # the others hear no frames
                self.device.addItem(name, device.id)

    def _keep(self) -> None:
        wanted = self.device.currentData()
        self.table.keep_only(lambda one: wanted is None or one.device_id == wanted)

    def _choose(self) -> None:
        packet = self.table.selected()
        if packet is None:
            return
        sent = f"sent to {', '.join(packet.sent_to)}" if packet.sent_to else "sent to nobody"
        why = f" because {plain(packet.reason)}" if packet.reason else ""
        self._facts.setText(
            f"{moment(packet.at)}, {plain(packet.kind)}, by {packet.device_id} over {packet.source}\n"
            f"Came as far as {plain(packet.stage)}, {sent}{why}."
        )
        data = packet.phy_hex
        self._bytes.setText(" ".join(data[place : place + 8] for place in range(0, len(data), 8)))
        self._copy.offer(data)
