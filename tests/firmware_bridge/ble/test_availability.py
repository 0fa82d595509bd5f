"""What bleak and D-Bus raise, as codes, sentences and remedies."""

import pytest
from bleak.exc import (
    BleakBluetoothNotAvailableError,
    BleakBluetoothNotAvailableReason,
    BleakDBusError,
    BleakError,
)

from skerry_firmware_bridge.ble.availability import ABSENT, is_in_progress, no_bluetooth


def unavailable(reason: BleakBluetoothNotAvailableReason) -> BleakError:
    return BleakBluetoothNotAvailableError("because", reason)


def dbus(name: str) -> BleakError:
    return BleakDBusError(name, ["because"])


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (FileNotFoundError(2, "No such file"), "E_BLE_NO_DBUS"),
        (ConnectionRefusedError(111, "refused"), "E_BLE_NO_DBUS"),
        (PermissionError(13, "denied"), "E_BLE_FORBIDDEN"),
        (dbus("org.freedesktop.DBus.Error.ServiceUnknown"), "E_BLE_NO_SERVICE"),
        (dbus("org.freedesktop.DBus.Error.AccessDenied"), "E_BLE_FORBIDDEN"),
        (dbus("org.bluez.Error.NotReady"), "E_BLE_OFF"),
        (dbus("org.bluez.Error.InProgress"), "E_BLE_BUSY"),
        (unavailable(BleakBluetoothNotAvailableReason.NO_BLUETOOTH), "E_BLE_NO_ADAPTER"),
        (unavailable(BleakBluetoothNotAvailableReason.NO_BLE_CENTRAL_ROLE), "E_BLE_NOT_LOW_ENERGY"),
        (unavailable(BleakBluetoothNotAvailableReason.POWERED_OFF), "E_BLE_OFF"),
        (unavailable(BleakBluetoothNotAvailableReason.DENIED_BY_SYSTEM), "E_BLE_FORBIDDEN"),
        (unavailable(BleakBluetoothNotAvailableReason.DENIED_BY_USER), "E_BLE_FORBIDDEN"),
        (unavailable(BleakBluetoothNotAvailableReason.UNKNOWN), "E_BLE_UNAVAILABLE"),
        (BleakError("adapter 'hci0' not found"), "E_BLE_NO_ADAPTER"),
        (TimeoutError(), "E_BLE_UNAVAILABLE"),
        (KeyError("Roles"), "E_BLE_UNAVAILABLE"),
    ],
)
def test_every_cause_has_a_code_a_sentence_and_a_remedy(error: Exception, code: str) -> None:
    refusal = no_bluetooth(error)
    assert refusal.code == code
    assert refusal.detail.endswith(".")
    assert refusal.remedy


def test_bluetooth_that_is_off_or_forbidden_is_not_absent() -> None:
    assert "E_BLE_NO_ADAPTER" in ABSENT
    assert not ABSENT & {"E_BLE_OFF", "E_BLE_FORBIDDEN", "E_BLE_BUSY"}


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (dbus("org.bluez.Error.InProgress"), True),
        (BleakDBusError("org.bluez.Error.Failed", ["Operation already in progress"]), True),
        (BleakDBusError("org.bluez.Error.Failed", ["le-connection-abort-by-local"]), False),
        (TimeoutError(), False),
    ],
)
def test_an_operation_in_progress_is_known_by_its_name_or_its_words(error: Exception, expected: bool) -> None:
    assert is_in_progress(error) is expected
