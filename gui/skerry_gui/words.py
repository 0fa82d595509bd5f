"""How values are said: ages, amounts, radio figures, states. Pure; used by columns and screens."""

from datetime import UTC, datetime

from skerry_client.models import Clock, Device, Finding, Operator, Status
from skerry_client.readings import has_region, span

__all__ = [
    "STALE_AFTER_S",
    "STATE_WORDS",
    "VERDICT_WORDS",
    "age",
    "amount",
    "clock_words",
    "db",
    "dbm",
    "device_words",
    "earned",
    "fault_words",
    "is_stale",
    "mhz",
    "moment",
    "operator_words",
    "plain",
    "region_words",
    "sentence",
    "short",
    "span",
]

STATE_WORDS = {"up": "Up", "down": "Down", "unknown": "Unknown"}
VERDICT_WORDS = {"valid": "Valid", "invalid": "Invalid", "unknown": "Not judged"}
STALE_AFTER_S = 30.0  # of what is read every five seconds or announced by events
_REWARD_STATES = {"would_earn": "would have been earned", "unknown": "of unknown fate"}
_FAULTS = {
    "witness": "this hotspot, the witness",
    "beaconer": "the hotspot that sent the beacon",
    "operator": "the network's operator",
    "nobody": "nobody",
}


def age(then: datetime, now: datetime) -> str:
    """Return how long ago something was: "8 s ago", "just now"; a time ahead of the agent's clock is said to be so."""
    seconds = (now - then).total_seconds()
    if seconds < -1:
        return f"in {span(-seconds)}"
    return "just now" if seconds < 1 else f"{span(seconds)} ago"


def is_stale(then: datetime, now: datetime, limit_s: float = STALE_AFTER_S) -> bool:
    """Tell whether a value is older than it should ever be."""
    return (now - then).total_seconds() > limit_s


def moment(at: datetime) -> str:
    """Return a full time; the window always speaks UTC."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def amount(base_units: int | None, decimals: int | None) -> str:
    """Return a token amount from integer base units, never through a float; unknown is not zero."""
    if base_units is None:
        return "unknown"
    if decimals is None:
        return f"{base_units:,} base units"
    whole, rest = divmod(base_units, 10**decimals)
    return f"{whole:,}.{rest:0{decimals}}" if decimals else f"{whole:,}"


def earned(base_units: int, decimals: int | None, token: str, state: str) -> str:
    """Return a sum of rewards with what its state means."""
    return f"{amount(base_units, decimals)} {token} {_REWARD_STATES.get(state, plain(state))}"


def mhz(frequency_hz: int) -> str:
    """Return a frequency in MHz."""
    return f"{frequency_hz / 1e6:.3f} MHz"


def dbm(value_dbm: int) -> str:
    """Return a power."""
    return f"{value_dbm} dBm".replace("-", "\u2212")


def db(value_ddb: int) -> str:
    """Return a ratio from tenths of a dB."""
    return f"{value_ddb / 10:.1f} dB".replace("-", "\u2212")


def short(identity: str, *, head: int = 8, tail: int = 4) -> str:
    """Return a long id shortened in its middle."""
    return identity if len(identity) <= head + tail + 1 else f"{identity[:head]}\u2026{identity[-tail:]}"


def plain(code: str | None) -> str:
    """Return a reason or stage code as words: `below_min_distance` -> below min distance."""
    return (code or "").replace("_", " ")


def sentence(text: str) -> str:
    """Return text with a capital letter, its other letters untouched."""
    return text[:1].upper() + text[1:]


def fault_words(finding: Finding) -> str:
    """Return who could have done something about a failed rule."""
    return "" if finding.fault is None else _FAULTS.get(finding.fault, plain(finding.fault))


def operator_words(operator: Operator) -> str:
    """Return who judges and pays in a few words."""
    if not operator.is_set:
        return "none set: nothing will be paid"
    return f"{operator.network} ({operator.profile})" + ("" if operator.pays else ", does not pay")


def clock_words(clock: Clock) -> str:
    """Return whether time is trusted in a few words."""
    if clock.synchronised is None:
        return "not known"
    if not clock.synchronised:
        return "not synchronised: nothing is signed"
    offset = "" if clock.offset_ms is None else f", off by {clock.offset_ms} ms"
    return f"synchronised{offset}"


def region_words(device: Device) -> str:
    """Return the region under whose rules a device transmits; what is no radio has none."""
    return (device.region or "not confirmed") if has_region(device.kind) else "\u2013"


def device_words(status: Status) -> str:
    """Return devices up of all, and what the others are."""
    counts = status.devices
    total = counts.up + counts.down + counts.unknown
    if not total:
        return "none seen yet"
    others = [f"{number} {word}" for number, word in ((counts.down, "down"), (counts.unknown, "unknown")) if number]
    return f"{counts.up} of {total} up" + (f" ({', '.join(others)})" if others else "")
