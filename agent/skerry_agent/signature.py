"""Signs what is posted to a server of the owner's, so that it can tell our requests from others'."""

import hashlib
import hmac

__all__ = ["SIGNATURE", "signature_headers"]

SIGNATURE = "X-Skerry-Signature"  # sha256=<HMAC-SHA256 of the body in hex>


def signature_headers(secret: bytes, raw: bytes) -> dict[str, str]:
    """Return the header that signs a body; none without a secret."""
    return {SIGNATURE: "sha256=" + hmac.new(secret, raw, hashlib.sha256).hexdigest()} if secret else {}
