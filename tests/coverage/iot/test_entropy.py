import pytest

from skerry_coverage.iot.entropy import (
    blockhash_entropy,
    commitment,
    committed_entropy,
    entropy_from_json,
    entropy_to_json,
)
from skerry_coverage.iot.errors import EntropyRejected
from skerry_wire.sink import Entropy

SECRET = b"\x05" * 32


def test_committed_entropy_depends_on_secret_network_and_time() -> None:
    values = {
        committed_entropy(secret=secret, network=network, timestamp_s=at).data
        for secret in (SECRET, b"\x06" * 32)
        for network in ("a", "b")
        for at in (1, 2)
    }
    assert len(values) == 8
    assert {len(value) for value in values} == {32}


def test_a_commitment_hides_and_fixes_its_value() -> None:
    entropy = committed_entropy(secret=SECRET, network="a", timestamp_s=1)
    assert commitment(entropy) != entropy.data
    assert commitment(entropy) == commitment(Entropy(data=entropy.data, timestamp_s=9, version=0))


def test_a_secret_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        committed_entropy(secret=b"short", network="a", timestamp_s=1)


def test_an_entropy_server_without_any_source_says_so() -> None:
    with pytest.raises(ValueError, match="no block hash"):
        blockhash_entropy(timestamp_s=1, blockhash=None, previous=None)


@pytest.mark.parametrize("version", [{}, {"version": None}, {"version": 0}])
def test_a_missing_version_is_zero(version: dict[str, object]) -> None:
    entropy = Entropy(data=SECRET, timestamp_s=5, version=0)
    stored = {name: value for name, value in entropy_to_json(entropy).items() if name != "version"}
    assert entropy_from_json(stored | version) == entropy


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"timestamp": None}, "missing_field"),
        ({"data": "x"}, "bad_base64"),
        ({"data": 5}, "bad_value"),
        ({"timestamp": "5"}, "bad_value"),
        ({"version": True}, "bad_value"),
    ],
)
def test_a_wrong_member_is_named(change: dict[str, object], reason: str) -> None:
    stored = entropy_to_json(Entropy(data=SECRET, timestamp_s=5, version=0))
    with pytest.raises(EntropyRejected, match=reason):
        entropy_from_json(stored | change)
