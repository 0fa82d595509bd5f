"""What a transaction would do, decoded by ourselves, with the warnings that owners need before they sign (sheet 5.4).

The local agent shows this for every transaction it did not build, also for unsigned ones from a remote agent.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from skerry_wallet.helium import constants, idl
from skerry_wallet.helium.address import to_text
from skerry_wallet.helium.errors import HeliumRejected
from skerry_wallet.helium.transaction_decode import DecodedTransaction, RawInstruction

__all__ = ["AccountState", "BalanceChange", "Preview", "Severity", "SignWarning", "SimulatedStates", "Step", "preview"]

_TOKEN_ACCOUNT_SIZE = 165
_MANY_TOKEN_ACCOUNTS = 3
_PROGRAM_NAMES = {
    constants.SYSTEM_PROGRAM: "system",
    constants.TOKEN_PROGRAM: "spl_token",
    constants.ASSOCIATED_TOKEN_PROGRAM: "associated_token",
    constants.COMPUTE_BUDGET_PROGRAM: "compute_budget",
    constants.ED25519_PROGRAM: "ed25519",
    constants.BUBBLEGUM_PROGRAM: "bubblegum",
    constants.TUKTUK_PROGRAM: "tuktuk",
}


class Severity(Enum):
    """CRITICAL needs a typed confirmation, WARNING a visible notice."""

    CRITICAL = "critical"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignWarning:
    """One finding; `code` is stable, `subject` the account or instruction it is about."""

    severity: Severity
    code: str
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One instruction in words: known names and arguments, or the bare program address and data size."""

    program: str
    instruction: str | None
    args: Mapping[str, Any]
    data_size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountState:
    """An account before or after the simulation."""

    owner: str
    lamports: int
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedStates:
    """A simulation's outcome; None in a mapping is a missing account."""

    error: str | None
    before: Mapping[str, AccountState | None]
    after: Mapping[str, AccountState | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceChange:
    """Base units that the wallet gains (or loses, negative); `mint` None is SOL in lamports."""

    mint: str | None
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """Everything to show before signing."""

    steps: tuple[Step, ...]
    changes: tuple[BalanceChange, ...]
    warnings: tuple[SignWarning, ...]


@dataclass(frozen=True, slots=True)
class _TokenAccount:
    mint: str
    owner: str
    amount: int
    delegate: str | None


def preview(
    transaction: DecodedTransaction,
    *,
    wallet: str,
    writable: tuple[str, ...],
    simulated: SimulatedStates | None,
) -> Preview:
    """Describe a transaction for one wallet; `writable` are its writable accounts, looked-up ones included.

    `simulated` None means that no simulation was possible, which is itself a warning.
    """
    steps = tuple(_step(transaction, instruction) for instruction in transaction.instructions)
    warnings = [warning for step in steps for warning in _step_warnings(step)]
    if simulated is None:
        warnings.append(_warn("not_simulated", "transaction"))
        return Preview(steps=steps, changes=(), warnings=tuple(warnings))
    if simulated.error is not None:
        warnings.append(_critical("simulation_failed", simulated.error))
        return Preview(steps=steps, changes=(), warnings=tuple(warnings))
    warnings += _state_warnings(wallet, writable, simulated)
    unique = dict.fromkeys(warnings)
    return Preview(steps=steps, changes=_changes(wallet, simulated), warnings=tuple(unique))


def _step(transaction: DecodedTransaction, instruction: RawInstruction) -> Step:
    program = transaction.program_of(instruction) or "unknown"
    name, args = None, {}
    try:
        decoded = idl.decode_instruction(program, instruction.data)
        program, name, args = decoded.program, decoded.instruction, decoded.args
    except HeliumRejected:
        if program == constants.BUBBLEGUM_PROGRAM:
            name = _bubblegum_name(instruction.data)
    return Step(
        program=_PROGRAM_NAMES.get(program, program), instruction=name, args=args, data_size=len(instruction.data)
    )


def _bubblegum_name(data: bytes) -> str | None:
    known = ("transfer", "burn")
    return next((name for name in known if data.startswith(idl.discriminator("global", name))), None)


def _step_warnings(step: Step) -> list[SignWarning]:
    match step.program, step.instruction:
        case _, "ledger_transfer_position_v0":
            return [_critical("position_transfer", "voter_stake_registry")]
        case "bubblegum", "burn":
            return [_critical("hotspot_burn", "bubblegum")]
        case "lazy_distributor", "update_destination_v0" | "update_compression_destination_v0":
            return [_warn("reward_destination_changed", "lazy_distributor")]
    return []


def _state_warnings(wallet: str, writable: tuple[str, ...], simulated: SimulatedStates) -> list[SignWarning]:
    warnings = []
    before, after = simulated.before.get(wallet), simulated.after.get(wallet)
    if before is not None and after is not None and before.owner != after.owner:
        warnings.append(_critical("wallet_owner_changed", wallet))
    touched = 0
    for address in writable:
        old, new = simulated.before.get(address), simulated.after.get(address)
        if old == new:
            warnings.append(_warn("writable_unchanged", address))
        old_token, new_token = _token_account(old), _token_account(new)
        touched += wallet in {account.owner for account in (old_token, new_token) if account is not None}
        if old_token is not None and new_token is not None:
            if new_token.delegate is not None and new_token.delegate != old_token.delegate:
                warnings.append(_warn("token_delegate_set", address))
            if new_token.owner != old_token.owner:
                warnings.append(_warn("token_owner_changed", address))
    if touched >= _MANY_TOKEN_ACCOUNTS:
        warnings.append(_warn("many_token_accounts", wallet))
    return warnings


def _changes(wallet: str, simulated: SimulatedStates) -> tuple[BalanceChange, ...]:
    totals: dict[str | None, int] = {}
    for sign, states in ((-1, simulated.before), (1, simulated.after)):
        for address, state in states.items():
            token = _token_account(state)
            if address == wallet and state is not None:
                totals[None] = totals.get(None, 0) + sign * state.lamports
            if token is not None and token.owner == wallet:
                totals[token.mint] = totals.get(token.mint, 0) + sign * token.amount
    return tuple(BalanceChange(mint=mint, amount=amount) for mint, amount in totals.items() if amount)


def _token_account(state: AccountState | None) -> _TokenAccount | None:
    if state is None or state.owner != constants.TOKEN_PROGRAM or len(state.data) != _TOKEN_ACCOUNT_SIZE:
        return None
    delegate = to_text(state.data[76:108]) if state.data[72:76] == b"\x01\x00\x00\x00" else None
    amount = int.from_bytes(state.data[64:72], "little")
    return _TokenAccount(to_text(state.data[:32]), to_text(state.data[32:64]), amount, delegate)


def _critical(code: str, subject: str) -> SignWarning:
    return SignWarning(severity=Severity.CRITICAL, code=code, subject=subject)


def _warn(code: str, subject: str) -> SignWarning:
    return SignWarning(severity=Severity.WARNING, code=code, subject=subject)
