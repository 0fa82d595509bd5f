"""The owner's spending rules: limits by payment and by day, and who may be paid. Kept in one private file.

Without the file nothing is limited; the rules bind this computer's wallets only, a thief of the key is not stopped.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from skerry_core import strict_json
from skerry_core.errors import RefusedError, UserError
from skerry_core.files import write_atomic
from skerry_wallet.address import address_bytes
from skerry_wallet.asset_text import amount_text
from skerry_wallet.keyfile.private_file import read_private

__all__ = ["DAY_S", "Limit", "SpendingRefused", "SpendingRules", "check_spending"]

DAY_S = 86_400
_FORMAT = 1


class SpendingRefused(RefusedError):
    """A rule that the owner set forbids the payment; nothing was signed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """The most base units of one asset in one payment and in any 24 hours; None is no limit."""

    per_payment: int | None = None
    per_day: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendingRules:
    """`allowed` is address -> the owner's name for it; with `only_allowed` nobody else is paid.

    `limits` is by asset: `SOL` or a mint.
    """

    allowed: Mapping[str, str] = field(default_factory=dict)
    only_allowed: bool = False
    limits: Mapping[str, Limit] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> "SpendingRules":
        """Return the file's rules, none where there is no file. Raises `UserError` E_SPENDING_RULES, `KeyExposed`."""
        try:
            raw = read_private(path)
        except FileNotFoundError:
            return cls()
        try:
            stored: Any = strict_json.loads(raw)
            rules = cls(
                allowed={str(address): str(name) for address, name in stored["allowed"].items()},
                only_allowed=bool(stored["only_allowed"]),
                limits={str(asset): _limit(limit) for asset, limit in stored["limits"].items()},
            )
            for address in rules.allowed:
                address_bytes(address)
        except (strict_json.JsonRejected, KeyError, TypeError, ValueError, AttributeError) as error:
            raise UserError(
                "E_SPENDING_RULES",
                f"The spending rules in {path} cannot be read, so nothing is paid.",
                remedy="Restore the file, or remove it to begin without rules.",
                params={"file": str(path)},
            ) from error
        return rules

    def write(self, path: Path) -> None:
        """Store the rules, 0600 and whole."""
        limits = {
            asset: {"per_payment": limit.per_payment, "per_day": limit.per_day} for asset, limit in self.limits.items()
        }
        content = {
            "format": _FORMAT,
            "allowed": dict(self.allowed),
            "only_allowed": self.only_allowed,
            "limits": limits,
        }
        write_atomic(path, strict_json.canonical(content) + b"\n")

    def allow(self, address: str, name: str) -> "SpendingRules":
        """Return rules with one more destination. Raises `ValueError` for what is no address."""
        address_bytes(address)
        return replace(self, allowed={**self.allowed, address: name})

    def limit(self, asset: str, limit: Limit) -> "SpendingRules":
        """Return rules with another limit for an asset."""
        return replace(self, limits={**self.limits, asset: limit})


def check_spending(
    rules: SpendingRules, *, paid: Mapping[str, int], destinations: frozenset[str], spent_today: Mapping[str, int]
) -> None:
    """Raise `SpendingRefused` with the first rule that a payment breaks.

    `paid` and `spent_today` are asset -> base units that leave the wallet; `destinations` are wallets.
    """
    strangers = sorted(destinations - rules.allowed.keys()) if rules.only_allowed else []
    if strangers:
        raise SpendingRefused(
            "E_SPENDING_DESTINATION",
            f"{strangers[0]} is not on your list of destinations.",
            remedy="Add it with `skerry wallet allow ADDRESS --name NAME` after you have checked it.",
            params={"destination": strangers[0]},
        )
    for asset, amount in sorted(paid.items()):
        limit = rules.limits.get(asset, Limit())
        for name, most, sum_ in (
            ("one payment", limit.per_payment, amount),
            ("24 hours", limit.per_day, amount + spent_today.get(asset, 0)),
        ):
            if most is not None and sum_ > most:
                raise SpendingRefused(
                    "E_SPENDING_LIMIT",
                    f"This would spend {amount_text(asset, sum_)} in {name}; your limit is {amount_text(asset, most)}.",
                    remedy="Send less, wait, or change the limit with `skerry wallet limit`.",
                    params={"asset": asset, "limit": most, "spent": sum_},
                )


def _limit(stored: Any) -> Limit:
    values = (stored["per_payment"], stored["per_day"])
    if any(value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 0)
           for value in values):  # fmt: skip
        raise ValueError("a limit is a whole number or null")
    return Limit(per_payment=values[0], per_day=values[1])
