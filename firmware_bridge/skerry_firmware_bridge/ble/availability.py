"""Why Bluetooth cannot be used here: what bleak and D-Bus raise, as errors with a code, a sentence and a remedy."""

import importlib.util
import sys
from dataclasses import dataclass

from skerry_firmware_bridge.errors import LinkRefused

__all__ = ["ABSENT", "bluetooth_errors", "dbus_error_name", "is_in_progress", "no_bluetooth", "require_bleak"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cause:
    code: str
    detail: str
    remedy: str


_NOT_INSTALLED = _Cause(
    code="E_BLE_NOT_INSTALLED",
    detail="Skerry came without its Bluetooth library here, as it does on 32-bit computers.",
    remedy="Use a 64-bit computer, or install the library: pip install bleak",
)
_NO_DBUS = _Cause(
    code="E_BLE_NO_DBUS",
    detail="There is no system D-Bus on this computer, which Bluetooth needs.",
    remedy="Install and start it: sudo apt install dbus bluez && sudo systemctl start dbus bluetooth",
)
_NO_SERVICE = _Cause(
    code="E_BLE_NO_SERVICE",
    detail="The Bluetooth service does not run.",
    remedy="Install and start it: sudo apt install bluez && sudo systemctl start bluetooth",
)
_NO_ADAPTER = _Cause(
    code="E_BLE_NO_ADAPTER",
    detail="This computer has no Bluetooth adapter.",
    remedy="Plug in a Bluetooth 4.0 (or later) USB adapter and try again; bluetoothctl list must show it.",
)
_NOT_LOW_ENERGY = _Cause(
    code="E_BLE_NOT_LOW_ENERGY",
    detail="The Bluetooth adapter cannot connect to low-energy devices.",
    remedy="Plug in a Bluetooth 4.0 (or later) USB adapter and try again.",
)
_OFF = _Cause(
    code="E_BLE_OFF",
    detail="The Bluetooth adapter is switched off.",
    remedy="Switch it on: sudo rfkill unblock bluetooth && bluetoothctl power on",
)
_FORBIDDEN = _Cause(
    code="E_BLE_FORBIDDEN",
    detail="This user may not use Bluetooth.",
    remedy="Join its group and log in again: sudo usermod -aG bluetooth $USER",
)
_BUSY = _Cause(
    code="E_BLE_BUSY",
    detail="The Bluetooth adapter is stuck in an earlier operation.",
    remedy="Close other Bluetooth programs, or restart it: sudo systemctl restart bluetooth",
)
_UNKNOWN = _Cause(
    code="E_BLE_UNAVAILABLE",
    detail="Bluetooth cannot be used",
    remedy="Look at the service's log: journalctl -u bluetooth -n 50",
)
ABSENT = frozenset({_NOT_INSTALLED.code, _NO_DBUS.code, _NO_SERVICE.code, _NO_ADAPTER.code})
"""Codes of a computer that simply has no Bluetooth, which is nothing to complain about unless it was asked for."""

IN_PROGRESS = "org.bluez.Error.InProgress"
_BY_DBUS_NAME = {
    "org.freedesktop.DBus.Error.ServiceUnknown": _NO_SERVICE,
    "org.freedesktop.DBus.Error.NameHasNoOwner": _NO_SERVICE,
    "org.freedesktop.DBus.Error.Spawn.ServiceNotFound": _NO_SERVICE,
    "org.freedesktop.systemd1.NoSuchUnit": _NO_SERVICE,
    "org.freedesktop.DBus.Error.AccessDenied": _FORBIDDEN,
    "org.freedesktop.DBus.Error.AuthFailed": _FORBIDDEN,
    "org.bluez.Error.NotAuthorized": _FORBIDDEN,
    "org.bluez.Error.NotPermitted": _FORBIDDEN,
    "org.bluez.Error.NotReady": _OFF,
}


def require_bleak() -> None:
    """Raise `LinkRefused` E_BLE_NOT_INSTALLED where the library is missing."""
    if importlib.util.find_spec("bleak") is None:
        raise _refusal(_NOT_INSTALLED, _NOT_INSTALLED.detail)


def bluetooth_errors() -> tuple[type[Exception], ...]:
    """Return what bleak raises when the outside fails.

    Besides its own: sockets' errors, dbus-fast's, and what comes of properties that a daemon leaves out.
    """
    from bleak.exc import BleakError

    common = (BleakError, OSError, EOFError, TimeoutError, KeyError, AssertionError)
    if sys.platform != "linux":
        return common
    from dbus_fast.errors import DBusFastError

    return (*common, DBusFastError)


def dbus_error_name(error: Exception) -> str:
    """Return the D-Bus name of an error, "" when it has none."""
    from bleak.exc import BleakDBusError

    return str(error.dbus_error) if isinstance(error, BleakDBusError) else ""


def is_in_progress(error: Exception) -> bool:
    """Tell whether BlueZ still works on something else, which a killed program may have left behind."""
    return dbus_error_name(error) == IN_PROGRESS or "Operation already in progress" in str(error)


def no_bluetooth(error: Exception) -> LinkRefused:
    """Return the refusal that says why Bluetooth cannot be used here."""
    cause = _cause(error)
    detail = cause.detail if cause is not _UNKNOWN else f"{cause.detail}: {error or type(error).__name__}."
    return _refusal(cause, detail)


def _refusal(cause: _Cause, detail: str) -> LinkRefused:
    return LinkRefused(cause.code, detail, remedy=cause.remedy)


def _cause(error: Exception) -> _Cause:
    from bleak.exc import BleakBluetoothNotAvailableError

    match error:
        case BleakBluetoothNotAvailableError():
            return _by_reason(error)
        case PermissionError():
            return _FORBIDDEN
        case FileNotFoundError() | ConnectionError():
            return _NO_DBUS
    if is_in_progress(error):
        return _BUSY
    if type(error).__name__ == "InvalidAddressError":  # dbus-fast's, which is there on Linux only
        return _NO_DBUS
    if "adapter '" in str(error) and "not found" in str(error):
        return _NO_ADAPTER  # it was pulled out between two steps
    return _BY_DBUS_NAME.get(dbus_error_name(error), _UNKNOWN)


def _by_reason(error: Exception) -> _Cause:
    from bleak.exc import BleakBluetoothNotAvailableError, BleakBluetoothNotAvailableReason

    assert isinstance(error, BleakBluetoothNotAvailableError)
    match error.reason:
        case BleakBluetoothNotAvailableReason.NO_BLUETOOTH:
            return _NO_ADAPTER
        case BleakBluetoothNotAvailableReason.NO_BLE_CENTRAL_ROLE:
            return _NOT_LOW_ENERGY
        case BleakBluetoothNotAvailableReason.POWERED_OFF:
            return _OFF
        case BleakBluetoothNotAvailableReason.UNKNOWN:
            return _UNKNOWN
    return _FORBIDDEN
