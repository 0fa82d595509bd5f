"""What is to be paid for one epoch, and the rules that the payer checks before anything is signed. Pure.

The lines must be those of the verified manifest whose hash the oracles signed: whoever builds the order reads them
from there. The policy is the payer's own and never comes with the order.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from skerry_core import strict_json
from skerry_keys.signer import evidence_message
from skerry_keys.verify import verify
from skerry_wallet.address import address_bytes
from skerry_wallet.errors import PayoutRefused

__all__ = ["MANIFEST_DOMAIN", "OracleSignature", "PayoutLine", "PayoutOrder", "PayoutPolicy", "check_order"]

MANIFEST_DOMAIN = "manifest"
_U64_END = 1 << 64


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class PayoutLine:
    """What one owner gets of one token; addresses are base58, the amount is in base units."""

    mint: str
    owner: str
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OracleSignature:
    """An oracle's signature over `evidence_message("manifest", network, manifest_hash)`; the key is the tagged binary."""  # noqa: E501

    public_key: bytes
    signature: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutOrder:
    """One epoch's payments; `manifest_hash` is 32 bytes."""

    network: str
    epoch: int
    manifest_hash: bytes
    lines: tuple[PayoutLine, ...]
    signatures: tuple[OracleSignature, ...]

    def lines_digest(self) -> bytes:
        """Return a hash of the lines, whatever their order."""
        rows = sorted([line.mint, line.owner, line.amount] for line in self.lines)
        return hashlib.sha256(strict_json.canonical(rows)).digest()

    def totals(self) -> dict[str, int]:
        """Return the sum in base units for every mint."""
        totals: Counter[str] = Counter()
        for line in self.lines:
            totals[line.mint] += line.amount
        return dict(totals)


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutPolicy:
    """What the payer's operator allows; from the network profile and the registry."""

    network: str
    oracle_keys: frozenset[bytes]
    threshold: int  # m of the m-of-n
    emission_caps: Callable[[int], Mapping[str, int]]  # epoch -> mint -> most base units; a mint not named gets nothing
    is_registered: Callable[[str], bool]  # owner address


def check_order(order: PayoutOrder, policy: PayoutPolicy) -> None:
    """Raise `PayoutRefused` with the first rule that the order breaks."""
    if order.network != policy.network:
        raise _refused(
            "E_PAYOUT_NETWORK", f"The order is for network {order.network}, this payer pays {policy.network}."
        )
    if not order.lines or order.epoch < 0 or len(order.manifest_hash) != 32:
        raise _refused("E_PAYOUT_MALFORMED", "The order has no lines, no epoch or no manifest hash.")
    _check_signatures(order, policy)
    _check_lines(order, policy)
    caps = policy.emission_caps(order.epoch)
    for mint, total in sorted(order.totals().items()):
        if total > caps.get(mint, 0):
            raise PayoutRefused(
                "E_PAYOUT_OVER_CAP",
                f"The order pays {total} base units of {mint}, epoch {order.epoch} emits {caps.get(mint, 0)}.",
                remedy="Check the profile's emission and the oracle that made the manifest.",
                params={"mint": mint, "total": total, "cap": caps.get(mint, 0)},
            )


def _check_signatures(order: PayoutOrder, policy: PayoutPolicy) -> None:
    message = evidence_message(MANIFEST_DOMAIN, order.network, order.manifest_hash)
    valid = {
        item.public_key
        for item in order.signatures
        if item.public_key in policy.oracle_keys and verify(item.public_key, message, item.signature)
    }
    if policy.threshold < 1 or len(valid) < policy.threshold:
        raise PayoutRefused(
            "E_PAYOUT_SIGNATURES",
            f"The manifest has {len(valid)} valid oracle signatures, {policy.threshold} are needed.",
            remedy="Collect the signatures of the other oracles.",
            params={"valid": len(valid), "needed": policy.threshold},
        )


def _check_lines(order: PayoutOrder, policy: PayoutPolicy) -> None:
    seen = set()
    for line in order.lines:
        if not 0 < line.amount < _U64_END:
            raise _refused("E_PAYOUT_MALFORMED", f"{line.amount} base units cannot be paid.")
        if (line.mint, line.owner) in seen:
            raise _refused("E_PAYOUT_MALFORMED", f"Owner {line.owner} occurs twice for {line.mint}.")
        seen.add((line.mint, line.owner))
        try:
            address_bytes(line.owner)
            address_bytes(line.mint)
        except ValueError as error:
            raise _refused("E_PAYOUT_MALFORMED", f"{line.owner} or {line.mint} is no address.") from error
        if not policy.is_registered(line.owner):
            raise PayoutRefused(
                "E_PAYOUT_UNREGISTERED_OWNER",
                f"Owner {line.owner} is not registered on {order.network}.",
                remedy="Admit the owner's hotspot, or find out how the manifest came to name it.",
                params={"owner": line.owner},
            )


def _refused(code: str, detail: str) -> PayoutRefused:
    return PayoutRefused(code, detail, remedy="Nothing was signed.")
