"""Checks of the running agent, through its API."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from skerry_agent.doctor.attached import check_attached, is_attached
from skerry_agent.doctor.findings import Finding, Grade
from skerry_client import calls
from skerry_client.http import AgentClient
from skerry_client.models import Backlog, Device, Packet, Reward, Status, Witness
from skerry_client.readings import short_name

__all__ = ["AgentFacts", "ask", "check_agent", "not_running"]

QUIET = timedelta(hours=1)  # a busy place hears frames every few minutes
OLD_BACKLOG = timedelta(hours=1)
FOREIGN_CLOCK_MS = 1000  # witness reports are compared with others' to the second
VENDOR_EUIS = ("aa555a0000000101", "aa555a0000000000", "0000000000000000")  # shipped on many gateways alike
HIGHEST_GAIN_DDBI = 150


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentFacts:
    """Everything the checks look at."""

    status: Status
    devices: Sequence[Device]
    packets: Sequence[Packet]
    witnesses: Sequence[Witness]
    rewards: Sequence[Reward]
    backlog: Sequence[Backlog]


async def ask(agent: AgentClient) -> AgentFacts:
    """Fetch the facts. Raises `ApiProblem`, `BadAnswer`, `NotReachable`."""
    return AgentFacts(
        status=await agent.call(calls.status()),
        devices=(await agent.call(calls.devices())).items,
        packets=(await agent.call(calls.packets(limit=1))).items,
        witnesses=(await agent.call(calls.witnesses(limit=20))).items,
        rewards=(await agent.call(calls.rewards(limit=1))).items,
        backlog=(await agent.call(calls.outbox())).items,
    )


def not_running(reason: str) -> Finding:
    """Return the finding for an agent that does not answer."""
    return _finding(
        "agent",
        "process",
        Grade.FAIL,
        reason,
        reason="No agent answers.",
        fix="Start it: skerry run (with the same --dir if you use one), or systemctl start skerry",
    )


def check_agent(facts: AgentFacts) -> Iterator[Finding]:
    """Yield the findings in the order of the stages."""
    now = facts.status.as_of
    yield _finding("agent", "process", Grade.PASS, f"version {facts.status.version} answers")
    radios = [device for device in facts.devices if not is_attached(device)]
    if radios or not facts.devices:  # an agent that only reads meters misses no radio
        yield from _radios(replace(facts, devices=radios))
    yield from check_attached(facts.devices, now, _age)
    yield from _regions(facts)
    yield _packets(facts, now)
    yield _clock(facts.status)
    yield _path(facts.status)
    yield _operator(facts.status)
    yield from _networks(facts.status)
    yield from _backlog(facts, now)
    yield _witnesses(facts)
    yield _rewards(facts)


def _finding(stage: str, check: str, grade: Grade, evidence: str, *, reason: str = "", fix: str = "") -> Finding:
    return Finding(stage=stage, check=check, grade=grade, evidence=evidence, reason=reason, fix=fix)


def _clock(status: Status) -> Finding:
    clock = status.clock
    if clock.synchronised is False:
        return _finding(
            "clock", "synchronised", Grade.FAIL, "the clock was never synchronised since boot",
            reason="Nothing is signed before; frames are kept.", fix="Check NTP: timedatectl status",
        )  # fmt: skip
    if clock.synchronised is None:
        return _finding("clock", "synchronised", Grade.UNKNOWN, "not known", fix="timedatectl status")
    if clock.offset_ms is not None and abs(clock.offset_ms) > FOREIGN_CLOCK_MS:
        return _finding("clock", "offset", Grade.WARN, f"{clock.offset_ms} ms", fix="Check NTP: timedatectl status")
    return _finding("clock", "synchronised", Grade.PASS, "synchronised")


def _radios(facts: AgentFacts) -> Iterator[Finding]:
    if not facts.devices:
        said = next((hotspot.reason for hotspot in facts.status.hotspots if hotspot.reason), "")
        yield _finding(
            "radio", "devices", Grade.FAIL, "no radio was ever seen", reason=f"Nothing can be heard. {said}".rstrip(),
            fix="Point a packet forwarder at gwmp.listen, or set serial.radios; `skerry config show` has both.",
        )  # fmt: skip
    for device in facts.devices:
        name = short_name(device.id, device.name)
        age = _age(facts.status.as_of - device.as_of)
        if device.state == "down":
            yield _finding(
                "radio", name, Grade.FAIL, f"{device.reason} ({age} ago)", reason="The radio does not answer.",
                fix="Check power, cable and antenna of the radio, then its packet forwarder or serial port.",
            )  # fmt: skip
        elif device.state == "unknown":
            yield _finding(
                "radio", name, Grade.UNKNOWN, device.reason,
                fix="Check that the radio is powered and points at this agent.",
            )  # fmt: skip
        elif device.values.get("radio_condition") in _ILL:
            yield _ill(device)
        else:
            yield _finding("radio", name, Grade.PASS, f"{device.reason} ({age} ago)")
        if "trouble" in device.values:
            yield _trouble(device, facts.status.as_of)
        if any(eui in device.id.lower() for eui in VENDOR_EUIS):
            yield _finding(
                "radio", f"EUI of {name}", Grade.WARN, device.id,
                reason="Many gateways are shipped with this EUI; two of them cannot be told apart.",
                fix="Set a unique gateway_ID in the packet forwarder's settings.",
            )  # fmt: skip


_ILL = {  # the sentinel's word -> how bad, and what to do
    "deaf": (Grade.FAIL, "Check the antenna and its cable, then restart the radio; see docs/repairing-radios.md."),
    "stuck": (Grade.FAIL, "Restart the radio or its packet forwarder; see docs/repairing-radios.md."),
    "unstable": (Grade.WARN, "Check the power supply and the cable of the radio."),
    "weak": (Grade.WARN, "Check the antenna, its cable and plugs, and what was put up in front of it."),
    "noisy": (Grade.WARN, "Look for what disturbs the band: switch new devices near the antenna off one by one."),
}


def _ill(device: Device) -> Finding:
    """Return what the radio sentinel finds of a radio that is up and does not hear as it should."""
    condition = device.values["radio_condition"]
    grade, fix = _ILL[condition]
    reason = f"The radio answers but is {condition}."
    return _finding(
        "radio",
        short_name(device.id, device.name),
        grade,
        str(device.values.get("radio_finding")),
        reason=reason,
        fix=fix,
    )


def _trouble(device: Device, now: datetime) -> Finding:
    """Return what the agent reported of a device since its state last changed for the better."""
    values, name = device.values, short_name(device.id, device.name)
    age = _age(now - datetime.fromisoformat(values["trouble_at"]))
    return _finding(
        "radio", f"trouble of {name}", Grade.WARN, f"{values['trouble_detail']} ({age} ago)",
        reason=f"The agent reported {values['trouble']}.", fix="Do what the report says; docs/packet-forwarders.md.",
    )  # fmt: skip


def _regions(facts: AgentFacts) -> Iterator[Finding]:
    for hotspot in facts.status.hotspots:
        if hotspot.region is None:
            yield _finding(
                "region", hotspot.name, Grade.WARN, "no region is confirmed", reason="Nothing is transmitted.",
                fix="Set hotspot.region to where the antenna stands: skerry config set hotspot.region EU868",
            )  # fmt: skip
        elif hotspot.location is None:
            yield _finding(
                "region", hotspot.name, Grade.WARN, "no location is asserted",
                reason="Beacons and witnesses need one to count.", fix="skerry config set hotspot.location H3_CELL",
            )  # fmt: skip
        else:
            yield _finding("region", hotspot.name, Grade.PASS, f"{hotspot.region} at {hotspot.location}")


def _packets(facts: AgentFacts, now: datetime) -> Finding:
    if not facts.packets:
        return _finding(
            "packets", "received", Grade.UNKNOWN, "no frame is stored",
            reason="A quiet place, or an antenna that is not connected.", fix="Check the antenna and its cable.",
        )  # fmt: skip
    age = now - facts.packets[0].at
    if age > QUIET:
        return _finding(
            "packets", "received", Grade.WARN, f"the last frame came {_age(age)} ago",
            fix="Check the antenna and its cable; compare with `skerry packets`.",
        )  # fmt: skip
    return _finding("packets", "received", Grade.PASS, f"the last frame came {_age(age)} ago")


def _path(status: Status) -> Finding:
    """Find the first stage of the packet path that is down: what lies behind it cannot work either."""
    counts = ", ".join(f"{one.stage} {one.passed}" for one in status.path if one.passed or one.stopped)
    red = next((one for one in status.path if one.state == "down"), None)
    if red is not None:
        why = f", mostly {red.reason}" if red.reason else ""
        stage, fix = _PATH[red.stage]
        return _finding(
            stage, f"path: {red.stage}", Grade.FAIL,
            f"{red.passed} passed and {red.stopped} ended before '{red.stage}'{why} ({counts or 'nothing counted'})",
            reason=f"'{red.stage}' is the first red stage of the packet path: nothing behind it can work.", fix=fix,
        )  # fmt: skip
    if not counts:
        return _finding("packets", "path", Grade.UNKNOWN, "no frame has been counted since the start")
    return _finding("packets", "path", Grade.PASS, counts)


_RADIO = "Check power, cable and antenna of the radio: skerry devices"
_WHY = "See why: skerry witness list, then skerry witness explain ID"
_PATH = {  # stage of the packet path -> stage of the doctor, and what to do
    "received": ("packets", _RADIO),
    "decoded": (
        "packets",
        "Frames arrive broken: check the antenna and its cable, and the packet forwarder's settings.",
    ),
    "filtered": ("packets", "Set hotspot.region to where the antenna stands: skerry config set hotspot.region EU868"),
    "queued": ("packets", "Check the clock (timedatectl status) and the disk (skerry doctor names both)."),
    "sent": ("network", "Check the internet connection, DNS, and the addresses under [operator]."),
    "acknowledged": ("network", f"The operator takes no report. {_WHY}"),
    "judged": ("proofs", f"The operator finds no report valid. {_WHY}"),
    "rewarded": ("rewards", "skerry rewards list"),
    "paid": ("rewards", "See which payment failed: skerry rewards list, then skerry rewards explain ID"),
}


def _networks(status: Status) -> Iterator[Finding]:
    for network in status.networks:
        grade = {"up": Grade.PASS, "down": Grade.FAIL, "unknown": Grade.UNKNOWN}[network.state]
        last = (
            "no packet sent yet"
            if network.last_packet is None
            else (f"the last packet went {_age(status.as_of - network.last_packet)} ago")
        )
        fix = (
            ""
            if grade is Grade.PASS
            else "Check its address in forward.gwmp, and that the gateway is registered there."
        )
        yield _finding("network", network.name, grade, f"{network.reason}; {last}", fix=fix)


def _operator(status: Status) -> Finding:
    operator = status.operator
    if not operator.is_set:
        return _finding(
            "network", "operator", Grade.WARN, operator.reason, reason="Nothing will be paid.",
            fix="Set operator.ingest, operator.entropy, operator.config and operator.key.",
        )  # fmt: skip
    grade = {"up": Grade.PASS, "down": Grade.FAIL, "unknown": Grade.UNKNOWN}[operator.state]
    fix = "" if grade is Grade.PASS else "Check the internet connection, DNS, and the addresses under [operator]."
    return _finding("network", "operator", grade, operator.reason, fix=fix)


def _backlog(facts: AgentFacts, now: datetime) -> Iterator[Finding]:
    for one in facts.backlog:
        age = now - one.oldest
        old = age > OLD_BACKLOG
        yield _finding(
            "network", f"outbox {one.class_}", Grade.WARN if old else Grade.PASS,
            f"{one.waiting} waiting, the oldest for {_age(age)}",
            reason="Reports that arrive late are not paid." if old else "",
            fix="Check the internet connection and the operator's addresses." if old else "",
        )  # fmt: skip


def _witnesses(facts: AgentFacts) -> Finding:
    judged = [one for one in facts.witnesses if one.verdict != "unknown"]
    if not judged:
        return _finding("proofs", "verdicts", Grade.UNKNOWN, "no report has been judged yet")
    invalid = [one for one in judged if one.verdict == "invalid"]
    if len(invalid) == len(judged):
        return _finding(
            "proofs", "verdicts", Grade.FAIL, f"all of the last {len(judged)} witness reports are invalid",
            reason=f"The newest: {invalid[0].reason}.", fix=f"skerry witness explain {invalid[0].id}",
        )  # fmt: skip
    return _finding("proofs", "verdicts", Grade.PASS, f"{len(judged) - len(invalid)} of {len(judged)} are valid")


def _rewards(facts: AgentFacts) -> Finding:
    if not facts.rewards:
        return _finding("rewards", "rewards", Grade.UNKNOWN, "there is none yet")
    newest = facts.rewards[0]
    if newest.state == "unknown":
        return _finding(
            "rewards", "payment", Grade.FAIL, f"{newest.id}: it is not known whether it was paid",
            fix=f"skerry rewards explain {newest.id}",
        )  # fmt: skip
    return _finding("rewards", "rewards", Grade.PASS, f"epoch {newest.epoch}: {newest.state}")


def _age(span: timedelta) -> str:
    seconds = max(0, int(span.total_seconds()))
    for unit, size in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
