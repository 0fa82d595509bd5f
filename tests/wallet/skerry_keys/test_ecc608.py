import pytest
from hypothesis import given
from hypothesis import strategies as st

from skerry_keys import PublicKey, verify
from skerry_keys.hardware import ecc608_wire as wire
from skerry_keys.hardware.ecc608 import Ecc608Signer
from skerry_keys.hardware.errors import HardwareKeyFailed
from skerry_keys.hardware.i2c import LinuxI2cBus
from skerry_keys.signer import evidence_message
from skerry_keys.tag import Network
from skerry_keys.uri import EccLocation
from skerry_testing.ecc608 import FakeEcc608

COMPACT = int("f8374ea8637b16cb24fa88566e77c6aa" * 2, 16)
NOT_COMPACT = int("0480a93d2e9b094b89e08e01976089ac18193af802c66b631cc8d2dc1bae8c88", 16)
ADDRESS = "11d9XyqACXSmCbHwQ9WG2a9k4UnDfJbRQwmXqcPPE2hg9bbkRJK"
DIGEST = bytes(range(32))


def location(*, bus_address: int = 0x60, slot: int = 0) -> EccLocation:
    return EccLocation(device="i2c-1", bus_address=bus_address, slot=slot, network=Network.MAINNET)


def test_the_chip_signs_as_its_compact_key() -> None:
    signer = Ecc608Signer(FakeEcc608(COMPACT), location())
    assert PublicKey(signer.public_key).address == ADDRESS
    for digest in (DIGEST, bytes(32)):
        signature = signer.sign_evidence("seal", "net", digest)
        assert verify(signer.public_key, evidence_message("seal", "net", digest), signature)
    assert ADDRESS in repr(signer)


@pytest.mark.parametrize(("configured", "wired"), [(0x60, 0x58), (0x58, 0x60), (0x35, 0x58), (0x35, 0x35)])
def test_a_chip_at_the_other_usual_address_is_found(configured: int, wired: int) -> None:
    signer = Ecc608Signer(FakeEcc608(COMPACT, address=wired), location(bus_address=configured))
    assert signer.bus_address == wired


def test_a_bus_without_the_chip_names_the_addresses_tried() -> None:
    with pytest.raises(HardwareKeyFailed, match=r"0x35, 0x60, 0x58") as caught:
        Ecc608Signer(FakeEcc608(COMPACT, address=0x42), location(bus_address=0x35))
    assert caught.value.code == "E_KEY_HARDWARE"
    assert caught.value.remedy


def test_a_key_that_is_not_compactable_is_refused() -> None:
    with pytest.raises(HardwareKeyFailed, match="not compactable"):
        Ecc608Signer(FakeEcc608(NOT_COMPACT), location())


def test_an_empty_slot_is_reported_with_the_chips_own_reason() -> None:
    with pytest.raises(HardwareKeyFailed, match="execution_error"):
        Ecc608Signer(FakeEcc608(COMPACT), location(slot=5))


def test_a_garbled_answer_is_asked_for_again() -> None:
    chip = FakeEcc608(COMPACT)
    signer = Ecc608Signer(chip, location())
    faults = iter([0, 0, 1, 0, 2])  # the signature of the first try, the digest's status of the second

    def garble(answer: bytes) -> bytes:
        position = next(faults, None)
        if not position:
            return answer
        return answer[:position] + bytes([answer[position] ^ 1]) + answer[position + 1 :]

    chip.garble = garble
    signature = signer.sign_evidence("seal", "net", DIGEST)
    assert verify(signer.public_key, evidence_message("seal", "net", DIGEST), signature)


def test_a_chip_that_stays_garbled_or_silent_fails_after_a_few_tries() -> None:
    chip = FakeEcc608(COMPACT)
    signer = Ecc608Signer(chip, location())
    chip.garble = lambda answer: answer[:-1] + bytes([answer[-1] ^ 0x80])
    with pytest.raises(HardwareKeyFailed, match="no wake answer"):
        signer.sign_evidence("seal", "net", DIGEST)
    chip.garble = bytes
    chip._busy_reads = 1_000
    chip.paused_s = 0.0
    with pytest.raises(HardwareKeyFailed):
        signer.sign_evidence("seal", "net", DIGEST)
    assert chip.paused_s < 5


def test_a_slow_chip_is_waited_for() -> None:
    signer = Ecc608Signer(FakeEcc608(COMPACT, busy_reads=50), location())
    assert verify(signer.public_key, evidence_message("s", "n", DIGEST), signer.sign_evidence("s", "n", DIGEST))


def test_it_signs_no_transactions() -> None:
    with pytest.raises(ValueError, match="Ed25519"):
        Ecc608Signer(FakeEcc608(COMPACT), location()).sign_transaction(b"")


def test_the_crc_gives_the_data_sheets_wake_answer() -> None:
    assert wire.crc16(bytes.fromhex("0411")) == bytes.fromhex("3343")


@given(st.binary(max_size=80))
def test_any_answer_is_content_a_status_or_a_clear_error(raw: bytes) -> None:
    for command in (wire.revision(), wire.sign(0), wire.load_digest(DIGEST)):
        try:
            assert len(wire.answer_content(raw, command)) == command.answer_size
        except (ValueError, wire.StatusAnswer):
            continue


def test_a_missing_bus_device_is_an_os_error() -> None:
    with pytest.raises(FileNotFoundError):
        LinuxI2cBus("i2c-none")
