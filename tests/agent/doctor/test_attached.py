"""An attached meter is no radio: its own words say what is wrong with it, and it makes no radio present."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from skerry_agent.doctor.attached import check_attached, is_attached
from skerry_agent.doctor.findings import Grade
from skerry_client.models import Device

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def _device(kind: str, state: Any, reason: str, **values: Any) -> Device:
    return Device(
        id=f"{kind}:/dev/x",
        kind=kind,
        name="cellar",
        hotspot=None,
        region=None,
        first_seen=NOW,
        last_seen=NOW,
        details={},
        state=state,
        reason=reason,
        values=values,
        as_of=NOW - timedelta(seconds=42),
    )


def _age(span: timedelta) -> str:
    return f"{span.total_seconds():.0f} s"


@pytest.mark.parametrize(("state", "grade"), [("up", Grade.PASS), ("unknown", Grade.UNKNOWN), ("down", Grade.FAIL)])
def test_a_meter_tells_its_own_cause_and_age(state: str, grade: Grade) -> None:
    devices = [_device("p1", state, "P1: no telegram. Check the cable.", power_w=1), _device("gwmp", "down", "Silent.")]
    (finding,) = check_attached(devices, NOW, _age)
    assert (finding.grade, finding.check) == (grade, "cellar")
    reading = "1 W. " if state == "up" else ""
    assert finding.evidence == f"{reading}P1: no telegram. Check the cable. (last heard 42 s ago)"
    assert "antenna" not in finding.reason + finding.fix
    assert bool(finding.fix) == (grade is not Grade.PASS)


def test_a_device_that_never_answered_was_never_heard() -> None:
    (finding,) = check_attached([_device("p1", "down", "There is no port.")], NOW, _age)
    assert finding.evidence == "There is no port. (never heard)"


@pytest.mark.parametrize(("kind", "attached"), [("modem", True), ("sunspec", True), ("gwmp", False), ("wio-e5", False)])
def test_radios_are_told_apart(kind: str, attached: bool) -> None:
    assert is_attached(_device(kind, "up", "")) is attached
