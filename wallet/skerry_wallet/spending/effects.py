"""Reads every instruction of a transaction as an effect. Nothing is signed that this module cannot read.

`skerry wallet send`, `rewards claim` and `dc` show these effects before they sign; the spending rules work on them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from skerry_core.errors import RefusedError
from skerry_wallet.address import address_text
from skerry_wallet.asset_text import amount_text, asset_name
from skerry_wallet.helium import idl
from skerry_wallet.helium.constants import COMPUTE_BUDGET_PROGRAM, ED25519_PROGRAM, MINTS
from skerry_wallet.helium.errors import HeliumRejected
from skerry_wallet.programs import ASSOCIATED_TOKEN_PROGRAM, MEMO_PROGRAM, SYSTEM_PROGRAM, TOKEN_PROGRAM
from skerry_wallet.tokens import Token
from skerry_wallet.transaction import AccountMeta, Instruction, Message

__all__ = ["REDIRECTIONS", "SOL", "Effect", "UnreadableTransaction", "decode_effects"]

SOL = "SOL"
_MARKER_DATA_SIZE = 4 + 32 + 8 + 32 + 8 + 32  # tag, base, a seed of 32 characters with its length, size, owner


class UnreadableTransaction(RefusedError):
    """An instruction is not known, so nobody may be asked to sign it."""

    def __init__(self, number: int, program: str) -> None:
        super().__init__(
            "E_TX_UNREADABLE",
            f"Instruction {number} calls {program} in a way that this program cannot read; it is not signed.",
            remedy="Sign it with the program that made it, if you trust that program.",
            params={"number": number, "program": program},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """One instruction's effect; `asset` is `SOL` or a mint, `amount` base units, addresses base58.

    `source` and `target` are accounts (token accounts for tokens), `authority` is who must have signed for it, `owner`
    whose account is opened.
    """

    kind: str
    asset: str | None = None
    amount: int = 0
    source: str | None = None
    target: str | None = None
    authority: str | None = None
    owner: str | None = None
    note: str = ""

    def to_text(self, tokens: Mapping[str, Token] | None = None) -> str:
        """Return one line for a person; `tokens` are the names of a network's own mints."""
        parts = [self.kind.replace("_", " ")]
        if self.amount:
            parts.append(amount_text(self.asset or "", self.amount, tokens))
        elif self.asset:
            parts.append(f"of {asset_name(self.asset, tokens)}")
        if self.source:
            parts.append(f"from {self.source}")
        if self.target:
            parts.append(f"to {self.target}")
        if self.owner:
            parts.append(f"for {self.owner}")
        if self.note:
            parts.append(f"({self.note})")
        return " ".join(parts)


def decode_effects(message: Message, loaded: Sequence[AccountMeta] = ()) -> tuple[Effect, ...]:
    """Return the effect of every instruction, in order; `loaded` are the accounts that lookup tables add.

    Raises `UnreadableTransaction`; `MalformedTransaction` for a message whose tables were not read.
    """
    return tuple(_effect(number, call) for number, call in enumerate(message.expanded(loaded)))


def _effect(number: int, call: Instruction) -> Effect:
    program = address_text(call.program)
    reader = _READERS.get(call.program) or _TEXT_READERS.get(program) or _helium
    try:
        found = reader(call)
    except (IndexError, UnicodeDecodeError, HeliumRejected):
        found = None
    if found is None:
        raise UnreadableTransaction(number, program)
    return found


def _system(call: Instruction) -> Effect | None:
    data, tag = call.data, int.from_bytes(call.data[:4], "little")
    match tag, len(data):
        case 0, 52:
            return Effect(
                kind="create_account", asset=SOL, amount=_u64(data, 4), source=_key(call, 0), target=_key(call, 1),
                authority=_key(call, 0), note=f"for program {address_text(data[20:52])}",
            )  # fmt: skip
        case 2, 12:
            return Effect(
                kind="transfer", asset=SOL, amount=_u64(data, 4), source=_key(call, 0), target=_key(call, 1),
                authority=_key(call, 0),
            )  # fmt: skip
        case 9, size if size >= 4 + 32 + 8:
            is_marker = data[-32:] == MEMO_PROGRAM and size == _MARKER_DATA_SIZE
            note = "a marker, so that this lands once" if is_marker else f"for program {address_text(data[-32:])}"
            return Effect(kind="allocate", target=_key(call, 0), authority=_key(call, 1), note=note)
        case 11, size if size >= 4 + 8 + 8 + 32:
            return Effect(
                kind="transfer", asset=SOL, amount=_u64(data, 4), source=_key(call, 0), target=_key(call, 2),
                authority=_key(call, 1),
            )  # fmt: skip
    return None


def _token(call: Instruction) -> Effect | None:
    data, tag = call.data, call.data[0]
    match tag, len(data):
        case 10 | 11, 1:
            kind = "freeze" if tag == 10 else "thaw"
            return Effect(kind=kind, asset=_key(call, 1), target=_key(call, 0), authority=_key(call, 2))
        case 12, 10:
            return Effect(
                kind="transfer", asset=_key(call, 1), amount=_u64(data, 1), source=_key(call, 0), target=_key(call, 2),
                authority=_key(call, 3),
            )  # fmt: skip
        case 14, 10:
            return Effect(
                kind="mint", asset=_key(call, 0), amount=_u64(data, 1), target=_key(call, 1), authority=_key(call, 2)
            )
        case 15, 10:
            return Effect(
                kind="burn", asset=_key(call, 1), amount=_u64(data, 1), source=_key(call, 0), authority=_key(call, 2)
            )
        case 20, 35 | 67:
            authority = address_text(data[2:34])
            return Effect(kind="initialize_mint", asset=_key(call, 0), authority=authority, note=f"{data[1]} decimals")
    return None


def _associated(call: Instruction) -> Effect | None:
    if call.data not in (b"", b"\x00", b"\x01"):
        return None
    return Effect(
        kind="open_token_account", asset=_key(call, 3), target=_key(call, 1), authority=_key(call, 0),
        owner=_key(call, 2),
    )  # fmt: skip


def _memo(call: Instruction) -> Effect | None:
    return Effect(kind="memo", note=call.data.decode())


def _compute_budget(call: Instruction) -> Effect | None:
    match call.data[0], len(call.data):
        case 2, 5:
            return Effect(kind="compute_limit", note=f"{int.from_bytes(call.data[1:], 'little')} units")
        case 3, 9:
            return Effect(kind="priority_fee", note=f"{_u64(call.data, 1)} micro-lamports per unit")
    return None


def _ed25519(call: Instruction) -> Effect | None:
    return Effect(kind="check_signatures", note=f"{call.data[0]} of another signer")


# What leaves the signer's own account: token and argument. A DC mint by `dc_amount` names no HNT amount.
_HELIUM_SPENDS = {
    "burn_without_tracking_v0": ("dc", "amount"),
    "delegate_data_credits_v0": ("dc", "amount"),
    "mint_data_credits_v0": ("hnt", "hnt_amount"),
}


# Who gets a hotspot's rewards from now on stands in an account, not in the data.
REDIRECTIONS = frozenset({
    "lazy_distributor.update_destination_v0", "lazy_distributor.update_compression_destination_v0",
})  # fmt: skip
_DESTINATION = 2


def _helium(call: Instruction) -> Effect | None:
    decoded = idl.decode_instruction(address_text(call.program), call.data)
    signers = [address_text(meta.key) for meta in call.accounts if meta.signer]
    token, argument = _HELIUM_SPENDS.get(decoded.instruction, ("", ""))
    kind = f"{decoded.program}.{decoded.instruction}"
    return Effect(
        kind=kind,
        target=_key(call, _DESTINATION) if kind in REDIRECTIONS else None,
        asset=MINTS.get(token),
        amount=decoded.args.get(argument) or 0,
        authority=signers[-1] if signers else None,
        note=", ".join(f"{name} {value}" for name, value in decoded.args.items() if not name.endswith("_hex")),
    )


_READERS: dict[bytes, Callable[[Instruction], Effect | None]] = {
    SYSTEM_PROGRAM: _system,
    TOKEN_PROGRAM: _token,
    ASSOCIATED_TOKEN_PROGRAM: _associated,
    MEMO_PROGRAM: _memo,
}
_TEXT_READERS: dict[str, Callable[[Instruction], Effect | None]] = {
    COMPUTE_BUDGET_PROGRAM: _compute_budget,
    ED25519_PROGRAM: _ed25519,
}


def _key(call: Instruction, index: int) -> str:
    return address_text(call.accounts[index].key)


def _u64(data: bytes, start: int) -> int:
    return int.from_bytes(data[start : start + 8], "little")
