"""The in-process way to an oracle: what `skerry_wire.sink.ReportSink` promises, without a network between."""

from collections.abc import Callable

from skerry_core.clock import Clock
from skerry_oracle.entropy import EntropySource
from skerry_oracle.ingest import Ingest
from skerry_oracle.registry.book import Registry
from skerry_oracle.store.reports import BEACON, WITNESS
from skerry_wire.sink import Entropy, Receipt, RegionAnswer, ReportSink, SinkRefused

__all__ = ["EmbeddedSink"]


class EmbeddedSink(ReportSink):
    """One agent's connection; `peer` names it in limits and logs and marks its retries (see `skerry_oracle.ingest`)."""

    def __init__(
        self,
        *,
        peer: str,
        clock: Clock,
        ingest: Ingest,
        entropy: EntropySource,
        registry: Registry,
        region_params: Callable[[str], bytes | None],
    ) -> None:
        self._peer = peer
        self._clock = clock
        self._ingest = ingest
        self._entropy = entropy
        self._registry = registry
        self._region_params = region_params

    async def submit_beacon(self, report: bytes) -> Receipt:
        return await self._ingest.submit(BEACON, report, peer=self._peer)

    async def submit_witness(self, report: bytes) -> Receipt:
        return await self._ingest.submit(WITNESS, report, peer=self._peer)

    async def entropy(self) -> Entropy:
        return await self._entropy.current()

    async def region(self, gateway: bytes) -> RegionAnswer:
        hotspot = self._registry.hotspot_at(gateway, self._clock.wall_ms())
        if hotspot is None:
            raise SinkRefused("gateway_not_found")
        if hotspot.location is None:
            raise SinkRefused("not_asserted")
        params = self._region_params(hotspot.location.region)
        if params is None:
            raise SinkRefused("no_region_params")
        return RegionAnswer(
            region=hotspot.location.region,
            params=params,
            gain_ddbi=hotspot.location.gain_ddbi,
            timestamp_s=self._clock.wall_s(),
        )
