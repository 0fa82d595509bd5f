from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from skerry_agent.api.view import DeviceState, LiveDevice
from skerry_agent.doctor.agent import _PATH
from skerry_agent.doctor.findings import STAGES, Finding, Grade, first_red
from skerry_agent.runtime.packet_path import Stage
from skerry_agent.store import DeviceRow
from skerry_testing.api import NOW_NS, FakeView, Served, fill
from skerry_testing.cli import running_agent, skerry


def finding(stage: str, grade: Grade) -> Finding:
    return Finding(stage=stage, check="c", grade=grade, evidence="e")


def test_the_first_red_stage_is_the_first_along_the_path() -> None:
    findings = [finding("rewards", Grade.FAIL), finding("machine", Grade.WARN), finding("radio", Grade.FAIL)]
    assert first_red(findings) == findings[2]
    assert first_red([finding("radio", Grade.UNKNOWN)]) is None
    assert len(STAGES) == 9


def test_without_an_agent_it_names_that_and_the_fix(tmp_path: Path) -> None:
    ran = skerry(tmp_path, "doctor", "--json")
    assert ran.code == 4
    assert ran.json["first_red"]["stage"] == "agent"
    assert "skerry run" in ran.json["first_red"]["fix"]


def test_an_unplugged_radio_is_named_with_its_stage_and_fix(tmp_path: Path) -> None:
    async def prepare(served: Served) -> None:
        await fill(served)
        served.view.live["d1"] = LiveDevice(
            id="d1", state=DeviceState.DOWN, reason="no PULL_DATA for 30 s", values={}, as_of_ns=NOW_NS
        )

    with running_agent(tmp_path, prepare=prepare):
        ran = skerry(tmp_path, "doctor", "--json")
        assert ran.code == 4
        red = ran.json["first_red"]
        assert (red["stage"], red["check"]) == ("radio", "roof")
        assert "no PULL_DATA" in red["evidence"]
        assert "power" in red["fix"]
        text = skerry(tmp_path, "doctor").out
        assert "first red stage: radio" in text


@pytest.mark.parametrize(
    ("condition", "result"),
    [
        ("deaf", "fail"),
        ("stuck", "fail"),
        ("weak", "warn"),
        ("unstable", "warn"),
        ("noisy", "warn"),
        ("healthy", "pass"),
    ],
)
def test_a_radio_that_answers_and_does_not_hear_is_named(tmp_path: Path, condition: str, result: str) -> None:
    async def prepare(served: Served) -> None:
        await fill(served)
        values = {"radio_condition": condition, "radio_finding": "Nothing for 3 hours."}
        served.view.live["d1"] = LiveDevice(
            id="d1", state=DeviceState.UP, reason="frames arrive", values=dict(values), as_of_ns=NOW_NS
        )

    with running_agent(tmp_path, prepare=prepare):
        checks = skerry(tmp_path, "doctor", "--json").json["checks"]
    (found,) = [one for one in checks if (one["stage"], one["check"]) == ("radio", "roof")]
    assert found["result"] == result
    if result != "pass":
        assert (found["evidence"], found["reason"]) == (
            "Nothing for 3 hours.",
            f"The radio answers but is {condition}.",
        )
        assert found["fix"]


def test_what_the_agent_reported_of_a_radio_is_said_with_its_age(tmp_path: Path) -> None:
    async def prepare(served: Served) -> None:
        await fill(served)
        at = datetime.fromtimestamp(NOW_NS // 10**9, UTC).isoformat()
        trouble = {"trouble": "no_pull_data", "trouble_detail": "Nothing can be sent.", "trouble_at": at}
        served.view.live["d1"] = LiveDevice(
            id="d1", state=DeviceState.UP, reason="speaks", values=trouble, as_of_ns=NOW_NS
        )

    with running_agent(tmp_path, prepare=prepare):
        ran = skerry(tmp_path, "doctor", "--json")
    (found,) = [one for one in ran.json["checks"] if one["check"] == "trouble of roof"]
    assert (found["result"], found["stage"]) == ("warn", "radio")
    assert found["evidence"].startswith("Nothing can be sent. (")


def test_every_result_has_evidence_and_every_failure_a_fix(tmp_path: Path) -> None:
    with running_agent(tmp_path):
        ran = skerry(tmp_path, "doctor", "--json")
    assert all(one["evidence"] for one in ran.json["checks"])
    assert all(one["fix"] for one in ran.json["checks"] if one["result"] in ("fail", "warn"))
    by_check = {one["check"]: one for one in ran.json["checks"]}
    assert by_check["operator"]["reason"] == "Nothing will be paid."
    assert (by_check["verdicts"]["result"], by_check["verdicts"]["stage"]) == ("fail", "proofs")
    assert by_check["verdicts"]["fix"] == "skerry witness explain w3"
    assert by_check["database"]["result"] == "pass"


def test_a_clock_never_synchronised_is_red(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = FakeView.status

    def status(self: FakeView) -> object:
        found = original(self)
        return replace(found, clock=replace(found.clock, synchronised=False))

    monkeypatch.setattr(FakeView, "status", status)
    with running_agent(tmp_path):
        assert skerry(tmp_path, "doctor", "--json").json["first_red"]["stage"] == "clock"


def test_a_missing_serial_port_an_open_key_and_a_damaged_database_are_found(tmp_path: Path) -> None:
    skerry(tmp_path, "key", "generate")
    (tmp_path / "keys" / "gateway.key").chmod(0o644)
    ran = skerry(tmp_path, "--set", f"serial.radios=wio-e5:{tmp_path}/ttyUSB9", "doctor", "--json")
    failed = {one["check"]: one for one in ran.json["checks"] if one["result"] == "fail"}
    assert "chmod 600" in failed["gateway key"]["fix"]
    assert "Plug the radio in" in failed["serial port"]["fix"]
    (tmp_path / "skerry.db").write_bytes(b"SQLite format 3\x00" + b"x" * 5000)
    ran = skerry(tmp_path, "doctor", "--json")
    assert ran.json["first_red"]["check"] == "database"


def test_a_serial_radio_is_named_once_and_what_the_running_agent_says_of_it_counts(tmp_path: Path) -> None:
    radio = f"wio-e5:{tmp_path}/ttyUSB9"
    setting = ("--set", f"serial.radios={radio},wio-e5:{tmp_path}/ttyUSB8")

    async def prepare(served: Served) -> None:
        await fill(served)
        row = DeviceRow(
            id=radio, kind="wio-e5", name="ttyUSB9", first_seen_ns=NOW_NS, last_seen_ns=NOW_NS, details={}
        )  # fmt: skip
        await served.stores.devices.seen(row)
        served.view.live[radio] = LiveDevice(
            id=radio,
            state=DeviceState.DOWN,
            reason="This user may not open it. Run: sudo x",
            values={},
            as_of_ns=NOW_NS,
        )

    with running_agent(tmp_path, prepare=prepare):
        checks = skerry(tmp_path, *setting, "doctor", "--json").json["checks"]
    told = [(one["check"], one["evidence"]) for one in checks if "ttyUSB" in str(one) or "may not open" in str(one)]
    assert [check for check, _ in told] == ["serial port", "ttyUSB9"]
    assert "ttyUSB8" in told[0][1]
    (found,) = [one for one in checks if one["check"] == "ttyUSB9"]
    assert found["fix"] == "Do what it says; then: skerry devices"


def test_a_vendor_eui_is_warned_about(tmp_path: Path) -> None:
    async def prepare(served: Served) -> None:
        await fill(served)
        device = await served.stores.devices.get("d1")
        assert device is not None
        await served.stores.devices.seen(replace(device, id="gwmp:AA555A0000000101", name="twin"))

    with running_agent(tmp_path, prepare=prepare):
        checks = skerry(tmp_path, "doctor", "--json").json["checks"]
    assert [one["result"] for one in checks if one["check"] == "EUI of twin"] == ["warn"]


def test_the_first_red_stage_of_the_packet_path_is_named_with_its_counts_and_fix(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = FakeView.status

    def status(self: FakeView) -> object:
        found = original(self)
        (first,) = found.path
        states = {"received": DeviceState.UP, "sent": DeviceState.DOWN, "judged": DeviceState.DOWN}
        path = tuple(
            replace(first, stage=stage, state=state, reason="expired", passed=3 if state is DeviceState.UP else 0)
            for stage, state in states.items()
        )
        return replace(found, path=path, clock=replace(found.clock, synchronised=True))

    monkeypatch.setattr(FakeView, "status", status)

    async def heard(served: Served) -> None:
        await fill(served)

    with running_agent(tmp_path, prepare=heard):
        red = skerry(tmp_path, "doctor", "--json").json["first_red"]
    assert (red["stage"], red["check"]) == ("network", "path: sent")
    assert red["evidence"] == "0 passed and 1 ended before 'sent', mostly expired (received 3, sent 0, judged 0)"
    assert "first red stage of the packet path" in red["reason"]
    assert "internet connection" in red["fix"]


def test_every_stage_of_the_path_has_a_place_and_a_fix() -> None:
    assert list(_PATH) == [stage.value for stage in Stage]
    assert {stage for stage, _ in _PATH.values()} <= set(STAGES)


def test_a_further_network_that_is_down_is_a_failure_with_its_last_packet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = FakeView.status

    def status(self: FakeView) -> object:
        found = original(self)
        (network,) = found.networks
        down = replace(network, state=DeviceState.DOWN, reason="it does not answer")
        return replace(found, networks=(down,))

    monkeypatch.setattr(FakeView, "status", status)
    with running_agent(tmp_path):
        checks = {one["check"]: one for one in skerry(tmp_path, "doctor", "--json").json["checks"]}
        shown = skerry(tmp_path, "status").out
    found = checks["lns.example.org:1700"]
    assert (found["result"], found["evidence"]) == ("fail", "it does not answer; no packet sent yet")
    assert "forward.gwmp" in found["fix"]
    assert "lns.example.org:1700" in shown
    assert "none yet" in shown
