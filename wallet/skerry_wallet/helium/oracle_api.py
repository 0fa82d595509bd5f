"""The reward oracles' HTTP interface, sans-I/O: lifetime rewards in bulk and signed claim messages (sheet 1.6).

Nothing an oracle answers is believed before it is checked: a claim's message must be the one for our asset, signed by
the key that the distributor account lists.
"""

import base64
import binascii
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from skerry_keys.verify import verify_ed25519
from skerry_wallet.helium import idl
from skerry_wallet.helium.address import to_raw
from skerry_wallet.helium.claim_transaction import OracleAttestation, attestation_message
from skerry_wallet.helium.errors import HeliumRejected

__all__ = [
    "BULK_LIMIT",
    "Oracle",
    "bulk_rewards_requests",
    "oracles_of",
    "parse_attestation",
    "parse_bulk_rewards",
    "sign_request",
]

BULK_LIMIT = 100  # entity keys per request, as the official clients send
_MAX_REWARD_DIGITS = 20  # u64


@dataclass(frozen=True, slots=True, kw_only=True)
class Oracle:
    """One oracle of a distributor; its slot is its place in the list."""

    index: int
    address: str
    url: str


def oracles_of(distributor: Mapping[str, Any]) -> list[Oracle]:
    """Return the oracles of a decoded `LazyDistributorV0` account, in slot order."""
    return [
        Oracle(index=index, address=one["oracle"], url=one["url"].rstrip("/"))
        for index, one in enumerate(distributor["oracles"])
    ]


def bulk_rewards_requests(entity_keys: Sequence[str]) -> Iterator[dict[str, list[str]]]:
    """Yield the JSON bodies for POST /bulk-rewards."""
    for start in range(0, len(entity_keys), BULK_LIMIT):
        yield {"entityKeys": list(entity_keys[start : start + BULK_LIMIT])}


def parse_bulk_rewards(answer: Any, entity_keys: Sequence[str]) -> dict[str, int]:
    """Return lifetime base units by entity key; absent keys are 0. Raises `HeliumRejected` bad_answer."""
    rewards = answer.get("currentRewards") if isinstance(answer, Mapping) else None
    if not isinstance(rewards, Mapping):
        raise HeliumRejected("bad_answer", "no currentRewards")
    return {key: _amount(rewards.get(key, 0)) for key in entity_keys}


def sign_request(key_to_asset: str) -> dict[str, list[str]]:
    """Return the JSON body for POST /v1/sign."""
    return {"keyToAssetKeys": [key_to_asset]}


def parse_attestation(answer: Any, oracle: Oracle, *, token: str, asset: str) -> OracleAttestation:
    """Return the oracle's signed value for an asset.

    Raises `HeliumRejected` bad_answer, wrong_attestation (another slot, asset or distributor) or bad_signature.
    """
    for entry in _messages(answer):
        try:
            message = base64.b64decode(entry["serialized"], validate=True)
            signature = base64.b64decode(entry["signature"], validate=True)
        except (KeyError, TypeError, binascii.Error, ValueError):
            raise HeliumRejected("bad_answer", "a message is not base64") from None
        fields = idl.decode_account(message, "SetCurrentRewardsTransactionV0").fields
        if fields["asset"] != asset:
            continue
        expected = attestation_message(
            token=token, asset=asset, oracle_index=oracle.index, current_rewards=fields["current_rewards"]
        )
        if message != expected:
            raise HeliumRejected("wrong_attestation", "the message is for another slot or distributor")
        if not verify_ed25519(to_raw(oracle.address), message, signature):
            raise HeliumRejected("bad_signature", f"not signed by oracle {oracle.address}")
        return OracleAttestation(oracle=oracle.address, signature=signature, message=message)
    raise HeliumRejected("wrong_attestation", "the oracle signed nothing for this asset")


def _messages(answer: Any) -> list[Any]:
    messages = answer.get("messages") if isinstance(answer, Mapping) else None
    if not isinstance(messages, list):
        raise HeliumRejected("bad_answer", "no messages")
    return messages


def _amount(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise HeliumRejected("bad_answer", "a reward is no number")
    text = str(value)
    if not text.isascii() or not text.isdigit() or len(text) > _MAX_REWARD_DIGITS:
        raise HeliumRejected("bad_answer", "a reward is no whole number")
    return int(text)
