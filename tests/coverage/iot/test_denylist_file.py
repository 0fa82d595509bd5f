import pytest
from hypothesis import given
from hypothesis import strategies as st

from skerry_coverage.iot.denylist import ExplicitDenylist
from skerry_coverage.iot.denylist_file import read_signed_denylist, sign_denylist
from skerry_coverage.iot.errors import FilterRejected
from skerry_keys.software import SoftwareSigner

ORACLE, OTHER = (SoftwareSigner.from_seed(bytes([seed]) * 32) for seed in (1, 2))
A, B, C = (SoftwareSigner.from_seed(bytes([seed]) * 32).public_key for seed in (3, 4, 5))
LIST = ExplicitDenylist.of(tag=4, keys=[A], edges=[(B, C)])
FILE = sign_denylist(LIST, network="net", signer=ORACLE)


def read(raw: bytes, network: str = "net") -> ExplicitDenylist:
    return read_signed_denylist(raw, network=network, trusted_keys=[ORACLE.public_key])


def test_a_list_survives_its_file() -> None:
    assert read(FILE) == LIST
    empty = ExplicitDenylist.of(tag=0)
    assert read(sign_denylist(empty, network="net", signer=ORACLE)) == empty


def test_a_list_of_another_network_or_signer_is_refused() -> None:
    with pytest.raises(FilterRejected, match="bad_filter"):
        read(FILE, network="other")
    with pytest.raises(FilterRejected, match="bad_signature"):
        read(sign_denylist(LIST, network="net", signer=OTHER))


def test_a_changed_list_is_refused() -> None:
    with pytest.raises(FilterRejected, match="bad_signature"):
        read(FILE.replace(b'"tag":4', b'"tag":5'))


@given(st.integers(0, len(FILE) - 1), st.integers(0, 255))
def test_a_list_with_any_changed_byte_is_refused_or_the_same(position: int, value: int) -> None:
    changed = FILE[:position] + bytes([value]) + FILE[position + 1 :]
    try:
        result = read(changed)
    except FilterRejected:
        return
    assert result == LIST  # the case of a hexadecimal digit, or the byte itself


@given(st.binary(max_size=60) | st.sampled_from([b"{}", b"[]", b"1", b'{"list":1}', b'{"list":{},"signer":1}']))
def test_noise_is_refused_and_nothing_else_happens(raw: bytes) -> None:
    with pytest.raises(FilterRejected):
        read(raw)
