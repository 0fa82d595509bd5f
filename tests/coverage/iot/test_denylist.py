import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skerry_coverage.iot.denylist import ExplicitDenylist, FilterDenylist, edge_hash, node_hash, read_filter_file
from skerry_coverage.iot.errors import FilterRejected
from skerry_keys.software import SoftwareSigner

U64 = (1 << 64) - 1
KEYS = [b"\x01" + bytes([index]) * 32 for index in range(40)]
OTHERS = [b"\x01" + bytes([index]) * 32 for index in range(100, 200)]


def mix(element: int, seed: int) -> int:
    """The public finishing function of the filter family."""
    value = element + seed & U64
    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        value = (value ^ value >> 33) * factor & U64
    return value ^ value >> 33


def xor_places(mixed: int, block: int) -> list[int]:
    turned = [(mixed << bits | mixed >> 64 - bits) & U64 if bits else mixed for bits in (0, 21, 42)]
    return [((part & 0xFFFFFFFF) * block >> 32) + index * block for index, part in enumerate(turned)]


def fuse_places(mixed: int, segment: int, count_length: int) -> list[int]:
    first = mixed * count_length >> 64
    mask = segment - 1
    return [first, first + segment ^ (mixed >> 18 & mask), first + 2 * segment ^ (mixed & mask)]


def peel(elements: list[int], size: int, places_of: dict[int, list[int]], mixed: dict[int, int]) -> list[int] | None:
    """Solve the filter's equations by peeling; None when this seed does not work."""
    left, order = set(elements), []
    while left:
        counts: dict[int, list[int]] = {}
        for element in left:
            for place in places_of[element]:
                counts.setdefault(place, []).append(element)
        single = next(((place, own[0]) for place, own in counts.items() if len(own) == 1), None)
        if single is None:
            return None
        order.append(single)
        left.remove(single[1])
    prints = [0] * size
    for place, element in reversed(order):
        value = (mixed[element] ^ mixed[element] >> 32) & 0xFFFFFFFF
        for other in places_of[element]:
            value ^= prints[other]
        prints[place] = value
    return prints


def xor_filter(elements: list[int]) -> bytes:
    block = 25
    for seed in range(1000):
        mixed = {element: mix(element, seed) for element in elements}
        places = {element: xor_places(mixed[element], block) for element in elements}
        prints = peel(elements, 3 * block, places, mixed)
        if prints is not None:
            return struct.pack("<QQQ", seed, block, len(prints)) + struct.pack(f"<{len(prints)}I", *prints)
    raise AssertionError("no seed works")


def fuse_filter(elements: list[int]) -> bytes:
    segment, segments = 16, 4
    for seed in range(1000):
        mixed = {element: mix(element, seed) for element in elements}
        places = {element: fuse_places(mixed[element], segment, segment * segments) for element in elements}
        size = segment * (segments + 2)
        prints = peel(elements, size, places, mixed)
        if prints is not None:
            head = struct.pack("<QIIIQ", seed, segment, segment - 1, segment * segments, size)
            return head + struct.pack(f"<{size}I", *prints)
    raise AssertionError("no seed works")


SIGNER = SoftwareSigner.from_seed(b"\x09" * 32)


def signed_file(version: int, body: bytes, serial: int = 77) -> bytes:
    from nacl.signing import SigningKey

    signed = struct.pack("<I", serial) + body
    signature = SigningKey(b"\x09" * 32).sign(signed).signature
    return struct.pack("<BH", version, len(signature)) + signature + signed


ELEMENTS = [node_hash(key) for key in KEYS] + [edge_hash(KEYS[0], KEYS[1])]
FILES = {
    "xor, version 1": signed_file(1, xor_filter(ELEMENTS)),
    "xor, version 2": signed_file(2, struct.pack("<I", 0) + xor_filter(ELEMENTS)),
    "fuse, version 2": signed_file(2, struct.pack("<I", 1) + fuse_filter(ELEMENTS)),
}


def load(content: bytes) -> FilterDenylist:
    return read_filter_file(content, trusted_keys=[SIGNER.public_key])


@pytest.mark.parametrize("name", FILES)
def test_a_filter_knows_its_keys_and_pairs_and_no_others(name: str) -> None:
    denylist = load(FILES[name])
    assert denylist.tag == 77
    assert all(denylist.denies(key) for key in KEYS)
    assert not any(denylist.denies(key) for key in OTHERS)
    assert denylist.denies_edge(KEYS[0], KEYS[1])
    assert denylist.denies_edge(KEYS[1], KEYS[0])
    assert not denylist.denies_edge(KEYS[0], KEYS[2])


@pytest.mark.parametrize("name", FILES)
def test_a_file_signed_by_another_key_is_refused(name: str) -> None:
    with pytest.raises(FilterRejected, match="bad_signature"):
        read_filter_file(FILES[name], trusted_keys=[KEYS[0]])


@pytest.mark.parametrize("name", FILES)
def test_every_cut_is_refused(name: str) -> None:
    for size in range(len(FILES[name])):
        with pytest.raises(FilterRejected):
            load(FILES[name][:size])


def test_a_signed_filter_that_contradicts_itself_is_refused() -> None:
    for body in (
        struct.pack("<I", 7),
        struct.pack("<IQQQ", 0, 1, 2, 1) + b"\x00" * 4,
        struct.pack("<IQIIIQ", 1, 1, 16, 14, 16, 48) + b"\x00" * 192,
        struct.pack("<IQIIIQ", 1, 1, 16, 15, 17, 48) + b"\x00" * 192,
        struct.pack("<IQQQ", 0, 1, 0, 0) + b"extra",
        struct.pack("<IQQQ", 0, 1, 0, 1 << 40),
    ):
        with pytest.raises(FilterRejected, match="bad_filter"):
            load(signed_file(2, body))


@given(st.binary(max_size=200))
def test_noise_is_refused_and_nothing_else_happens(content: bytes) -> None:
    with pytest.raises(FilterRejected):
        load(content)


def test_an_explicit_empty_list_denies_nobody() -> None:
    empty = ExplicitDenylist.of(tag=0)
    assert not empty.denies(KEYS[0])
    assert not empty.denies_edge(KEYS[0], KEYS[1])
