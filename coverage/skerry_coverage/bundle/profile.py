"""What a verifier reads of a network profile: rule parameters and the operator's oracle keys. For `verify` and the CLI.

A profile is one JSON object: `network`, `test_tokens`, `oracle_keys` (addresses), and `entries`, a list of objects
with `rule_set` and `parameters` (names and integers as in `PocParameters`; what is absent has its default).
"""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from skerry_core import strict_json
from skerry_coverage.evidence.errors import EvidenceRejected
from skerry_coverage.iot.parameters import PocParameters
from skerry_keys.errors import KeyRejected
from skerry_keys.public_key import PublicKey

__all__ = ["oracle_keys", "pays_test_tokens", "poc_parameters"]

_KNOWN = {field.name: field.type for field in fields(PocParameters)}


def poc_parameters(profile: bytes, rule_set: str | None) -> PocParameters:
    """Return the parameters of a rule set (None: of the last entry). Raises `EvidenceRejected` bad_profile."""
    entries = _load(profile).get("entries")
    if not isinstance(entries, list) or not all(isinstance(entry, Mapping) for entry in entries):
        raise EvidenceRejected("bad_profile", "the profile has no list of entries")
    matching = [entry for entry in entries if rule_set is None or entry.get("rule_set") == rule_set]
    if not matching:
        raise EvidenceRejected("bad_profile", f"the profile has no entry for the rules {rule_set!r}")
    return _parameters(matching[-1].get("parameters", {}))


def oracle_keys(profile: bytes) -> frozenset[bytes]:
    """Return the operator's oracle keys as tagged binaries. Raises `EvidenceRejected` bad_profile."""
    addresses = _load(profile).get("oracle_keys", [])
    try:
        return frozenset(PublicKey.from_address(address).binary for address in addresses)
    except (KeyRejected, TypeError, AttributeError) as error:
        raise EvidenceRejected("bad_profile", f"oracle_keys: {error}") from None


def pays_test_tokens(profile: bytes) -> bool:
    """Say whether the network's tokens are test tokens; a profile that cannot be read says nothing."""
    try:
        return _load(profile).get("test_tokens") is True
    except EvidenceRejected:
        return False


def _load(profile: bytes) -> Mapping[str, Any]:
    try:
        loaded = strict_json.loads(profile)
    except strict_json.JsonRejected as error:
        raise EvidenceRejected("bad_profile", str(error)) from None
    if not isinstance(loaded, Mapping):
        raise EvidenceRejected("bad_profile", "the profile is no JSON object")
    return loaded


def _parameters(given: Any) -> PocParameters:
    if not isinstance(given, Mapping):
        raise EvidenceRejected("bad_profile", "parameters are no JSON object")
    for name, value in given.items():
        expected = bool if _KNOWN.get(name) in (bool, "bool") else int
        if name not in _KNOWN or type(value) is not expected or abs(value) > 1 << 40:
            raise EvidenceRejected("bad_profile", f"parameter {name!r} is unknown or out of range")
    if given.get("beacon_interval_s", 1) < 1:
        raise EvidenceRejected("bad_profile", "beacon_interval_s is at least 1")
    return PocParameters(**given)
