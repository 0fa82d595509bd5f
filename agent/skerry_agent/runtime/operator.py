"""What an agent knows of its operator: where reports go, which verdicts came back, what was paid.

`NoOperator` is what runs when none is set: everything is heard and kept, nothing is judged elsewhere, nothing is paid,
and every status says so.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from skerry_agent.api.view import Balance, Explanation, OperatorStatus
from skerry_agent.evidence import EvidenceLog
from skerry_agent.evidence.verdicts import SessionSigned
from skerry_agent.store import RewardRow, VerdictRow, WitnessRow
from skerry_coverage.bundle.records import SignedRecord
from skerry_coverage.bundle.statement import SignedStatement
from skerry_firmware_bridge.radio import DeviceState
from skerry_wire.frames import ReceivedFrame
from skerry_wire.generated.packet_router_pb2 import packet_router_packet_down_v1
from skerry_wire.sink import ReportSink

__all__ = ["BeaconStatement", "Downlink", "News", "NoOperator", "Operator"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BeaconStatement:
    """The operator's signed word on one beacon of ours, with the exact bytes that it judges."""

    gateway: bytes
    statement: SignedStatement
    witness_reports: tuple[bytes | SessionSigned, ...]
    registrations: tuple[SignedRecord, ...]
    locations: tuple[SignedRecord, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What the operator decided since `cursor` of the last news; ask again with this `cursor`."""

    beacons: tuple[VerdictRow, ...] = ()
    witnesses: tuple[VerdictRow, ...] = ()
    rewards: tuple[RewardRow, ...] = ()
    statements: tuple[BeaconStatement, ...] = ()
    cursor: str = ""


Downlink = Callable[[packet_router_packet_down_v1], Awaitable[None]]


class Operator(ABC):
    """One network's operator as an agent reaches it."""

    test_tokens = False

    def attach(self, *, evidence: EvidenceLog, downlink: Downlink) -> None:  # noqa: B027 - most operators need neither
        """Say where to keep what is exchanged, and who sends downlinks; before `run`."""

    async def run(self) -> None:
        """Keep connections alive until cancelled."""
        await asyncio.Event().wait()

    async def close(self) -> None:  # noqa: B027 - an operator in this process has none
        """Free connections."""

    @abstractmethod
    def status(self) -> OperatorStatus:
        """Return who it is and whether it answers; from memory."""

    @abstractmethod
    def sink(self, gateway: bytes) -> ReportSink | None:
        """Return where this gateway's reports go; None when there is nowhere."""

    @abstractmethod
    async def news(self, gateways: Sequence[bytes], *, cursor: str) -> News:
        """Return verdicts and rewards of these gateways since a cursor ("" = all). Raises `SinkUnavailable`."""

    @abstractmethod
    async def carry(self, gateway: bytes, frame: ReceivedFrame, *, packet_id: str, region: str) -> bool:
        """Hand an uplink to the network; False when nobody there wants it. Raises `SinkUnavailable`."""

    @abstractmethod
    async def balances(self, owners: Sequence[str]) -> list[Balance]:
        """Return the owners' balances; what cannot be read has amount None."""

    @abstractmethod
    async def explain_witness(self, row: WitnessRow) -> Explanation | None:
        """Repeat the judgement of a report rule by rule; None when the operator does not know the report."""

    @abstractmethod
    async def explain_reward(self, row: RewardRow) -> Explanation | None:
        """Walk a reward back to the frames that earned it; None when the operator does not know it."""


class NoOperator(Operator):
    """Nobody judges and nobody pays."""

    def __init__(self, *, profile: str) -> None:
        self._profile = profile

    def status(self) -> OperatorStatus:
        return OperatorStatus(
            is_set=False,
            network="",
            profile=self._profile,
            key=None,
            pays=False,
            state=DeviceState.UNKNOWN,
            reason="No operator is set: reports are kept here and nothing will be paid.",
            as_of_ns=0,
        )

    def sink(self, gateway: bytes) -> None:
        return None

    async def news(self, gateways: Sequence[bytes], *, cursor: str) -> News:
        return News(cursor=cursor)

    async def carry(self, gateway: bytes, frame: ReceivedFrame, *, packet_id: str, region: str) -> bool:
        return False

    async def balances(self, owners: Sequence[str]) -> list[Balance]:
        return []

    async def explain_witness(self, row: WitnessRow) -> None:
        return None

    async def explain_reward(self, row: RewardRow) -> None:
        return None
