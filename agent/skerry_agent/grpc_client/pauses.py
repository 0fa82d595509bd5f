"""How long to wait before the next connection attempt (iot-poc 1.5, "Stream reconnect" and "Backoff detail"). Pure."""

from random import Random

__all__ = ["ReconnectPauses"]

MIN_S = 5
MAX_S = 1_800
RETRIES = 40
JITTER_STEPS = 60  # a draw below 30 takes that many percent off, one above adds half as many


class ReconnectPauses:
    """Doubling pauses with jitter; `reset()` after a session was established."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._attempt = 0

    def reset(self) -> None:
        """Begin again at the shortest pause."""
        self._attempt = 0

    def next_s(self) -> float:
        """Return the pause before the next attempt, 5 s to 30 min."""
        exponent = min(self._attempt, RETRIES)
        self._attempt += 1
        base_s = float(MIN_S << exponent)
        draw = self._random.randrange(JITTER_STEPS)
        percent = -draw if draw < JITTER_STEPS // 2 else draw // 2
        return max(MIN_S, min(MAX_S, base_s + base_s * percent / 100))
