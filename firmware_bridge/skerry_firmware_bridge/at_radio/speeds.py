"""At which speed a module's port is opened next: as delivered, then the others, until it answers. Pure."""

from skerry_firmware_bridge.at_radio.dialect import Dialect

__all__ = ["Speeds"]

MOST_SILENT = 3  # opens without an answer after which a speed that once worked is doubted


class Speeds:
    """One port's. A module that hangs is asked on at the speed at which it had answered."""

    def __init__(self, dialect: Dialect) -> None:
        self._all = (dialect.baudrate, *dialect.other_baudrates)
        self._at = 0
        self._sure = 0

    @property
    def now(self) -> int:
        """The speed to open the port with."""
        return self._all[self._at]

    def answered(self) -> None:
        """Stay with this speed."""
        self._sure = MOST_SILENT

    def silent(self) -> None:
        """Take note that the port was open and nothing answered."""
        self._sure -= 1
        if self._sure <= 0:
            self._at = (self._at + 1) % len(self._all)
