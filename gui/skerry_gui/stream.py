"""The API's live events over Qt: one connection at a time, and the news that it was lost. Owned by `Session`."""

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtNetwork import QNetworkAccessManager, QNetworkProxy, QNetworkReply, QNetworkRequest

from skerry_client.calls import EVENTS_PATH, headers
from skerry_client.errors import BadAnswer
from skerry_client.sse import SseParser
from skerry_gui.link import make_request
from skerry_gui.pinning import pin
from skerry_gui.place import Access

__all__ = ["EventStream"]

SILENCE_LIMIT_MS = 45_000  # three heartbeats


class EventStream(QObject):
    """`happened` carries each `ServerEvent`; `lost` says that no more will come until `open` is called again."""

    happened = Signal(object)
    lost = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._network = QNetworkAccessManager(self)
        self._network.setProxy(QNetworkProxy(QNetworkProxy.ProxyType.NoProxy))
        self._reply: QNetworkReply | None = None
        self._parser = SseParser()
        self._silence = QTimer(self)
        self._silence.setSingleShot(True)
        self._silence.setInterval(SILENCE_LIMIT_MS)
        self._silence.timeout.connect(lambda: self._lose("the agent fell silent"))

    def open(self, access: Access, *, after: int) -> None:
        """Watch everything that happens after this event id."""
        self.close()
        self._parser = SseParser(last_id=after)
        wanted = headers(access.token) | {"Accept": "text/event-stream", "Last-Event-ID": str(after)}
        reply = self._network.get(make_request(access, EVENTS_PATH, wanted))
        self._reply = reply
        pin(reply, access.fingerprint)
        reply.readyRead.connect(lambda: self._read(reply))
        reply.finished.connect(lambda: self._end(reply))
        self._silence.start()

    def close(self) -> None:
        """Stop watching; nothing is told any more."""
        self._silence.stop()
        reply, self._reply = self._reply, None
        if reply is not None:
            reply.abort()
            reply.deleteLater()
            self._network.clearConnectionCache()

    def _read(self, reply: QNetworkReply) -> None:
        if reply is not self._reply:
            return
        self._silence.start()
        if reply.attribute(QNetworkRequest.Attribute.HttpStatusCodeAttribute) != 200:
            return  # a refusal; `_end` tells it
        try:
            for event in self._parser.feed(bytes(reply.readAll().data())):
                self.happened.emit(event)
        except BadAnswer as error:
            self._lose(str(error))

    def _end(self, reply: QNetworkReply) -> None:
        if reply is self._reply:
            status = reply.attribute(QNetworkRequest.Attribute.HttpStatusCodeAttribute)
            self._lose("the agent closed the connection" if status == 200 else reply.errorString())

    def _lose(self, reason: str) -> None:
        self.close()
        self.lost.emit(reason)
