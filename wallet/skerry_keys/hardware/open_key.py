"""Opens the hardware key that a key URI names; the agent passes this to `open_or_create_gateway_key`."""

from typing import assert_never

from skerry_keys.hardware.ecc608 import Ecc608Signer
from skerry_keys.hardware.errors import HardwareKeyFailed
from skerry_keys.hardware.i2c import LinuxI2cBus
from skerry_keys.hardware.tpm import TpmSigner, linux_tpm
from skerry_keys.signer import Signer
from skerry_keys.uri import EccLocation, TpmLocation

__all__ = ["open_hardware_key"]


def open_hardware_key(location: EccLocation | TpmLocation) -> Signer:
    """Return the signer of a chip on this computer; the bus stays open with it. Raises `HardwareKeyFailed`."""
    match location:
        case TpmLocation():
            return TpmSigner(linux_tpm, location)
        case EccLocation():
            try:
                bus = LinuxI2cBus(location.device)
            except OSError as error:
                raise HardwareKeyFailed(
                    f"ecc://{location.device}",
                    f"/dev/{location.device} cannot be opened ({error.strerror})",
                    remedy="Switch I2C on and let the agent's user open the device (group i2c).",
                ) from None
            try:
                return Ecc608Signer(bus, location)
            except HardwareKeyFailed:
                bus.close()
                raise
        case _:
            assert_never(location)
