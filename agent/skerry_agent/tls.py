"""The agent's own certificate, for LAN mode: made once, pinned by its fingerprint, no authority needed."""

import hashlib
import os
import socket
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from skerry_core.errors import RefusedError
from skerry_core.files import PRIVATE_MODE, PUBLIC_MODE, write_atomic

__all__ = ["OWN", "TlsFiles", "fingerprint_of", "own_certificate"]

OWN = "own"  # value of api.tls_certificate
LIFETIME = timedelta(days=3650)  # clients pin it, so that a short life would only lock people out


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsFiles:
    """A certificate and its private key, both PEM."""

    certificate: Path
    key: Path


def own_certificate(folder: Path, *, now_s: int) -> TlsFiles:
    """Return the agent's own certificate, making it when there is none."""
    files = TlsFiles(certificate=folder / "certificate.pem", key=folder / "key.pem")
    if not files.certificate.exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        certificate, key = _make(now_s)
        write_atomic(files.key, key, mode=PRIVATE_MODE)
        write_atomic(files.certificate, certificate, mode=PUBLIC_MODE)
    return files


def fingerprint_of(certificate: Path) -> str:
    """Return the SHA-256 of a PEM certificate in hex. Raises `RefusedError` E_TLS."""
    try:
        der = ssl.PEM_cert_to_DER_cert(certificate.read_text(encoding="ascii").strip())
    except (OSError, ValueError) as error:
        raise RefusedError(
            "E_TLS", f"The certificate {certificate} cannot be used: {type(error).__name__}.",
            remedy="Check api.tls_certificate: a PEM file, or the word own.",
        ) from error  # fmt: skip
    return hashlib.sha256(der).hexdigest()


def _make(now_s: int) -> tuple[bytes, bytes]:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    host = socket.gethostname()[:60] or "skerry"
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    start = datetime.fromtimestamp(now_s, UTC) - timedelta(days=1)  # clocks of clients may be a little behind
    names = x509.SubjectAlternativeName([x509.DNSName(one) for one in (host, f"{host}.local", "localhost")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(int.from_bytes(os.urandom(16), "big") | 1)
        .not_valid_before(start)
        .not_valid_after(start + LIFETIME)
        .add_extension(names, critical=False)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return certificate.public_bytes(serialization.Encoding.PEM), secret
