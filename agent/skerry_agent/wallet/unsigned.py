"""Makes unsigned transactions for the API: the remote half of the signing split. Holds no key and signs nothing."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, cast

from skerry_agent.api.wallet import UnsignedTransaction, WalletWarning
from skerry_agent.wallet.helium_assets import HeliumAssets
from skerry_agent.wallet.helium_changes import HeliumChanges, Proposal, SubDao
from skerry_agent.wallet.helium_claims import HeliumClaims
from skerry_agent.wallet.json_post import JsonPoster
from skerry_agent.wallet.messages import helium_call
from skerry_agent.wallet.review import review_message
from skerry_agent.wallet.transfers import transfer_message
from skerry_core.clock import NS_PER_MS, Clock
from skerry_core.errors import NotFoundError, UsageError, UserError
from skerry_wallet.address import address_bytes
from skerry_wallet.cluster import Cluster
from skerry_wallet.helium.errors import HeliumRejected
from skerry_wallet.spending.effects import SOL
from skerry_wallet.tokens import Token
from skerry_wallet.transaction import parse_message

__all__ = ["UnsignedDesk"]

SLOT_MS = 400
MAX_MEMO = 200
_U64_END = 1 << 64


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsignedDesk:
    """`url` is the JSON-RPC server with the DAS extension that Helium's kinds need, None for the embedded chain."""

    open_cluster: Callable[[], AbstractAsyncContextManager[Cluster]]
    tokens: Mapping[str, Token]
    url: str | None
    clock: Clock = field(repr=False)

    async def make(self, wish: Mapping[str, Any]) -> UnsignedTransaction:
        """Build, review and simulate. Raises `UserError`."""
        wishes = _Wishes(wish)
        kind, wallet = wishes.text("kind"), wishes.address("wallet")
        build = _KINDS.get(kind)
        if build is None:
            raise UsageError("E_BODY", f"kind is one of {', '.join(_KINDS)}.", params={"name": "kind"})
        async with self.open_cluster() as cluster, JsonPoster() as poster:
            work = _Work(desk=self, cluster=cluster, poster=poster, wallet=wallet, wishes=wishes)
            try:
                proposal = await build(work)
            except HeliumRejected as error:
                raise UserError("E_SERVICE", f"That cannot be built: {error}.", remedy="Check the request.") from error
            wishes.done()
            found = await review_message(
                proposal.message, wallet=address_bytes(wallet), cluster=cluster, pays=proposal.pays,
                extra_rent=proposal.rent_lamports,
            )  # fmt: skip
            height = await cluster.block_height()
            signatures = parse_message(found.message).required_signatures
            left_ms = max(0, found.last_valid_block_height - height) * SLOT_MS
            return UnsignedTransaction(
                kind=kind,
                wallet=wallet,
                cluster=await cluster.genesis_hash(),
                transaction=bytes([signatures]) + bytes(64 * signatures) + found.message,
                instructions=tuple(effect.to_text() for effect in found.effects),
                paid=found.paid,
                destinations=tuple(sorted(found.destinations)),
                fee_lamports=found.fee_lamports,
                rent_lamports=found.rent_lamports,
                simulation=found.simulation,
                warnings=tuple(
                    WalletWarning(severity=one.severity.value, code=one.code, subject=one.subject)
                    for one in found.warnings
                ),
                last_valid_block_height=found.last_valid_block_height,
                expires_ns=self.clock.wall_ns() + left_ms * NS_PER_MS,
            )


class _Wishes:
    """The request's members; each is asked for once, and `done` finds those that nobody asked for."""

    def __init__(self, members: Mapping[str, Any]) -> None:
        self._members = dict(members)

    def text(self, name: str, default: str | None = None) -> str:
        value = self._members.pop(name, default)
        if not isinstance(value, str) or not value:
            raise _wrong(name, "a text")
        return value

    def address(self, name: str, default: str | None = None) -> str:
        value = self.text(name, default)
        try:
            address_bytes(value)
        except ValueError:
            raise _wrong(name, "a wallet address") from None
        return value

    def amount(self, name: str = "amount") -> int:
        value = self.text(name)
        if not value.isascii() or not value.isdecimal() or len(value) > 20 or not 0 < int(value) < _U64_END:
            raise _wrong(name, "a number of base units as decimal text, above 0")
        return int(value)

    def number(self, name: str, low: int, high: int) -> int | None:
        value = self._members.pop(name, None)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high):
            raise _wrong(name, f"a whole number from {low} to {high}")
        return value

    def cell(self, name: str) -> int | None:
        value = self._members.pop(name, None)
        if value is None:
            return None
        from skerry_agent.wallet.cells import location_cell

        return location_cell(value if isinstance(value, str) else "")

    def one_of(self, name: str, known: tuple[str, ...], default: str) -> str:
        value = self.text(name, default)
        if value not in known:
            raise _wrong(name, f"one of {', '.join(known)}")
        return value

    def is_left_out(self, name: str) -> bool:
        """Say whether a member is absent, null or empty; then it is done with."""
        if self._members.get(name) in (None, ""):
            self._members.pop(name, None)
            return True
        return False

    def done(self) -> None:
        if self._members:
            name = sorted(self._members)[0]
            raise UsageError("E_BODY", f"This kind has no member {name}.", params={"name": name})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    desk: UnsignedDesk
    cluster: Cluster
    poster: JsonPoster
    wallet: str
    wishes: _Wishes

    def assets(self) -> HeliumAssets:
        if self.desk.url is None:
            raise NotFoundError(
                "E_NO_HELIUM", "The embedded chain has no Helium programs.", remedy="Set chain.cluster."
            )
        return HeliumAssets(cluster=self.cluster, poster=self.poster, das_url=self.desk.url)


async def _transfer(work: _Work) -> Proposal:
    wishes, name = work.wishes, work.wishes.text("token")
    token = None if name.upper() == SOL else _token(work.desk.tokens, name)
    memo = "" if wishes.is_left_out("memo") else wishes.text("memo")
    if len(memo.encode()) > MAX_MEMO:
        raise _wrong("memo", f"at most {MAX_MEMO} bytes")
    to, units = wishes.address("to"), wishes.amount()
    message = await transfer_message(
        work.cluster, owner=address_bytes(work.wallet), to=address_bytes(to), token=token, units=units, note=memo
    )
    return Proposal(message=message)


async def _dc_mint(work: _Work) -> Proposal:
    recipient = work.wishes.address("recipient", work.wallet)
    inputs = {"owner": work.wallet, "recipient": recipient, "hnt_amount": None, "dc_amount": work.wishes.amount()}
    return Proposal(message=helium_call("data_credits.mint_data_credits_v0", inputs, work.wallet, units=300_000))


async def _dc_burn(work: _Work) -> Proposal:
    inputs = {"owner": work.wallet, "amount": work.wishes.amount()}
    return Proposal(message=helium_call("data_credits.burn_without_tracking_v0", inputs, work.wallet, units=150_000))


async def _dc_delegate(work: _Work) -> Proposal:
    inputs = {
        "owner": work.wallet, "payer": work.wallet, "sub_dao": work.wishes.one_of("sub_dao", ("iot", "mobile"), "iot"),
        "router_key": work.wishes.text("router_key"), "amount": work.wishes.amount(),
    }  # fmt: skip
    return Proposal(message=helium_call("data_credits.delegate_data_credits_v0", inputs, work.wallet, units=150_000))


async def _claim(work: _Work) -> Proposal:
    hotspot = work.wishes.text("hotspot")
    claims = HeliumClaims(assets=work.assets())
    oracles = await claims.oracles()
    (found,) = await claims.pending([await claims.assets.hotspot(work.wallet, hotspot)], oracles)
    return Proposal(message=await claims.claim_message(found, oracles, owner=work.wallet))


async def _recipient(work: _Work) -> Proposal:
    hotspot = work.wishes.text("hotspot")
    destination = None if work.wishes.is_left_out("destination") else work.wishes.address("destination")
    return await HeliumChanges(assets=work.assets()).recipient(work.wallet, hotspot, destination=destination)


async def _onboard(work: _Work) -> Proposal:
    wishes = work.wishes
    return await HeliumChanges(assets=work.assets()).onboard(
        work.wallet, wishes.text("hotspot"), location=wishes.cell("location"),
        elevation_m=wishes.number("elevation_m", -500, 9000), gain_ddbi=wishes.number("gain_ddbi", -300, 300),
    )  # fmt: skip


async def _assert(work: _Work) -> Proposal:
    wishes = work.wishes
    return await HeliumChanges(assets=work.assets()).assert_location(
        work.wallet, wishes.text("hotspot"), sub_dao=cast("SubDao", wishes.one_of("sub_dao", ("iot", "mobile"), "iot")),
        location=wishes.cell("location"), elevation_m=wishes.number("elevation_m", -500, 9000),
        gain_ddbi=wishes.number("gain_ddbi", -300, 300),
    )  # fmt: skip


_KINDS: dict[str, Callable[[_Work], Awaitable[Proposal]]] = {
    "transfer": _transfer,
    "claim": _claim,
    "dc_mint": _dc_mint,
    "dc_burn": _dc_burn,
    "dc_delegate": _dc_delegate,
    "recipient": _recipient,
    "onboard": _onboard,
    "assert": _assert,
}


def _token(tokens: Mapping[str, Token], name: str) -> Token:
    for token in tokens.values():
        if name.lower() == token.name.lower() or name == token.mint:
            return token
    raise NotFoundError("E_TOKEN_UNKNOWN", "No such token is known here.", remedy=f"Known: SOL, {', '.join(tokens)}.")


def _wrong(name: str, expected: str) -> UsageError:
    return UsageError("E_BODY", f"{name} is {expected}.", params={"name": name})
