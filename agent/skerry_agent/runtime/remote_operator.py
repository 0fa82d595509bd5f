"""An operator on another machine, reached by Helium's own gRPC services: entropy, configuration, ingest, packet router.

The protocol sends no verdicts and no payouts to hotspots, so those stay unknown here and are said to be; what was sent,
and the session that signed it, is kept as evidence.
"""

from collections.abc import Sequence
from typing import Self

from skerry_agent.api.view import Balance, OperatorStatus
from skerry_agent.background import run_together
from skerry_agent.evidence import EvidenceLog
from skerry_agent.grpc_client.router import PacketRouterClient
from skerry_agent.grpc_client.sink import Endpoints, GrpcSink, SentReport
from skerry_agent.grpc_client.stream import SessionEvidence
from skerry_agent.runtime.operator import Downlink, News, Operator
from skerry_agent.runtime.randomness import Randomness
from skerry_agent.settings import Settings
from skerry_agent.settings.table import (
    OPERATOR_CONFIG,
    OPERATOR_ENTROPY,
    OPERATOR_INGEST,
    OPERATOR_KEY,
    OPERATOR_PROFILE,
    OPERATOR_ROUTER,
)
from skerry_agent.store import RewardRow, WitnessRow
from skerry_core.clock import Clock
from skerry_core.errors import UsageError
from skerry_coverage.evidence.entry import EntryKind
from skerry_firmware_bridge.radio import DeviceState
from skerry_keys.errors import KeyRejected
from skerry_keys.public_key import PublicKey
from skerry_keys.signer import Signer
from skerry_wire.frames import ReceivedFrame
from skerry_wire.generated.packet_router_pb2 import packet_router_packet_down_v1
from skerry_wire.generated.poc_lora_pb2 import lora_stream_session_offer_v1
from skerry_wire.sink import ReportSink

__all__ = ["RemoteOperator"]

_NO_VERDICTS = "Connected. This protocol tells hotspots no verdicts and no payouts; ask the operator for them."

_BETWEEN_SESSIONS = (
    "Connected. The operator ended the last session as usual; the next one begins in seconds. "
    "Reports go one by one until then."
)


class RemoteOperator(Operator):
    """One gateway key's operator over gRPC."""

    def __init__(
        self,
        *,
        endpoints: Endpoints,
        router: str,
        profile: str,
        signer: Signer,
        clock: Clock,
        random: Randomness,
    ) -> None:
        self._endpoints = endpoints
        self._profile = profile
        self._clock = clock
        self._evidence: EvidenceLog | None = None
        self._downlink: Downlink | None = None
        self._session_entry: dict[bytes, bytes] = {}  # session id -> evidence entry, of the open session only
        self._sink = GrpcSink(
            endpoints=endpoints,
            signer=signer,
            clock=clock,
            random_bytes=random.token_bytes,
            random=random.random,
            on_session=self._keep_session,
            on_sent=self._keep_report,
        )
        self._router = PacketRouterClient(
            router,
            signer=signer,
            clock=clock,
            random_bytes=random.token_bytes,
            random=random.random,
            on_downlink=self._take_downlink,
        ) if router else None  # fmt: skip

    @classmethod
    def from_settings(cls, settings: Settings, *, signer: Signer, clock: Clock, random: Randomness) -> Self:
        """Read the five settings of a network. Raises `UsageError` E_OPERATOR_SETTINGS."""
        try:
            key = PublicKey.from_address(settings[OPERATOR_KEY]).binary
        except KeyRejected as error:
            raise UsageError(
                "E_OPERATOR_SETTINGS",
                f"operator.key is no public key ({error}).",
                remedy="Set operator.key to the address that the operator publishes with its service addresses.",
            ) from None
        ingest = _target(settings[OPERATOR_INGEST])
        endpoints = Endpoints(
            ingest=ingest,
            entropy=_target(settings[OPERATOR_ENTROPY]) or ingest,
            config=_target(settings[OPERATOR_CONFIG]) or ingest,
            config_key=key,
        )
        return cls(
            endpoints=endpoints,
            router=_target(settings[OPERATOR_ROUTER]),
            profile=settings[OPERATOR_PROFILE],
            signer=signer,
            clock=clock,
            random=random,
        )

    def attach(self, *, evidence: EvidenceLog, downlink: Downlink) -> None:
        self._evidence = evidence
        self._downlink = downlink

    async def run(self) -> None:
        work = {"operator: ingest session": self._sink.run()}
        if self._router is not None:
            work["operator: packet router"] = self._router.run()
        await run_together(work)

    async def close(self) -> None:
        await self._sink.close()
        if self._router is not None:
            await self._router.close()

    def status(self) -> OperatorStatus:
        state, reason = self._state()
        return OperatorStatus(
            is_set=True,
            network=self._endpoints.ingest,
            profile=self._profile,
            key=PublicKey.from_binary(self._endpoints.config_key).address,
            pays=False,
            state=state,
            reason=reason,
            as_of_ns=self._clock.wall_ns(),
        )

    def _state(self) -> tuple[DeviceState, str]:
        sink, router = self._sink, self._router
        if sink.last_error is not None:
            return DeviceState.DOWN, f"Not connected: {sink.last_error}. Reports are kept and sent later."
        if router is not None and router.last_error is not None:
            return DeviceState.DOWN, (
                f"Its packet router takes no uplinks: {router.last_error}. They wait at most a minute; "
                f"{router.dropped} were dropped so far. See operator.router."
            )
        if sink.session is not None:
            return DeviceState.UP, _NO_VERDICTS
        if sink.between_sessions:
            return DeviceState.UP, _BETWEEN_SESSIONS
        return DeviceState.UNKNOWN, "Connecting for the first time."

    def sink(self, gateway: bytes) -> ReportSink:
        return self._sink

    async def news(self, gateways: Sequence[bytes], *, cursor: str) -> News:
        return News(cursor=cursor)

    async def carry(self, gateway: bytes, frame: ReceivedFrame, *, packet_id: str, region: str) -> bool:
        if self._router is None:
            return False
        await self._router.send(frame, region=region)
        return True

    async def balances(self, owners: Sequence[str]) -> list[Balance]:
        return []

    async def explain_witness(self, row: WitnessRow) -> None:
        return None

    async def explain_reward(self, row: RewardRow) -> None:
        return None

    async def _keep_session(self, session: SessionEvidence) -> None:
        """Record nonce and signed init: without them nobody could tell that the session key speaks for the gateway."""
        if self._evidence is None:
            return
        offer = lora_stream_session_offer_v1(nonce=session.nonce).SerializeToString()
        source = self._endpoints.ingest
        offered = await self._evidence.append(EntryKind.SESSION_OFFER, offer, link="grpc", source=source)
        opened = await self._evidence.append(
            EntryKind.SESSION_INIT, session.init, link="grpc", source=source, refs=[offered.id]
        )
        self._session_entry = {session.session_id: opened.id}

    async def _keep_report(self, sent: SentReport) -> None:
        """Record the bytes that were sent where they differ from the ones kept before: signed by the session key."""
        if self._evidence is None or sent.session is None:
            return
        entry_id = self._session_entry.get(sent.session.session_id)
        refs = [entry_id] if entry_id is not None else []
        kind = EntryKind.BEACON_REPORT if sent.is_beacon else EntryKind.WITNESS_REPORT
        await self._evidence.append(kind, sent.body, link="grpc", source=self._endpoints.ingest, refs=refs)

    async def _take_downlink(self, packet: packet_router_packet_down_v1) -> None:
        if self._downlink is not None:
            await self._downlink(packet)


def _target(address: str) -> str:
    """Return `host:port` of an address that may be written as a URL."""
    return address.removeprefix("http://").rstrip("/")
