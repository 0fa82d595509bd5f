"""Key pairs, addresses, signatures and the Signer interface."""

from skerry_keys.errors import KeyRejected
from skerry_keys.public_key import PublicKey
from skerry_keys.signer import Signer
from skerry_keys.software import SoftwareSigner
from skerry_keys.verify import verify

__all__ = ["KeyRejected", "PublicKey", "Signer", "SoftwareSigner", "verify"]
