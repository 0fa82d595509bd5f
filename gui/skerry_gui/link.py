"""The Qt transport of the API client: sends `skerry_client` calls without ever blocking the GUI thread."""

from typing import TypeVar

from PySide6.QtCore import QByteArray, QObject, QUrl
from PySide6.QtNetwork import QNetworkAccessManager, QNetworkProxy, QNetworkReply, QNetworkRequest

from skerry_client.calls import MAX_ANSWER_BYTES, Call, headers
from skerry_client.errors import ClientError, NotReachable
from skerry_gui.operation import AgentOp
from skerry_gui.pinning import pin
from skerry_gui.place import Access

__all__ = ["AgentLink", "make_request"]

CALL_LIMIT_MS = 30_000  # explanations recompute proofs on a Pi
T = TypeVar("T")


class AgentLink(QObject):
    """Sends calls to the agent of `access`; `use` changes it after a restart of the agent."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._network = QNetworkAccessManager(self)
        self._network.setProxy(QNetworkProxy(QNetworkProxy.ProxyType.NoProxy))  # a token must not visit a proxy
        self._access: Access | None = None

    def use(self, access: Access) -> None:
        """Send what follows to this address with this token."""
        self._access = access

    def close(self) -> None:
        """Let go of connections that are kept for the next call."""
        self._network.clearConnectionCache()

    def send(self, call: Call[T]) -> AgentOp[T]:
        """Send a call; the operation gets its typed answer, or `ApiProblem`, `BadAnswer`, `NotReachable`."""
        if self._access is None:
            raise RuntimeError("the link was used before it had an address")
        request = make_request(self._access, call.target, headers(self._access.token, body=call.body is not None))
        request.setTransferTimeout(CALL_LIMIT_MS)
        reply = self._network.sendCustomRequest(request, call.method.encode(), QByteArray(call.body or b""))
        pin(reply, self._access.fingerprint)
        op: AgentOp[T] = AgentOp(abort=reply.abort)
        reply.downloadProgress.connect(lambda received, _total: _limit(reply, received))
        reply.finished.connect(lambda: _finish(reply, call, op))
        return op


def make_request(access: Access, target: str, fields: dict[str, str]) -> QNetworkRequest:
    """Return a request that follows no redirect and carries no cookie."""
    request = QNetworkRequest(QUrl(access.address + target))
    request.setAttribute(
        QNetworkRequest.Attribute.RedirectPolicyAttribute, QNetworkRequest.RedirectPolicy.ManualRedirectPolicy
    )
    request.setAttribute(QNetworkRequest.Attribute.CookieLoadControlAttribute, QNetworkRequest.LoadControl.Manual)
    for name, value in fields.items():
        request.setRawHeader(name.encode(), value.encode())
    return request


def _limit(reply: QNetworkReply, received: int) -> None:
    if received > MAX_ANSWER_BYTES:
        reply.abort()


def _finish(reply: QNetworkReply, call: Call[T], op: AgentOp[T]) -> None:
    result: T | ClientError
    status = reply.attribute(QNetworkRequest.Attribute.HttpStatusCodeAttribute)
    if status is None:
        result = NotReachable(reply.errorString())
    else:
        try:
            result = call.read(int(status), bytes(reply.readAll().data()))
        except ClientError as error:
            result = error
    reply.deleteLater()
    op.finish(result)
