"""The tree against the definition in RFC 6962, written out recursively here, and its proofs against tampering."""

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skerry_coverage.evidence import merkle


def leaves_of(size: int) -> list[bytes]:
    return [hashlib.sha256(number.to_bytes(4, "big")).digest() for number in range(size)]


def defined_root(leaves: list[bytes]) -> bytes:
    """RFC 6962, 2.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\x01" + defined_root(leaves[:split]) + defined_root(leaves[split:])).digest()


def tree_of(leaves: list[bytes]) -> merkle.Tree:
    return merkle.Tree(lambda low, high: leaves[low:high])


@pytest.mark.parametrize("size", [*range(40), 255, 256, 257, 511, 512, 513, 700])
def test_root_is_the_defined_one(size: int) -> None:
    assert merkle.root(leaves_of(size)) == defined_root(leaves_of(size))


def test_known_root_of_the_certificate_transparency_test_data() -> None:
    data = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
    assert (
        merkle.root([bytes.fromhex(text) for text in data]).hex()
        == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
    )


@pytest.mark.parametrize("size", [*range(1, 34), 300])
def test_every_leaf_has_an_inclusion_proof_that_fits_nothing_else(size: int) -> None:
    leaves = leaves_of(size)
    tree, root = tree_of(leaves), merkle.root(leaves)
    for index in range(0, size, 1 if size < 40 else 37):
        path = tree.inclusion(index, size)
        leaf = leaves[index]
        assert merkle.inclusion_holds(leaf=leaf, index=index, size=size, path=path, root=root)
        assert not merkle.inclusion_holds(leaf=leaf[::-1], index=index, size=size, path=path, root=root)
        assert not merkle.inclusion_holds(leaf=leaf, index=index, size=size, path=[*path, root], root=root)
        assert not merkle.inclusion_holds(leaf=leaf, index=size, size=size, path=path, root=root)
        for other in {index ^ 1, 0, size - 1} - {index}:
            assert not merkle.inclusion_holds(leaf=leaf, index=other, size=size, path=path, root=root)


def test_every_pair_of_sizes_has_a_consistency_proof() -> None:
    leaves = leaves_of(40)
    tree = tree_of(leaves)
    for new in range(1, 41):
        for old in range(1, new + 1):
            path = tree.consistency(old, new)
            old_root, new_root = tree.root(old), tree.root(new)
            assert merkle.consistency_holds(old=old, new=new, old_root=old_root, new_root=new_root, path=path)
            assert not merkle.consistency_holds(old=old, new=new, old_root=old_root[::-1], new_root=new_root, path=path)
            if path:
                broken = [path[0][::-1], *path[1:]]
                assert not merkle.consistency_holds(old=old, new=new, old_root=old_root, new_root=new_root, path=broken)


def test_a_rewritten_history_has_no_consistency_proof() -> None:
    honest, forged = leaves_of(20), leaves_of(20)
    forged[3] = bytes(32)
    path = tree_of(forged).consistency(10, 20)
    assert not merkle.consistency_holds(
        old=10, new=20, old_root=merkle.root(honest[:10]), new_root=merkle.root(forged), path=path
    )


def test_stored_block_roots_give_the_same_proofs() -> None:
    leaves = leaves_of(3 * merkle.BLOCK + 17)
    plain = tree_of(leaves)
    blocks = {number: merkle.root(leaves[number * merkle.BLOCK : (number + 1) * merkle.BLOCK]) for number in range(3)}
    read: list[tuple[int, int]] = []

    def some(low: int, high: int) -> list[bytes]:
        read.append((low, high))
        return leaves[low:high]

    stored = merkle.Tree(some, block=blocks.get)
    assert stored.root(len(leaves)) == plain.root(len(leaves))
    assert read == [(3 * merkle.BLOCK, len(leaves))]
    assert stored.inclusion(300, len(leaves)) == plain.inclusion(300, len(leaves))
    assert stored.consistency(300, len(leaves)) == plain.consistency(300, len(leaves))


@settings(max_examples=100, deadline=None)
@given(st.integers(-5, 70), st.integers(-5, 70), st.lists(st.binary(min_size=32, max_size=32), max_size=8), st.binary())
def test_checks_never_raise_and_accept_no_noise(index: int, size: int, path: list[bytes], root: bytes) -> None:
    assert not merkle.inclusion_holds(leaf=bytes(32), index=index, size=size, path=path, root=root)
    if index != size:
        assert not merkle.consistency_holds(old=index, new=size, old_root=root, new_root=root[::-1], path=path)


def test_proofs_outside_the_tree_are_our_own_bug() -> None:
    with pytest.raises(ValueError, match="not in a tree"):
        tree_of(leaves_of(3)).inclusion(3, 3)
    with pytest.raises(ValueError, match="no consistency proof"):
        tree_of(leaves_of(3)).consistency(0, 3)
