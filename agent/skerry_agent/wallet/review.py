"""What a transaction would do to a wallet, shown before anybody signs: effects, fee, simulation, warnings (sheet 5.4).

Everything is read from the bytes that will be signed, never from what the caller meant to build.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from skerry_core.errors import RefusedError
from skerry_wallet.address import address_bytes, address_text
from skerry_wallet.cluster import Account, Cluster
from skerry_wallet.errors import ClusterError, InsufficientFunds, MalformedTransaction
from skerry_wallet.helium.address import is_on_curve
from skerry_wallet.helium.fees import transaction_fee
from skerry_wallet.helium.preview import Severity, SignWarning, SimulatedStates, preview
from skerry_wallet.helium.transaction_decode import DecodedTransaction, decode_transaction
from skerry_wallet.payout.payment import with_blockhash
from skerry_wallet.programs import SYSTEM_PROGRAM, TOKEN_ACCOUNT_SIZE, TOKEN_PROGRAM
from skerry_wallet.spending.effects import REDIRECTIONS, SOL, Effect, UnreadableTransaction, decode_effects
from skerry_wallet.transaction import MAX_TRANSACTION_SIZE, AccountMeta, parse_message, transaction_size

__all__ = ["LOW_SOL_LAMPORTS", "Review", "review_message"]

LOW_SOL_LAMPORTS = 20_000_000  # below 0.02 SOL most failed claims of the official app happen
_FLOOR_LAMPORTS = 890_880  # an account below the rent of an empty one disappears
_TABLE_HEADER = 56  # an address lookup table's meta data (wallet-economics section 3)
_STATE_FROZEN = 2
_OUTGOING = frozenset({"transfer", "burn", "create_account"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """A transaction as its owner should see it; `paid` is asset -> base units that leave the wallet besides the fee."""

    message: bytes
    loaded: tuple[AccountMeta, ...]  # what its lookup tables held when it was reviewed
    last_valid_block_height: int
    effects: tuple[Effect, ...]
    fee_lamports: int
    rent_lamports: int
    paid: Mapping[str, int]
    destinations: frozenset[str]
    simulation: str
    warnings: tuple[SignWarning, ...]

    @property
    def critical(self) -> tuple[SignWarning, ...]:
        """The warnings that forbid signing without a second, explicit yes."""
        return tuple(warning for warning in self.warnings if warning.severity is Severity.CRITICAL)


async def review_message(
    template: bytes,
    *,
    wallet: bytes,
    cluster: Cluster,
    known: frozenset[str] = frozenset(),
    pays: Mapping[str, int] | None = None,
    extra_rent: int = 0,
) -> Review:
    """Review a message for the wallet that pays for it; `known` are destinations paid before.

    `pays` and `extra_rent` are what programs take by themselves and no instruction names: fees in data credits,
    lamports for accounts of theirs.

    A fresh blockhash is put in. Raises `UnreadableTransaction`, `InsufficientFunds` before anybody is asked to sign,
    `ClusterError`.
    """
    recent = await cluster.latest_blockhash()
    message = with_blockhash(template, recent.blockhash)
    if transaction_size(message) > MAX_TRANSACTION_SIZE:
        raise RefusedError(
            "E_TX_TOO_LARGE",
            f"The transaction has {transaction_size(message)} bytes, {MAX_TRANSACTION_SIZE} are legal.",
            remedy="Do less in one transaction; nothing was signed.",
        )
    parsed = parse_message(message)
    unsigned = bytes([parsed.required_signatures]) + bytes(64 * parsed.required_signatures) + message
    if parsed.keys[0] != wallet or parsed.required_signatures != 1:
        raise RefusedError(
            "E_TX_SIGNERS",
            f"This transaction is to be paid or signed by {address_text(parsed.keys[0])} and others, not by you alone.",
            remedy="Only transactions that this wallet pays for and signs alone are signed here.",
        )
    decoded = decode_transaction(unsigned)
    loaded = await _loaded(decoded, cluster)
    try:
        effects = decode_effects(parsed, loaded)
    except MalformedTransaction as error:
        raise UnreadableTransaction(0, str(error)) from error
    me = address_text(wallet)
    empty = await cluster.minimum_rent_lamports(0)
    made = {effect.target for effect in effects if effect.kind == "allocate"}
    outgoing = [effect for effect in effects if _is_spending(effect) and effect.authority == me]
    # What makes an account exist is its rent; anything above that would be a payment.
    markers = [
        effect for effect in outgoing if effect.asset == SOL and effect.target in made and effect.amount == empty
    ]
    mine = [effect for effect in outgoing if effect not in markers]
    paid: Counter[str] = Counter(pays or {})
    for effect in mine:
        paid[effect.asset or ""] += effect.amount
    facts = await _Facts.read(effects, mine, cluster=cluster, me=me)
    rent = facts.opened * await cluster.minimum_rent_lamports(TOKEN_ACCOUNT_SIZE) + len(markers) * empty + extra_rent
    fee = transaction_fee(decoded).fee
    left = facts.lamports - fee - rent - paid[SOL]
    if left < 0 or 0 < left < _FLOOR_LAMPORTS:
        needed = fee + rent + paid[SOL] + _FLOOR_LAMPORTS
        raise InsufficientFunds(account=me, asset=SOL, needed=needed, held=facts.lamports)
    failure = await _simulate(unsigned, cluster)
    states = None if failure is None else SimulatedStates(error=failure or None, before={}, after={})
    found = preview(decoded, wallet=me, writable=(), simulated=states).warnings
    return Review(
        message=message,
        loaded=loaded,
        last_valid_block_height=recent.last_valid_block_height,
        effects=effects,
        fee_lamports=fee,
        rent_lamports=rent,
        paid={asset: amount for asset, amount in paid.items() if amount},
        destinations=frozenset(facts.owners.values()) - {me},
        simulation="not possible" if failure is None else failure or "ok",
        warnings=(*found, *facts.warnings(me, known=known, left=left)),
    )


async def _loaded(decoded: DecodedTransaction, cluster: Cluster) -> tuple[AccountMeta, ...]:
    """Return the accounts of the message's lookup tables, the writable ones of all tables first. Tables only grow."""
    if not decoded.lookups:
        return ()
    tables = [lookup.table for lookup in decoded.lookups]
    rows = [(account.data[_TABLE_HEADER:] if account else b"") for account in await cluster.accounts(tables)]
    writable: list[AccountMeta] = []
    readonly: list[AccountMeta] = []
    for lookup, data in zip(decoded.lookups, rows, strict=True):
        for indexes, target, is_writable in (
            (lookup.writable_indexes, writable, True),
            (lookup.readonly_indexes, readonly, False),
        ):
            for index in indexes:
                key = data[index * 32 : index * 32 + 32]
                if len(key) != 32:
                    raise UnreadableTransaction(0, f"lookup table {lookup.table}")
                target.append(AccountMeta(key, writable=is_writable))
    return (*writable, *readonly)


async def _simulate(unsigned: bytes, cluster: Cluster) -> str | None:
    """Return the error's term, "" for success, None when nobody could say."""
    try:
        outcome = await cluster.simulate(unsigned)
    except ClusterError:
        return None
    return "" if outcome.error is None else str(outcome.error)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Facts:
    """What the cluster says of the accounts involved; `owners` is paid account -> the wallet behind it."""

    lamports: int
    opened: int
    owners: Mapping[str, str]
    receivers: Mapping[str, Account | None]
    frozen: tuple[str, ...]

    @classmethod
    async def read(cls, effects: tuple[Effect, ...], mine: list[Effect], *, cluster: Cluster, me: str) -> "_Facts":
        opening = {effect.target: effect.owner for effect in effects if effect.kind == "open_token_account"}
        touched = {address for effect in mine for address in (effect.source, effect.target)} | opening.keys()
        accounts = sorted(address for address in touched if address is not None)
        found = dict(zip([me, *accounts], await cluster.accounts([me, *accounts]), strict=True))
        owners = {}
        for effect in mine:
            target = effect.target
            if target is None or effect.kind == "create_account":
                continue
            account = found.get(target)
            if effect.asset == SOL or effect.kind in REDIRECTIONS:
                owners[target] = target
            elif account is not None and len(account.data) >= TOKEN_ACCOUNT_SIZE:
                owners[target] = address_text(account.data[32:64])
            else:
                owners[target] = opening.get(target) or target
        wallets = sorted(set(owners.values()))
        receivers = dict(zip(wallets, await cluster.accounts(wallets), strict=True)) if wallets else {}
        own = found[me]
        return cls(
            lamports=own.lamports if own else 0,
            opened=sum(found.get(address or "") is None for address in opening),
            owners=owners,
            receivers=receivers,
            frozen=tuple(address for address in accounts if _is_frozen(found[address])),
        )

    def warnings(self, me: str, *, known: frozenset[str], left: int) -> list[SignWarning]:
        found = [_warn(Severity.CRITICAL, "token_account_frozen", address) for address in self.frozen]
        for wallet, account in self.receivers.items():
            if wallet == me:
                continue
            if not is_on_curve(address_bytes(wallet)) or (
                account is not None and account.owner != address_text(SYSTEM_PROGRAM)
            ):
                found.append(_warn(Severity.CRITICAL, "receiver_is_program_owned", wallet))
            elif account is None:
                found.append(_warn(Severity.WARNING, "receiver_never_used", wallet))
            if wallet not in known:
                found.append(_warn(Severity.WARNING, "receiver_new_to_you", wallet))
        if left < LOW_SOL_LAMPORTS:
            found.append(_warn(Severity.WARNING, "sol_low_afterwards", me))
        return found


def _is_spending(effect: Effect) -> bool:
    if effect.kind in REDIRECTIONS:
        return effect.target != address_text(SYSTEM_PROGRAM)  # all zero: back to the owner
    return effect.kind in _OUTGOING or ("." in effect.kind and effect.amount > 0)  # Helium's are program.instruction


def _is_frozen(account: Account | None) -> bool:
    return (
        account is not None
        and account.owner == address_text(TOKEN_PROGRAM)
        and len(account.data) == TOKEN_ACCOUNT_SIZE
        and account.data[108] == _STATE_FROZEN
    )


def _warn(severity: Severity, code: str, subject: str) -> SignWarning:
    return SignWarning(severity=severity, code=code, subject=subject)
