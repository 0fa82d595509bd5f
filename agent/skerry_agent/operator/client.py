"""The operator of the same process, as a hotspot's agent sees it: verdicts, rewards, balances, explanations."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from skerry_agent.api.view import Balance, Explanation, OperatorStatus
from skerry_agent.evidence import EvidenceLog
from skerry_agent.operator.explanations import explanation_of_report, explanation_of_reward
from skerry_agent.operator.network_file import NetworkFile
from skerry_agent.operator.rewards import reward_rows
from skerry_agent.operator.router import EmbeddedRouter
from skerry_agent.operator.statements import statement_on
from skerry_agent.operator.treasury import Treasury
from skerry_agent.runtime.operator import BeaconStatement, Downlink, News, Operator
from skerry_agent.runtime.reports import report_id
from skerry_agent.store import RewardRow, Verdict, VerdictRow, WitnessRow
from skerry_core.clock import Clock
from skerry_firmware_bridge.radio import DeviceState
from skerry_keys.public_key import PublicKey
from skerry_oracle.embedded import EmbeddedOracle
from skerry_oracle.epochs.driver import EpochState
from skerry_oracle.store.reports import BEACON, WITNESS
from skerry_oracle.store.verdicts import VerdictRow as OracleVerdict
from skerry_wallet.address import address_bytes
from skerry_wallet.errors import ClusterError
from skerry_wallet.tokens import token_balances
from skerry_wire.frames import ReceivedFrame
from skerry_wire.sink import ReportSink

__all__ = ["EmbeddedOperator"]

NEWS_LIMIT = 10_000  # verdicts per question; the rest comes with the next one


class EmbeddedOperator(Operator):
    """One agent's view of an operator in the same process. `peer` names the agent in the oracle's limits."""

    def __init__(
        self,
        *,
        peer: str,
        network: NetworkFile,
        oracle: EmbeddedOracle,
        treasury: Treasury,
        router: EmbeddedRouter,
        clock: Clock,
    ) -> None:
        self.test_tokens = network.test_tokens
        self._peer = peer
        self._network = network
        self._oracle = oracle
        self._treasury = treasury
        self._router = router
        self._downlink: Downlink | None = None
        self._clock = clock

    def attach(self, *, evidence: EvidenceLog, downlink: Downlink) -> None:
        self._downlink = downlink

    async def run(self) -> None:
        assert self._downlink is not None, "attach() comes first"
        await self._router.run(self._downlink)

    async def close(self) -> None:
        self._router.close()

    def status(self) -> OperatorStatus:
        ended = self._network.ended
        waiting = len(self._oracle.driver.waiting)
        reason = "A kept demo: it can be read, nothing new is judged or paid." if ended else "Judging and paying."
        if waiting:
            reason = f"Judging; {waiting} epoch(s) wait for the signatures of other oracles before they are paid."
        return OperatorStatus(
            is_set=True,
            network=self._network.network,
            profile=self._network.profile,
            key=PublicKey.from_binary(self._oracle.signer.public_key).address,
            pays=not ended,
            state=DeviceState.UP,
            reason=reason,
            as_of_ns=self._clock.wall_ns(),
        )

    def sink(self, gateway: bytes) -> ReportSink | None:
        return None if self._network.ended else self._oracle.sink(self._peer)

    async def news(self, gateways: Sequence[bytes], *, cursor: str) -> News:
        after = _Cursor.parse(cursor)
        verdicts: dict[str, list[VerdictRow]] = {BEACON: [], WITNESS: []}
        latest_ms = after.judged_ms
        for gateway in gateways:
            for verdict, body in await self._oracle.verdicts.since(
                gateway, judged_ms=after.judged_ms, limit=NEWS_LIMIT
            ):
                latest_ms = max(latest_ms, verdict.judged_ms)
                verdicts[verdict.kind].append(await self._row(verdict, body))
        closed = [row.epoch for row in await self._oracle.epochs.all() if EpochState(row.state).is_final]
        return News(
            beacons=tuple(verdicts[BEACON]),
            witnesses=tuple(verdicts[WITNESS]),
            rewards=await reward_rows(self._oracle, self._treasury, self._network, gateways),
            statements=await self._statements(gateways, [epoch for epoch in closed if epoch > after.epoch]),
            cursor=str(_Cursor(judged_ms=latest_ms, epoch=max(closed, default=after.epoch))),
        )

    async def _statements(self, gateways: Sequence[bytes], epochs: Sequence[int]) -> tuple[BeaconStatement, ...]:
        """Return the signed word on every beacon of these gateways in epochs that closed since the last news."""
        own = frozenset(gateways)
        found = []
        for epoch in epochs:
            for verdict in await self._oracle.verdicts.of_epoch(epoch):
                if verdict.kind == BEACON and verdict.gateway in own and verdict.poc_id is not None:
                    found.append(await statement_on(self._oracle, verdict, clock=self._clock))
        return tuple(statement for statement in found if statement is not None)

    async def carry(self, gateway: bytes, frame: ReceivedFrame, *, packet_id: str, region: str) -> bool:
        if self._network.ended:
            return False
        return await self._router.carry(gateway, frame, packet_id=packet_id, region=region)

    async def balances(self, owners: Sequence[str]) -> list[Balance]:
        found: list[Balance] = []
        for token in self._treasury.tokens.tokens.values():
            try:
                held = await token_balances(
                    self._treasury.cluster, token.mint, [address_bytes(owner) for owner in owners]
                )
                amounts: list[int | None] = [balance.amount for balance in held]
                reason = None
            except ClusterError as error:
                amounts, reason = [None] * len(owners), str(error)
            found.extend(
                Balance(
                    owner=owner,
                    token=token.name,
                    amount=amount,
                    decimals=token.decimals,
                    reason=reason,
                    as_of_ns=self._clock.wall_ns(),
                )
                for owner, amount in zip(owners, amounts, strict=True)
            )
        return found

    async def explain_witness(self, row: WitnessRow) -> Explanation | None:
        return await explanation_of_report(self._oracle, row, as_of_ns=self._clock.wall_ns())

    async def explain_reward(self, row: RewardRow) -> Explanation | None:
        return await explanation_of_reward(self._oracle, row, as_of_ns=self._clock.wall_ns())

    async def _row(self, verdict: OracleVerdict, body: bytes) -> VerdictRow:
        beaconer = None
        if verdict.poc_id is not None and verdict.kind == WITNESS:
            beacon = await self._oracle.reports.get(BEACON, verdict.poc_id)
            beaconer = PublicKey.from_binary(beacon.gateway).address if beacon is not None else None
        return VerdictRow(
            id=report_id(body),
            verdict=Verdict.VALID if verdict.valid else Verdict.INVALID,
            reason=verdict.reason,
            rule_set=verdict.rule_set,
            poc_id=verdict.poc_id.hex() if verdict.poc_id is not None else "",
            beaconer=beaconer,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cursor:
    """How far an agent's news go: verdicts by the moment they were made, statements by epoch."""

    judged_ms: int = 0
    epoch: int = -1

    @classmethod
    def parse(cls, text: str) -> Self:
        judged_ms, _, epoch = text.partition(":")
        return cls(judged_ms=int(judged_ms), epoch=int(epoch)) if epoch else cls()

    def __str__(self) -> str:
        return f"{self.judged_ms}:{self.epoch}"
