"""What a transaction costs: base and priority fee, rent, the balance a wallet needs (sheet 1.8, 1.11)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from skerry_wallet.helium import constants
from skerry_wallet.helium.transaction_decode import DecodedTransaction

__all__ = ["Fee", "priority_fee", "priority_lamports", "rent_lamports", "required_balance", "transaction_fee"]

LAMPORTS_PER_SIGNATURE = 5_000
WALLET_FLOOR_LAMPORTS = 890_880  # rent of an empty account: less, and the wallet itself disappears
_DEFAULT_UNITS_PER_INSTRUCTION = 200_000
_MAX_UNITS = 1_400_000
_MICRO = 1_000_000
_SET_UNIT_LIMIT, _SET_UNIT_PRICE = 2, 3
_ACCOUNT_OVERHEAD_BYTES = 128
_LAMPORTS_PER_BYTE = 6_960
_NEWEST_SLOTS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Fee:
    """Lamports; `fee` is the cluster's own answer where there is one, else the sum."""

    base: int
    priority: int
    fee: int


def transaction_fee(transaction: DecodedTransaction, cluster_fee: int | None = None) -> Fee:
    """Estimate the fee: 5,000 per signature, ed25519-program signatures included, plus price times compute limit."""
    signatures, others = transaction.header[0], 0
    limit: int | None = None
    price: int | None = None
    for instruction in transaction.instructions:
        match transaction.program_of(instruction):
            case constants.ED25519_PROGRAM:
                signatures += instruction.data[0] if instruction.data else 0
            case constants.COMPUTE_BUDGET_PROGRAM:
                limit = _budget_value(instruction.data, _SET_UNIT_LIMIT, 4, limit)
                price = _budget_value(instruction.data, _SET_UNIT_PRICE, 8, price)
                continue
        others += 1
    units = min(_MAX_UNITS, _DEFAULT_UNITS_PER_INSTRUCTION * others) if limit is None else limit
    base, priority = LAMPORTS_PER_SIGNATURE * signatures, priority_lamports(units, price or 0)
    return Fee(base=base, priority=priority, fee=base + priority if cluster_fee is None else cluster_fee)


def priority_lamports(units: int, micro_lamports: int) -> int:
    """Return ceil(units · price / 10^6)."""
    return -(-units * micro_lamports // _MICRO)


def required_balance(fees: int, rent: int) -> int:
    """Return the lamports a payer must hold: fees, rent and its own floor."""
    return fees + rent + WALLET_FLOOR_LAMPORTS


def rent_lamports(size_bytes: int) -> int:
    """Return the rent exemption of an account of this size."""
    return (_ACCOUNT_OVERHEAD_BYTES + size_bytes) * _LAMPORTS_PER_BYTE


def priority_fee(samples: Iterable[Mapping[str, int]], *, minimum: int, maximum: int) -> int:
    """Return a price in micro-lamports: median of the newest 20 slots' maxima, clamped; no samples give the minimum.

    Samples have `slot` and `fee`, as `getRecentPrioritizationFees` answers.
    """
    by_slot: dict[int, int] = {}
    for sample in samples:
        by_slot[sample["slot"]] = max(sample["fee"], by_slot.get(sample["slot"], 0))
    newest = sorted(by_slot[slot] for slot in sorted(by_slot)[-_NEWEST_SLOTS:])
    if not newest:
        return minimum
    middle = len(newest) // 2
    median = newest[middle] if len(newest) % 2 else (newest[middle - 1] + newest[middle]) // 2
    return min(max(median, minimum), maximum)


def _budget_value(data: bytes, tag: int, size: int, former: int | None) -> int | None:
    return int.from_bytes(data[1 : 1 + size], "little") if data[:1] == bytes([tag]) and len(data) > size else former
