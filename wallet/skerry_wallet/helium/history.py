"""What a confirmed transaction meant for a wallet: reward, delegation reward, program call, transfer, or nothing.

The order of the rules is that of KINDS-wallet wallet.history; the owner's history page shows the result.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from skerry_wallet.helium import constants, idl
from skerry_wallet.helium.errors import HeliumRejected

__all__ = ["ConfirmedTransaction", "Meaning", "TokenBalance", "TokenTransfer", "TouchedInstruction", "explain"]

_TRANSFER, _TRANSFER_CHECKED = 3, 12
_DUST_LAMPORTS = 5_000  # the fee of one signature
_BUBBLEGUM_DATA_SIZE = 8 + 3 * 32 + 8 + 4
_DISTRIBUTE = {"distribute_compression_rewards_v0", "distribute_custom_destination_v0", "distribute_rewards_v0"}


@dataclass(frozen=True, slots=True, kw_only=True)
class TouchedInstruction:
    """An instruction with its accounts resolved."""

    program: str
    accounts: tuple[str, ...]
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenBalance:
    """One token account's balance in base units."""

    account: str
    mint: str
    owner: str
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmedTransaction:
    """A transaction as the cluster reports it; lamports by position of `accounts` (static, then looked-up)."""

    accounts: tuple[str, ...]
    instructions: tuple[TouchedInstruction, ...]
    inner_instructions: tuple[TouchedInstruction, ...]
    lamports_before: tuple[int, ...]
    lamports_after: tuple[int, ...]
    token_before: tuple[TokenBalance, ...]
    token_after: tuple[TokenBalance, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenTransfer:
    """Base units moved between owners; `source` None when no loser is known."""

    mint: str
    amount: int
    source: str | None
    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """The result; `source` and `to` belong to hotspot_transfer, `transfers` to all but hotspot_*."""

    type: str
    program: str | None = None
    instruction: str | None = None
    transfers: tuple[TokenTransfer, ...] | None = None
    source: str | None = None
    to: str | None = None


def explain(
    transaction: ConfirmedTransaction, *, wallet: str | None, hotspot_splits: Collection[str] = ()
) -> Meaning | None:
    """Return what a transaction meant for a wallet (None: for anybody); None when it meant nothing.

    `hotspot_splits` are the reward-split accounts known to belong to hotspots.
    """
    transfers = _token_transfers(transaction)
    for kind, program, called in _reward_calls(transaction, hotspot_splits):
        received = _received(transaction, transfers, wallet)
        if received is None:
            return None
        return Meaning(type=kind, program=program, instruction=called, transfers=received)
    for instruction in transaction.instructions:
        decoded = _decoded(instruction)
        if decoded is not None:
            shown = transfers[:1] or (_balance_changes(transaction, wallet) if wallet else None) or ()
            return Meaning(type="program_call", program=decoded[0], instruction=decoded[1], transfers=shown)
    moved = _hotspot_move(transaction)
    if moved is not None:
        return moved
    if transfers:
        return Meaning(type="token_transfer", transfers=transfers[:1])
    return _sol_transfer(transaction)


def _reward_calls(transaction: ConfirmedTransaction, hotspot_splits: Collection[str]) -> Iterable[tuple[str, str, str]]:
    for instruction in (*transaction.instructions, *transaction.inner_instructions):
        decoded = _decoded(instruction)
        match decoded:
            case ("lazy_distributor", name) if name in _DISTRIBUTE:
                yield "rewards_distribution", "lazy_distributor", name
            case ("helium_sub_daos", "claim_rewards_v1"):
                yield "delegation_rewards_distribution", "helium_sub_daos", "claim_rewards_v1"
            case ("mini_fanout", "distribute_v0") if instruction.accounts[:1] and (
                instruction.accounts[0] in hotspot_splits
            ):
                yield "rewards_distribution", "mini_fanout", "distribute_v0"


def _decoded(instruction: TouchedInstruction) -> tuple[str, str] | None:
    try:
        decoded = idl.decode_instruction(instruction.program, instruction.data)
    except HeliumRejected:
        return None
    return decoded.program, decoded.instruction


def _token_transfers(transaction: ConfirmedTransaction) -> tuple[TokenTransfer, ...]:
    entries: dict[str, TokenBalance] = {}
    for balance in (*transaction.token_before, *transaction.token_after):
        entries.setdefault(balance.account, balance)
    found = []
    for instruction in (*transaction.instructions, *transaction.inner_instructions):
        if instruction.program != constants.TOKEN_PROGRAM or len(instruction.data) < 9:
            continue
        receiver_at = {_TRANSFER: 1, _TRANSFER_CHECKED: 2}.get(instruction.data[0])
        if receiver_at is None or len(instruction.accounts) <= receiver_at:
            continue
        source, receiver = entries.get(instruction.accounts[0]), entries.get(instruction.accounts[receiver_at])
        if source is not None and receiver is not None:
            amount = int.from_bytes(instruction.data[1:9], "little")
            found.append(TokenTransfer(mint=source.mint, amount=amount, source=source.owner, to=receiver.owner))
    return tuple(found)


def _received(
    transaction: ConfirmedTransaction, transfers: tuple[TokenTransfer, ...], wallet: str | None
) -> tuple[TokenTransfer, ...] | None:
    if wallet is None:
        return transfers
    direct = tuple(transfer for transfer in transfers if transfer.to == wallet)
    return direct or _balance_changes(transaction, wallet)


def _balance_changes(transaction: ConfirmedTransaction, wallet: str) -> tuple[TokenTransfer, ...] | None:
    """One entry per mint that the wallet has a balance entry of, 0 included; None when it has none at all."""
    changes: dict[str, dict[str, int]] = {}
    for sign, balances in ((-1, transaction.token_before), (1, transaction.token_after)):
        for balance in balances:
            owners = changes.setdefault(balance.mint, {})
            owners[balance.owner] = owners.get(balance.owner, 0) + sign * balance.amount
    own = [
        TokenTransfer(mint=mint, amount=owners[wallet], source=_largest_loser(owners, wallet), to=wallet)
        for mint, owners in changes.items()
        if wallet in owners
    ]
    return tuple(own) or None


def _largest_loser(changes: dict[str, int], wallet: str) -> str | None:
    losers = {owner: change for owner, change in changes.items() if owner != wallet and change < 0}
    return min(losers, key=lambda owner: losers[owner]) if losers else None


def _hotspot_move(transaction: ConfirmedTransaction) -> Meaning | None:
    for instruction in transaction.instructions:
        if instruction.program != constants.BUBBLEGUM_PROGRAM or len(instruction.data) < _BUBBLEGUM_DATA_SIZE:
            continue
        called = instruction.data[: idl.DISCRIMINATOR_SIZE]
        if called == idl.discriminator("global", "burn"):
            return Meaning(type="hotspot_burn", program="bubblegum", instruction="burn")
        if called == idl.discriminator("global", "transfer") and len(instruction.accounts) > 3:
            return Meaning(
                type="hotspot_transfer",
                program="bubblegum",
                instruction="transfer",
                source=instruction.accounts[1],
                to=instruction.accounts[3],
            )
    return None


def _sol_transfer(transaction: ConfirmedTransaction) -> Meaning | None:
    programs = {instruction.program for instruction in transaction.instructions}
    if programs - {constants.COMPUTE_BUDGET_PROGRAM} != {constants.SYSTEM_PROGRAM}:
        return None
    balances = zip(transaction.accounts, transaction.lamports_before, transaction.lamports_after, strict=False)
    changes = [(account, after - before) for account, before, after in balances if abs(after - before) > _DUST_LAMPORTS]
    loser = next((account for account, change in changes if change < 0), None)
    gainer = next(((account, change) for account, change in changes if change > 0), None)
    if loser is None or gainer is None:
        return None
    moved = TokenTransfer(mint=constants.WRAPPED_SOL_MINT, amount=gainer[1], source=loser, to=gainer[0])
    return Meaning(type="sol_transfer", transfers=(moved,))
