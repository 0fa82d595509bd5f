"""What a hotspot signed over Bluetooth, before its owner signs: compared with what was asked, shown, limited.

Nothing but a transaction that was read completely is ever signed here.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass

from skerry_core.cells import cell_number, resolution
from skerry_core.errors import RefusedError, UserError
from skerry_keys.errors import KeyRejected
from skerry_keys.public_key import PublicKey
from skerry_wallet.helium.constants import MINTS
from skerry_wallet.spending.rules import SpendingRules, check_spending
from skerry_wire.errors import MessageRejected
from skerry_wire.gateway_txn import GatewayTxn, GatewayTxnKind, read_gateway_txn

__all__ = ["AskedTxn", "check_asked", "check_limits", "read_txn", "txn_effects"]

CELL_RESOLUTION = 12  # of an asserted location


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedTxn:
    """What a hotspot was asked to sign; fees in DC are the most that is accepted, an empty payer is the owner.

    `gateway` is the hotspot's own word for its key, None when it does not say. `place` (latitude, longitude in
    degrees) and `nonce` belong to assert-location.
    """

    kind: GatewayTxnKind
    owner: str
    payer: str
    amount_dc: int
    fee_dc: int
    gateway: str | None = None
    place: tuple[float, float] | None = None
    nonce: int | None = None


def read_txn(raw: bytes) -> GatewayTxn:
    """Read what a hotspot handed over. Raises `UserError` E_BLE_TRANSACTION."""
    try:
        txn = read_gateway_txn(raw)
    except MessageRejected as error:
        raise _unreadable(str(error)) from error
    if txn.location is not None and _centre(txn.location) is None:
        raise _unreadable("its location is no H3 cell of resolution 12")
    return txn


def check_asked(txn: GatewayTxn, asked: AskedTxn) -> None:
    """Raise `RefusedError` E_BLE_TRANSACTION with the first thing that is not as it was asked for."""
    wrong = next((what for what, is_right in _comparisons(txn, asked).items() if not is_right), None)
    if wrong is not None:
        raise RefusedError(
            "E_BLE_TRANSACTION",
            f"The hotspot signed something else than was asked of it: {wrong}.",
            remedy="Nothing was signed for you. If you want what it offers, ask for exactly that.",
        )


def check_limits(txn: GatewayTxn, rules: SpendingRules, *, spent_today: Mapping[str, int]) -> None:
    """Raise `SpendingRefused` when the owner pays more than their own rules allow."""
    paid = {MINTS["dc"]: txn.total_dc} if txn.payer == txn.owner and txn.total_dc else {}
    check_spending(rules, paid=paid, destinations=frozenset(), spent_today=spent_today)


def txn_effects(txn: GatewayTxn) -> list[str]:
    """Return what the transaction does, a sentence each, from its own fields."""
    owner, gateway = address_text(txn.owner), address_text(txn.gateway)
    payer = "The owner" if txn.payer == txn.owner else address_text(txn.payer)
    if txn.kind == "add_gateway":
        first = f"{owner} becomes the owner of the hotspot {gateway}."
    else:
        centre = _centre(txn.location or "")
        assert centre is not None, "read_txn has refused it"
        place = f"at about {centre[0]:.5f}, {centre[1]:.5f} (cell {txn.location})"
        first = f"The hotspot {gateway} of {owner} is asserted to stand {place}; assertion number {txn.nonce}."
    fees = f"{payer} pays {txn.staking_fee_dc:,} DC and a fee of {txn.fee_dc:,} DC."
    return [first, fees if txn.total_dc else "Nobody pays anything."]


def address_text(key: bytes) -> str:
    """Return the Helium address of a tagged key, or its bytes where they are no key."""
    try:
        return PublicKey.from_binary(key).address
    except KeyRejected:
        return f"(no key: {key.hex() or 'empty'})"


def _unreadable(why: str) -> UserError:
    return UserError(
        "E_BLE_TRANSACTION",
        f"That is no transaction of a hotspot that can be read completely: {why}.",
        remedy="Nothing was signed. Try again, or update the hotspot's firmware.",
    )


def _centre(text: str) -> tuple[float, float] | None:
    """Return latitude and longitude of an asserted cell, None for what is none."""
    cell = cell_number(text)
    if cell is None or resolution(cell) != CELL_RESOLUTION:
        return None
    import h3.api.basic_int as h3

    latitude, longitude = h3.cell_to_latlng(cell)
    return latitude, longitude


def _comparisons(txn: GatewayTxn, asked: AskedTxn) -> dict[str, bool]:
    """Return each thing to compare, as a phrase for when it is wrong, and whether it is right."""
    owner = PublicKey.from_address(asked.owner).binary
    payer = PublicKey.from_address(asked.payer).binary if asked.payer else owner
    signed_by = address_text(txn.gateway)
    found = {
        f"a transaction of the kind {txn.kind}": txn.kind == asked.kind,
        f"the owner is {address_text(txn.owner)}": txn.owner == owner,
        f"the payer is {address_text(txn.payer)}": txn.payer == payer,
        f"the hotspot in it is {signed_by}, this one is {asked.gateway}": asked.gateway in (None, signed_by),
        "its own signature is wrong": txn.gateway_signature_valid,
        f"{txn.staking_fee_dc:,} DC instead of at most {asked.amount_dc:,}": txn.staking_fee_dc <= asked.amount_dc,
        f"a fee of {txn.fee_dc:,} DC instead of at most {asked.fee_dc:,}": txn.fee_dc <= asked.fee_dc,
    }
    if asked.place is not None:
        found[f"the cell is {txn.location}"] = txn.location in _cells(*asked.place)
        found[f"the number is {txn.nonce}"] = txn.nonce == asked.nonce
    return found


def _cells(latitude: float, longitude: float) -> set[str]:
    """Return the cell of a place, and that of the 32-bit numbers in which a hotspot is told of it."""
    import h3.api.basic_str as h3

    rounded = struct.unpack("<ff", struct.pack("<ff", latitude, longitude))
    return {h3.latlng_to_cell(*place, CELL_RESOLUTION) for place in ((latitude, longitude), rounded)}
