"""Why a port does not answer as the module that the settings name: from what came before it first did. Pure."""

from skerry_firmware_bridge.at_radio.identity import kind_of_lines

__all__ = ["FirstWords"]

MOST_LINES = 16
SHOWN = 32


class FirstWords:
    """What came in since the port was opened, until the module has answered."""

    def __init__(self) -> None:
        self._bytes = 0
        self._lines: list[str] = []

    def note(self, count: int, lines: list[str]) -> None:
        """Take note of bytes and of the lines found in them."""
        self._bytes += count
        self._lines += lines[: MOST_LINES - len(self._lines)]

    def explain(self, *, kind: str, baudrate: int, has_worked: bool) -> str:
        """Return why there was no right answer, and what a person can do; `has_worked` = earlier, at this port."""
        if not self._bytes and has_worked:
            return f"The {kind} answers no more: it hangs, or has lost its power. Unplug it and plug it in again."
        if not self._bytes:
            return (
                f"Nothing answers at {baudrate} baud. Check that this is the port of the {kind}, that it has power, "
                "and that its lines are not swapped."
            )
        other = kind_of_lines(self._lines)
        if other is not None and other != kind:
            return f"A {other} answers here, not a {kind}. Name it {other} in serial.radios."
        readable = next((line for line in self._lines if line.isascii() and line.isprintable()), None)
        if readable is None:
            return (
                f"What comes in at {baudrate} baud makes no sense: another speed, or another kind of device than a "
                f"{kind}."
            )
        return f"Something answers {readable[:SHOWN]!r}, which is not what a {kind} says. See: skerry devices scan"
