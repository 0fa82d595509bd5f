"""Accepts the agent's own certificate and no other, by its fingerprint and before anything is sent."""

from PySide6.QtCore import QCryptographicHash
from PySide6.QtNetwork import QNetworkReply

__all__ = ["pin"]


def pin(reply: QNetworkReply, fingerprint: str | None) -> None:
    """Tie a request to the certificate with this SHA-256 (hex); without one the system's authorities decide."""
    if fingerprint is None:
        return
    reply.sslErrors.connect(lambda _errors: _matches(reply, fingerprint) and reply.ignoreSslErrors())
    reply.encrypted.connect(lambda: None if _matches(reply, fingerprint) else reply.abort())


def _matches(reply: QNetworkReply, fingerprint: str) -> bool:
    certificate = reply.sslConfiguration().peerCertificate()
    digest = certificate.digest(QCryptographicHash.Algorithm.Sha256)
    return bytes(digest.data()).hex() == fingerprint.lower()
