"""The Merkle tree of RFC 6962 over leaf hashes: roots, inclusion proofs, consistency proofs and their checks.

The tree is split at the largest power of two below its size, so that every left subtree is complete and never changes.
Used by the evidence log (with stored block hashes), by packet roots and by the bundle verifier.
"""

import hashlib
from collections.abc import Callable, Sequence

__all__ = [
    "BLOCK",
    "Tree",
    "consistency_holds",
    "empty_root",
    "inclusion_holds",
    "leaf_node",
    "root",
]

BLOCK = 256  # leaves under one stored node: a million entries need 3,906 of them


def leaf_node(leaf: bytes) -> bytes:
    """Return the hash of a leaf; the prefix keeps leaves and inner nodes apart."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def empty_root() -> bytes:
    """Return the root of no leaves."""
    return hashlib.sha256(b"").digest()


def root(leaves: Sequence[bytes]) -> bytes:
    """Return the root over leaves."""
    return Tree(lambda low, high: leaves[low:high]).root(len(leaves))


class Tree:
    """A tree over leaves kept elsewhere: `leaves(low, high)` returns them, `block(number)` a stored block's root."""

    def __init__(
        self,
        leaves: Callable[[int, int], Sequence[bytes]],
        *,
        block: Callable[[int], bytes | None] = lambda _number: None,
    ) -> None:
        self._leaves = leaves
        self._block = block

    def root(self, size: int) -> bytes:
        """Return the root over the first `size` leaves."""
        return self._subtree(0, size) if size else empty_root()

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """Return the audit path of leaf `index` in the tree of `size` leaves, lowest level first (RFC 6962, 2.1.1)."""
        if not 0 <= index < size:
            raise ValueError(f"leaf {index} is not in a tree of {size}")
        low, high, path = 0, size, []
        while high - low > 1:
            middle = low + _split(high - low)
            if index < middle:
                path.append(self._subtree(middle, high))
                high = middle
            else:
                path.append(self._subtree(low, middle))
                low = middle
        return path[::-1]

    def consistency(self, old: int, new: int) -> list[bytes]:
        """Return the proof that the tree of `new` leaves extends the tree of `old` leaves (RFC 6962, 2.1.2)."""
        if not 0 < old <= new:
            raise ValueError(f"no consistency proof from {old} to {new} leaves")
        low, high, path = 0, new, []
        whole = True  # the old tree starts at leaf 0: its own root need not be sent
        while high != old:
            middle = low + _split(high - low)
            if old <= middle:
                path.append(self._subtree(middle, high))
                high = middle
            else:
                path.append(self._subtree(low, middle))
                low, whole = middle, False
        if not whole:
            path.append(self._subtree(low, high))
        return path[::-1]

    def _subtree(self, low: int, high: int) -> bytes:
        size = high - low
        if size == BLOCK and low % BLOCK == 0:
            stored = self._block(low // BLOCK)
            if stored is not None:
                return stored
        if size <= BLOCK:
            return _fold([leaf_node(leaf) for leaf in self._leaves(low, high)])
        middle = low + _split(size)
        return _node(self._subtree(low, middle), self._subtree(middle, high))


def inclusion_holds(*, leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Return whether the path leads from the leaf to the root (RFC 9162, 2.1.3.2). Any integers are accepted."""
    if not 0 <= index < size:
        return False
    number, last, value = index, size - 1, leaf_node(leaf)
    for sibling in path:
        if last == 0:
            return False
        if number & 1 or number == last:
            value = _node(sibling, value)
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            value = _node(value, sibling)
        number, last = number >> 1, last >> 1
    return last == 0 and value == root


def consistency_holds(*, old: int, new: int, old_root: bytes, new_root: bytes, path: Sequence[bytes]) -> bool:
    """Return whether the tree of `new` leaves extends that of `old` leaves (RFC 9162, 2.1.4.2)."""
    if not 0 < old <= new:
        return False
    if old == new:
        return not path and old_root == new_root
    nodes = list(path) if old & (old - 1) else [old_root, *path]
    if not nodes:
        return False
    number, last = old - 1, new - 1
    while number & 1:
        number, last = number >> 1, last >> 1
    first = second = nodes[0]
    for sibling in nodes[1:]:
        if last == 0:
            return False
        if number & 1 or number == last:
            first, second = _node(sibling, first), _node(sibling, second)
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            second = _node(second, sibling)
        number, last = number >> 1, last >> 1
    return last == 0 and first == old_root and second == new_root


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def _split(size: int) -> int:
    """Return the largest power of two below `size`."""
    return 1 << ((size - 1).bit_length() - 1)


def _fold(nodes: list[bytes]) -> bytes:
    """Combine level by level; an odd last node rises unchanged, which gives the same tree as splitting."""
    while len(nodes) > 1:
        paired = [_node(nodes[at], nodes[at + 1]) for at in range(0, len(nodes) - 1, 2)]
        nodes = paired + nodes[len(paired) * 2 :]
    return nodes[0]
