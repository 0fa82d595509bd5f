"""The bundle file: every flipped byte is noticed, hostile files give one error only, the id leaves anchors out."""

import hashlib
import random
from typing import Any

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from skerry_coverage.bundle import container
from skerry_coverage.bundle.errors import BundleRejected
from skerry_coverage.evidence import dcbor

BODY: dict[str, Any] = {"network": "skerry-open", "logs": [b"x" * 300, {"a": 1}], "anchors": []}


def wrapped(rest: bytes) -> bytes:
    """Return a file whose checksum is right, whatever it holds."""
    return container.MAGIC + bytes([container.VERSION]) + hashlib.sha256(rest).digest() + rest


def reason_of(untrusted: bytes) -> str:
    with pytest.raises(BundleRejected) as caught:
        container.unpack(untrusted)
    assert caught.value.code == f"E_BUNDLE_{caught.value.reason.upper()}"
    return caught.value.reason


def test_a_body_survives_the_round_trip_and_packs_to_the_same_bytes() -> None:
    packed = container.pack(BODY)
    assert container.unpack(packed) == BODY
    assert container.pack(container.unpack(packed)) == packed


def test_every_flipped_byte_is_noticed() -> None:
    packed = container.pack(BODY)
    for at in range(len(packed)):
        for flip in (0x01, 0x80, 0xFF):
            changed = bytearray(packed)
            changed[at] ^= flip
            assert reason_of(bytes(changed)) in {"bad_magic", "bad_version", "bad_checksum"}


def test_every_cut_and_every_addition_is_noticed() -> None:
    packed = container.pack(BODY)
    for size in range(len(packed)):
        reason_of(packed[:size])
    assert reason_of(packed + b"\x00") == "bad_checksum"


def test_a_decompression_bomb_is_refused_before_it_is_unpacked() -> None:
    bomb = zstandard.ZstdCompressor(level=3).compress(bytes(container.MAX_BODY_BYTES + 1))
    assert len(bomb) < 10_000
    assert reason_of(wrapped(bomb)) == "too_large"


def test_a_frame_that_lies_about_its_size_or_hides_it_is_refused() -> None:
    hidden = zstandard.ZstdCompressor(write_content_size=False).compress(dcbor.encode(BODY))
    assert reason_of(wrapped(hidden)) == "too_large"
    honest = zstandard.ZstdCompressor().compress(dcbor.encode(BODY))
    assert reason_of(wrapped(honest + b"\x00")) == "bad_compression"
    assert reason_of(wrapped(honest + honest)) == "bad_compression"
    assert reason_of(wrapped(honest[:-3])) == "bad_compression"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (dcbor.encode([]), "bad_type"),
        (b"\xa1\x61a\xf9\x00\x00", "not_deterministic"),
        (b"\x81" * 1000, "too_deep"),
        (b"\x9a\x00\x20\x00\x00" + bytes(1 << 21), "too_large"),
        (b"", "truncated"),
    ],
)
def test_content_that_is_no_body_is_refused(content: bytes, reason: str) -> None:
    assert reason_of(wrapped(zstandard.ZstdCompressor().compress(content))) == reason


def test_too_large_a_file_is_refused_unread() -> None:
    assert reason_of(container.MAGIC + bytes(container.MAX_FILE_BYTES)) == "too_large"


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200), st.booleans(), st.booleans())
def test_noise_is_refused_with_our_error_only(noise: bytes, with_checksum: bool, compressed: bool) -> None:
    content = zstandard.ZstdCompressor().compress(noise) if compressed else noise
    try:
        body = container.unpack(wrapped(content) if with_checksum else noise)
    except BundleRejected:
        return
    assert dcbor.encode(body) == noise


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32))
def test_damaged_compression_is_refused_with_our_error_only(seed: int) -> None:
    draw = random.Random(seed)
    frame = bytearray(zstandard.ZstdCompressor().compress(dcbor.encode(BODY)))
    for _ in range(draw.randint(1, 4)):
        frame[draw.randrange(len(frame))] = draw.randrange(256)
    try:
        container.unpack(wrapped(bytes(frame)))
    except BundleRejected:
        return


def test_the_id_is_a_cid_that_leaves_anchors_out_and_names_everything_else() -> None:
    name = container.cid(BODY)
    assert name.startswith("bafyrei")  # CIDv1, dag-cbor, SHA-256 in base32
    assert container.cid({**BODY, "anchors": [b"later"]}) == name
    assert container.cid({**BODY, "network": "other"}) != name
