"""What the adapters share: our errors become the cases' error terms."""

from collections.abc import Callable, Mapping
from typing import Any

from skerry_core.conformance import CaseError, Kind
from skerry_keys import KeyRejected
from skerry_wallet.economy.errors import EconomyRejected
from skerry_wallet.helium.errors import HeliumRejected
from skerry_wallet.keyfile.errors import KeyImportRejected

__all__ = ["Given", "Result", "by_op", "kind"]

Given = Mapping[str, Any]
Result = Mapping[str, Any]


def kind(function: Callable[[Given], Result], same: Callable[[Any, Any], bool] | None = None) -> Kind:
    """Wrap a case function so that a refusal becomes `{"error": reason}`."""

    def run(given: Given) -> Result:
        try:
            return function(given)
        except (EconomyRejected, HeliumRejected, KeyImportRejected, KeyRejected) as error:
            raise CaseError(error.reason) from error

    return Kind(run=run, same=same)


def by_op(same: Callable[[Any, Any], bool] | None = None, **functions: Callable[[Given], Result]) -> Kind:
    """Wrap a kind whose `op` field selects the function."""
    return kind(lambda given: functions[given["op"]](given), same)
