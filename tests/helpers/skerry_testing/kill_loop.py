"""Kills a real agent under load again and again, and says what it lost. Used by the kill test and by `./dev soak`.

The load is real datagrams: uplinks that the operator pays for, beacons that become witness reports. What counts as
acknowledged (DESIGN, Agent): an API answer 2xx, an event id shown to a client, a receipt of the operator.
"""

import asyncio
import secrets
import sqlite3
from base64 import b64encode
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from socket import AF_INET, SOCK_DGRAM, socket
from typing import Any

from skerry_agent.background import Background
from skerry_agent.runtime.reports import report_id
from skerry_client import calls
from skerry_client.errors import ApiProblem, BadAnswer, NotReachable
from skerry_client.http import AgentClient
from skerry_core.clock import SystemClock, io_timeout
from skerry_coverage.evidence.packets import PacketRoot
from skerry_testing.agents import AgentProcess, create_agent, opened_house, stated_payments
from skerry_testing.cli import skerry
from skerry_testing.gwmp import EUI, pull_data, push_data, rxpk, tx_ack
from skerry_wallet.ledger.book import BURNED, EMISSION

__all__ = ["DEVICE", "KillReport", "LoadedDevice", "run_kill_loop"]

FRAMES_PER_S = 60
DEVICE = f"gwmp:{EUI.hex()}"
DEVICE_LIMIT_S = 60.0
PULL_RESP = 3
PAGE = 500


@dataclass(slots=True)
class KillReport:
    """What was acknowledged over all lives of the agent, and what is wrong; no problem means that nothing was lost."""

    kills: int = 0
    packets: set[str] = field(default_factory=set)  # ids shown by the event stream
    witnesses: set[str] = field(default_factory=set)  # ids shown by the event stream
    receipts: set[str] = field(default_factory=set)  # reports that the operator took
    paid: dict[str, str] = field(default_factory=dict)  # reward id -> amount, once shown as paid
    names_set: int = 0
    last_event_id: int = 0
    epochs_paid: int = 0
    paid_units: int = 0
    burned: int = 0
    problems: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"{self.kills} kills; acknowledged and found again: {len(self.packets)} frames, {len(self.witnesses)} "
            f"witness reports, {len(self.receipts)} receipts, {self.names_set} changes by API; {self.epochs_paid} "
            f"epochs paid once ({self.paid_units} units, {self.burned} DC burned); problems: {self.problems or 'none'}"
        )


async def run_kill_loop(folder: Path, *, kills: int, seed: int) -> KillReport:
    """Make an agent, kill it `kills` times at random moments under load, check after every restart and at the end."""
    random, report = Random(seed), KillReport()
    port = await create_agent(folder)
    device = LoadedDevice(port, random)
    names: set[str] = set()  # what the device may be called: the last name acknowledged, or the one in flight
    for number in range(kills + 1):
        agent = AgentProcess(folder)
        try:
            await agent.ready()
            async with agent.client() as client, Background() as load:
                load.start(device.play(), name="load")
                await _device_known(client)
                await _check_restart(client, folder, names, report)
                load.start(_watch(client, report), name="events")
                load.start(_rename(client, names, report), name="renames")
                load.start(_read_receipts(client, report), name="receipts")
                await SystemClock().sleep(random.uniform(0.05, 0.8))
                if number < kills:
                    agent.kill(with_chain=random.random() < 0.5)
                    report.kills += 1
        finally:
            code = agent.stop() if agent.process.is_alive() else 0
        if code:
            report.problems.append(f"the last stop ended with {code}")
        await asyncio.to_thread(_check_evidence, folder, report)
    _check_packet_roots(folder, report)
    await _check_money(folder, report)
    return report


class LoadedDevice:
    """A packet forwarder that hears things all the time and sends what it is told to, on a UDP port of this machine."""

    def __init__(self, port: int, random: Random | None = None) -> None:
        self._address = ("127.0.0.1", port)
        self._random = random or Random(7)
        self._count = 0

    async def play(self) -> None:
        """Hear, ask for downlinks and answer them until cancelled."""
        with socket(AF_INET, SOCK_DGRAM) as sock:
            sock.setblocking(False)
            sock.connect(self._address)
            while True:
                self._count += 1
                self._send(sock, push_data({"rxpk": [self.frame(self._count)]}, token=self._count & 0xFFFF))
                if self._count % 20 == 1:
                    self._send(sock, pull_data())
                self._answer(sock)
                await SystemClock().sleep(1 / FRAMES_PER_S)

    def frame(self, number: int) -> dict[str, object]:
        """Return the n-th packet that it hears."""
        if number % 5 == 0:
            phy = b"\xe0" + self._random.randbytes(51)  # a beacon of somebody unknown: witnessed and judged
        else:
            phy = b"\x40" + (0x78000100).to_bytes(4, "little") + b"\x00" + self._random.randbytes(40)
        return rxpk(tmst=number * 10_000, size=len(phy), data=b64encode(phy).decode())

    def _answer(self, sock: socket) -> None:
        try:
            while True:
                raw = sock.recv(4096)
                if raw[3] == PULL_RESP:
                    self._send(sock, tx_ack(int.from_bytes(raw[1:3], "big")))
        except (BlockingIOError, ConnectionRefusedError):
            return

    @staticmethod
    def _send(sock: socket, raw: bytes) -> None:
        try:
            sock.send(raw)
        except ConnectionRefusedError:
            return  # the agent is dead; radio does not wait


async def _device_known(client: AgentClient) -> None:
    async with io_timeout(DEVICE_LIMIT_S):
        while DEVICE not in {one.id for one in (await client.call(calls.devices())).items}:
            await SystemClock().sleep(0.02)


async def _watch(client: AgentClient, report: KillReport) -> None:
    async for event in client.events(clock=SystemClock(), after=report.last_event_id or None):
        if event.id < report.last_event_id + (not event.is_gap):
            report.problems.append(f"event id {event.id} came after {report.last_event_id}")
        report.last_event_id = event.id
        if event.topic == "packets":
            report.packets.add(event.data["data"]["id"])
        elif event.topic == "witnesses":
            report.witnesses.add(event.data["data"]["id"])


async def _rename(client: AgentClient, names: set[str], report: KillReport) -> None:
    while True:
        name = f"name {report.names_set} {secrets.token_hex(3)}"
        names.add(name)
        try:
            await client.call(calls.change_device(DEVICE, name=name))
        except (NotReachable, BadAnswer):
            return
        names.intersection_update({name})
        report.names_set += 1


async def _read_receipts(client: AgentClient, report: KillReport) -> None:
    while True:
        try:
            witnesses = (await client.call(calls.witnesses(limit=PAGE))).items
            rewards = (await client.call(calls.rewards(limit=PAGE))).items
        except (NotReachable, BadAnswer, ApiProblem):
            return
        report.receipts |= {one.id for one in witnesses if one.state == "delivered"}
        report.paid |= {one.id: str(one.amount) for one in rewards if one.state == "paid"}
        await SystemClock().sleep(0.1)


async def _check_restart(client: AgentClient, folder: Path, names: set[str], report: KillReport) -> None:
    """Everything acknowledged before is there when the agent is back."""
    (device,) = [one for one in (await client.call(calls.devices())).items if one.id == DEVICE]
    if names and device.name not in names:
        report.problems.append(f"the device is called {device.name!r} and not one of {sorted(names)}")
    if names:
        names.intersection_update({device.name})
    status = await client.call(calls.status())
    if status.last_event_id <= report.last_event_id:
        report.problems.append(f"event ids went back to {status.last_event_id} from {report.last_event_id}")
    _missing(report, "frames", report.packets, _column(folder / "telemetry.db", "SELECT id FROM packets"))
    _missing(report, "witnesses", report.witnesses, _column(folder / "skerry.db", "SELECT id FROM witnesses"))
    rewards: dict[str, str] = dict(_rows(folder / "skerry.db", "SELECT id, amount FROM rewards WHERE state = 'paid'"))
    for reward, amount in report.paid.items():
        if rewards.get(reward) != amount:
            report.problems.append(f"reward {reward} was paid with {amount}, now {rewards.get(reward)}")


def _check_evidence(folder: Path, report: KillReport) -> None:
    ran = skerry(folder, "proof", "check", "--json")
    if ran.code:
        report.problems.append(f"proof check: {ran.out} {ran.err}")


def _check_packet_roots(folder: Path, report: KillReport) -> None:
    """After the clean stop at the end every stored uplink is in one packet root, also those heard before a kill."""
    bodies = _rows(folder / "skerry.db", "SELECT body FROM evidence_entries WHERE kind = 'packets'")
    rooted = sum(PacketRoot.from_bytes(body).count for (body,) in bodies)
    uplinks = "kind IN ('data_up', 'join_request') AND stage NOT IN ('received', 'decoded')"
    ((stored,),) = _rows(folder / "telemetry.db", f"SELECT count(*) FROM packets WHERE {uplinks}")
    # A frame whose row a kill took may have got into a root that was written in the same quarter of a second.
    if not stored <= rooted <= stored + report.kills:
        report.problems.append(f"{rooted} packets are in roots, {stored} are stored")


def _missing(report: KillReport, what: str, acknowledged: set[str], stored: set[str]) -> None:
    if lost := acknowledged - stored:
        report.problems.append(f"{len(lost)} of {len(acknowledged)} acknowledged {what} are lost, as {min(lost)}")


async def _check_money(folder: Path, report: KillReport) -> None:
    """Receipts are in the oracle, nothing is doubled, every epoch was paid once and the books equal the chain."""
    oracle = folder / "operator" / "oracle.db"
    bodies = _rows(folder / "skerry.db", "SELECT data, count(*) FROM witnesses GROUP BY data HAVING count(*) > 1")
    if bodies:
        report.problems.append(f"{len(bodies)} beacons were reported twice")
    reports = {report_id(bytes(row[0])) for row in _rows(oracle, "SELECT body FROM reports")}
    _missing(report, "receipts", report.receipts, reports)
    async with opened_house(folder) as (house, _):
        await house.oracle.advance()  # finishes the epoch that was being paid when the agent stopped
        paid = await stated_payments(house)
        stated = sum((payments for _, payments in paid), Counter())
        report.epochs_paid = sum(1 for _, payments in paid if payments)
        carried = sum([sum((await house.oracle.packets.data_credits(epoch)).values()) for epoch, _ in paid])
        tokens = house.treasury.tokens.tokens
        booked = await house.treasury.ledger.balances(tokens["demo-IOT"].mint)
        report.burned = (await house.treasury.ledger.balances(tokens["demo-DC"].mint)).get(BURNED, 0)
        comparison = await house.treasury.compare()
    report.paid_units = -booked.get(EMISSION, 0)
    report.problems += [f"ledger and chain differ: {one}" for one in comparison.differences]
    report.problems += [
        f"{owner} is owed {amount} and got {booked.get(f'owner:{owner}')}"
        for owner, amount in stated.items()
        if booked.get(f"owner:{owner}") != amount
    ]
    if report.paid_units != sum(stated.values()):
        report.problems.append(f"{report.paid_units} units were minted for {sum(stated.values())} stated")
    if report.burned != carried:
        report.problems.append(f"{report.burned} DC were burned for {carried} carried")


def _rows(file: Path, sql: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        return connection.execute(sql).fetchall()


def _column(file: Path, sql: str) -> set[str]:
    return {str(row[0]) for row in _rows(file, sql)}
