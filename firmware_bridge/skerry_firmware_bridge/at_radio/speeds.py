"""At which speed a module's port is opened next: as delivered, then the others, until it answers. Pure."""

from skerry_firmware_bridge.at_radio.dialect import Dialect

__all__ = ["Speeds"]

DOUBT_EVERY = 4  # opens: a module that hangs is asked on where it answered, one that was exchanged is found in the end


class Speeds:
    """One port's. `now` changes with `silent` only."""

    def __init__(self, dialect: Dialect) -> None:
        self._all = (dialect.baudrate, *dialect.other_baudrates)
        self._known: int | None = None
        self._silences = 0

    @property
    def now(self) -> int:
        """The speed to open the port with."""
        if self._known is None:
            return self._all[self._silences % len(self._all)]
        round_, place = divmod(self._silences, DOUBT_EVERY)
        return self._all[round_ % len(self._all)] if place == DOUBT_EVERY - 1 else self._known

    def answered(self) -> None:
        """Stay with this speed."""
        self._known, self._silences = self.now, 0

    def silent(self) -> None:
        """Take note that the port was open and nothing answered."""
        self._silences += 1
