"""When reward epochs begin, end and close (DESIGN, Time)."""

from dataclasses import dataclass

__all__ = ["EpochCalendar"]

DAY_S = 86_400
IOT_LATENESS_S = 1_800  # iot-poc 4.8: rewards are computed 30 minutes after the period


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochCalendar:
    """Epochs of equal length counted from the Unix epoch, so that a length of a day gives UTC days.

    A moment belongs to the epoch with start < moment <= end (iot-poc 4.8).
    """

    length_s: int = DAY_S
    lateness_s: int = IOT_LATENESS_S

    def __post_init__(self) -> None:
        if self.length_s < 1 or self.lateness_s < 0:
            raise ValueError(f"epochs last at least a second, got {self.length_s} s and lateness {self.lateness_s} s")

    def epoch_of(self, moment_ms: int) -> int:
        """Return the epoch that a moment belongs to."""
        return (moment_ms - 1) // (self.length_s * 1000)

    def start_ms(self, epoch: int) -> int:
        """Return the moment after which an epoch begins."""
        return epoch * self.length_s * 1000

    def end_ms(self, epoch: int) -> int:
        """Return an epoch's last moment."""
        return (epoch + 1) * self.length_s * 1000

    def close_ms(self, epoch: int) -> int:
        """Return when an epoch may be closed: reports that reach the store later are late."""
        return self.end_ms(epoch) + self.lateness_s * 1000
