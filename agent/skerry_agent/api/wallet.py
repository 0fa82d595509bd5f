"""`/api/v1/wallet/transactions`: unsigned transactions with their meaning. No key is here, and nothing is signed.

The agent builds, reads its own bytes back, simulates; the owner's own computer does the same again and signs there.
"""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from aiohttp import web

from skerry_agent.api.present import rfc3339
from skerry_agent.api.requests import json_answer, json_object, query_of
from skerry_core.errors import RefusedError, UsageError

__all__ = ["WALLET_PATH", "TransactionMaker", "UnsignedTransaction", "WalletRoutes", "WalletWarning"]

WALLET_PATH = "/api/v1/wallet/transactions"
MEMBERS = frozenset({
    "kind", "wallet", "to", "token", "amount", "memo", "recipient", "router_key", "sub_dao", "hotspot", "location",
    "elevation_m", "gain_ddbi", "destination",
})  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class WalletWarning:
    """A finding; `severity` is critical or warning."""

    severity: str
    code: str
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsignedTransaction:
    """A transaction whose signatures are zeros; `paid` is asset -> base units, `expires_ns` an estimate."""

    kind: str
    wallet: str
    cluster: str  # genesis hash
    transaction: bytes
    instructions: tuple[str, ...]
    paid: Mapping[str, int]
    destinations: tuple[str, ...]
    fee_lamports: int
    rent_lamports: int
    simulation: str
    warnings: tuple[WalletWarning, ...]
    last_valid_block_height: int
    expires_ns: int


class TransactionMaker(Protocol):
    """Builds what is wished for; `wish` has the members of the request, each still unchecked."""

    async def make(self, wish: Mapping[str, Any]) -> UnsignedTransaction:
        """Raise `UserError` for what cannot be built."""
        ...


class WalletRoutes:
    """The handler; `envelope()` returns what every answer carries. `maker` is set where there is a chain to ask."""

    def __init__(self, *, envelope: Callable[[], dict[str, Any]]) -> None:
        self._envelope = envelope
        self.maker: TransactionMaker | None = None

    async def create(self, request: web.Request) -> web.Response:
        """An unsigned transaction and what it would do."""
        query_of(request)
        wish = await json_object(request, set(MEMBERS))
        for name, value in wish.items():
            if isinstance(value, str) and (len(value) > 500 or "\x00" in value):
                raise UsageError("E_BODY", f"{name} is too long.", params={"name": name})
        if self.maker is None:
            raise RefusedError(
                "E_NO_CLUSTER",
                "This agent has no chain to build transactions for.",
                remedy="Set chain.cluster to the address of a JSON-RPC server.",
            )
        made = await self.maker.make(wish)
        return json_answer(self._envelope() | _shown(made))


def _shown(made: UnsignedTransaction) -> dict[str, Any]:
    return {
        "kind": made.kind,
        "wallet": made.wallet,
        "cluster": made.cluster,
        "transaction": base64.b64encode(made.transaction).decode(),
        "instructions": list(made.instructions),
        "paid": {asset: str(amount) for asset, amount in made.paid.items()},
        "destinations": list(made.destinations),
        "fee_lamports": made.fee_lamports,
        "rent_lamports": made.rent_lamports,
        "simulation": made.simulation,
        "warnings": [{"severity": one.severity, "code": one.code, "subject": one.subject} for one in made.warnings],
        "last_valid_block_height": made.last_valid_block_height,
        "expires": rfc3339(made.expires_ns),
    }
