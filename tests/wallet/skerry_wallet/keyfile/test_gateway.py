import os
from pathlib import Path

import pytest

from skerry_core.errors import NotFoundError
from skerry_keys import KeyRejected, PublicKey, Signer, SoftwareSigner
from skerry_keys.uri import EccLocation, TpmLocation
from skerry_wallet.keyfile.errors import KeyDamaged, KeyExposed, KeyMismatch, KeyMissing
from skerry_wallet.keyfile.gateway import (
    GATEWAY_KEY_FILE,
    IDENTITY_FILE,
    open_or_create_gateway_key,
    recorded_identity,
)
from skerry_wallet.keyfile.private_file import create_private


def open_key(directory: Path) -> Signer:
    return open_or_create_gateway_key(directory, random_bytes=os.urandom)


def test_the_first_start_makes_a_private_key_and_records_its_address(tmp_path: Path) -> None:
    signer = open_key(tmp_path)
    assert recorded_identity(tmp_path) == PublicKey(signer.public_key).address
    assert (tmp_path / GATEWAY_KEY_FILE).stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == [GATEWAY_KEY_FILE, IDENTITY_FILE]


def test_later_starts_open_the_same_key(tmp_path: Path) -> None:
    assert open_key(tmp_path).public_key == open_key(tmp_path).public_key


def test_a_missing_key_of_a_recorded_identity_is_an_error_and_never_a_new_key(tmp_path: Path) -> None:
    address = PublicKey(open_key(tmp_path).public_key).address
    (tmp_path / GATEWAY_KEY_FILE).unlink()
    with pytest.raises(KeyMissing) as caught:
        open_key(tmp_path)
    assert caught.value.code == "E_KEY_MISSING"
    assert address in caught.value.detail
    assert caught.value.remedy
    assert isinstance(caught.value, NotFoundError)
    assert not (tmp_path / GATEWAY_KEY_FILE).exists()


def test_another_key_in_the_file_is_refused(tmp_path: Path) -> None:
    open_key(tmp_path)
    (tmp_path / GATEWAY_KEY_FILE).write_bytes(SoftwareSigner.from_seed(bytes(32)).to_key_file())
    with pytest.raises(KeyMismatch):
        open_key(tmp_path)


def test_a_key_put_there_before_the_first_start_is_adopted(tmp_path: Path) -> None:
    existing = SoftwareSigner.from_seed(bytes(range(32)))
    create_private(tmp_path / GATEWAY_KEY_FILE, existing.to_key_file())
    assert open_key(tmp_path).public_key == existing.public_key
    assert recorded_identity(tmp_path) == PublicKey(existing.public_key).address


def test_a_crash_between_key_and_record_keeps_the_key(tmp_path: Path) -> None:
    signer = open_key(tmp_path)
    (tmp_path / IDENTITY_FILE).unlink()
    assert open_key(tmp_path).public_key == signer.public_key


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
def test_a_key_that_others_may_touch_is_refused_with_the_remedy(tmp_path: Path, mode: int) -> None:
    open_key(tmp_path)
    (tmp_path / GATEWAY_KEY_FILE).chmod(mode)
    with pytest.raises(KeyExposed) as caught:
        open_key(tmp_path)
    assert "chmod 600" in caught.value.remedy


@pytest.mark.parametrize("content", [b"", b"\x01" * 64, b"\x01" * 65, b"{}", bytes(100_000)])
def test_a_damaged_key_file_is_never_replaced(tmp_path: Path, content: bytes) -> None:
    create_private(tmp_path / GATEWAY_KEY_FILE, content)
    with pytest.raises(KeyDamaged):
        open_key(tmp_path)
    assert (tmp_path / GATEWAY_KEY_FILE).read_bytes() == content


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"address": 5}', b'{"address": "xyz"}', b"\xff"])
def test_a_damaged_identity_record_never_leads_to_a_new_key(tmp_path: Path, content: bytes) -> None:
    (tmp_path / IDENTITY_FILE).write_bytes(content)
    with pytest.raises(KeyDamaged):
        open_key(tmp_path)
    assert not (tmp_path / GATEWAY_KEY_FILE).exists()


def test_a_pipe_in_place_of_the_key_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / GATEWAY_KEY_FILE, 0o600)
    with pytest.raises(KeyDamaged):
        open_key(tmp_path)


def test_a_key_made_by_another_program_at_the_same_moment_wins(tmp_path: Path) -> None:
    theirs = SoftwareSigner.from_seed(bytes(range(32)))

    def racing(size: int) -> bytes:
        create_private(tmp_path / GATEWAY_KEY_FILE, theirs.to_key_file())
        return os.urandom(size)

    assert open_or_create_gateway_key(tmp_path, random_bytes=racing).public_key == theirs.public_key


def test_a_hardware_key_is_recorded_and_cannot_be_swapped(tmp_path: Path) -> None:
    locations: list[EccLocation | TpmLocation] = []

    def hardware(seed: int) -> Signer:
        def open_hardware(location: EccLocation | TpmLocation) -> Signer:
            locations.append(location)
            return SoftwareSigner.from_seed(bytes([seed]) * 32)

        return open_or_create_gateway_key(
            tmp_path, random_bytes=os.urandom, key_uri="ecc://i2c-1:88?slot=3", open_hardware=open_hardware
        )

    first = hardware(1)
    assert hardware(1).public_key == first.public_key
    with pytest.raises(KeyMismatch):
        hardware(2)
    assert isinstance(locations[0], EccLocation)
    assert (locations[0].bus_address, locations[0].slot) == (88, 3)
    assert not (tmp_path / GATEWAY_KEY_FILE).exists()


def test_a_hardware_key_without_support_for_it_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(KeyRejected, match="hardware"):
        open_or_create_gateway_key(tmp_path, random_bytes=os.urandom, key_uri="tpm://esys/0x81000001")


def test_a_key_file_elsewhere_is_opened_by_its_path(tmp_path: Path) -> None:
    elsewhere = tmp_path / "keys"
    elsewhere.mkdir()
    signer = SoftwareSigner.from_seed(bytes(range(32)))
    create_private(elsewhere / "gateway_key.bin", signer.to_key_file())
    opened = open_or_create_gateway_key(
        tmp_path, random_bytes=os.urandom, key_uri=f"file:{elsewhere / 'gateway_key.bin'}"
    )
    assert opened.public_key == signer.public_key
