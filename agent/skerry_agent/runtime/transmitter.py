"""Sends a hotspot's frames - beacons, downlinks of the packet router and of other networks - through the one gate."""

import logging
from dataclasses import replace

from skerry_agent.metrics import Metrics
from skerry_agent.runtime.downlink import send_downlink
from skerry_agent.runtime.identity import HotspotIdentity
from skerry_agent.runtime.radio_set import RadioSet
from skerry_core.errors import SkerryError
from skerry_coverage.iot.beacon import conducted_power_dbm
from skerry_firmware_bridge.band_plan import band_edges_hz
from skerry_firmware_bridge.duty import name_of
from skerry_firmware_bridge.errors import LinkLost
from skerry_firmware_bridge.transmit import GatewayRegion, Permit, Purpose, TransmitGate
from skerry_radio.regions import region_params
from skerry_wire.frames import TransmitOutcome, TransmitRequest, TransmitStatus
from skerry_wire.generated.packet_router_pb2 import packet_router_packet_down_v1

__all__ = ["Transmitter"]

_log = logging.getLogger(__name__)


class Transmitter:
    """The sending side of one hotspot. The gate refuses what law or the owner does not allow."""

    def __init__(self, *, identity: HotspotIdentity, radios: RadioSet, gate: TransmitGate, metrics: Metrics) -> None:
        self._identity = identity
        self._radios = radios
        self._gate = gate
        self._metrics = metrics

    async def beacon(self, request: TransmitRequest) -> tuple[str, TransmitOutcome]:
        """Send a beacon; return by which device. Raises `LinkLost`, `TransmitRefused`, `DeviceTimeout`."""
        return await self._send(request, Purpose.BEACON)

    async def downlink(self, request: TransmitRequest) -> TransmitOutcome:
        """Send an answer to an uplink by the radio that heard it. Raises as `beacon`."""
        device_id, outcome = await self._send(request, Purpose.DOWNLINK)
        self._metrics.count("skerry_downlinks_total", device=device_id, outcome=outcome.status.value)
        return outcome

    async def network_downlink(self, request: TransmitRequest) -> TransmitOutcome:
        """Send what a further network wants sent, no louder than region and antenna allow. Raises as `beacon`.

        Network servers ask for the power that their own tables name, as forwarders lower it to what they can.
        """
        if self._identity.region is None:
            return await self.downlink(request)  # which says what is missing
        most_dbm = conducted_power_dbm(region_params(self._identity.region_name), self._identity.antenna_gain_ddbi)
        lowered = replace(request, power_dbm=min(request.power_dbm, most_dbm))
        outcome = await self.downlink(lowered)
        if outcome.status is TransmitStatus.SENT and lowered != request:
            return replace(outcome, status=TransmitStatus.ADJUSTED, power_dbm=lowered.power_dbm)
        return outcome

    async def router_downlink(self, packet: packet_router_packet_down_v1) -> None:
        """Send what the packet router wants sent, or log why it was not; one bad downlink never stops the stream."""
        try:
            outcome = await send_downlink(
                packet,
                region=self._identity.region_name,
                antenna_gain_ddbi=self._identity.antenna_gain_ddbi,
                transmit=self.downlink,
            )
        except (SkerryError, ValueError) as error:
            self._metrics.count("skerry_downlinks_total", device="", outcome="refused")
            _log.warning("%s: downlink not sent (%s)", self._identity.name, error)
            return
        if outcome is None:
            self._metrics.count("skerry_downlinks_total", device="", outcome="without_window")

    async def _send(self, request: TransmitRequest, purpose: Purpose) -> tuple[str, TransmitOutcome]:
        radio = self._radios.for_window(request.tmst_us)
        if radio is None:
            raise LinkLost("no radio of this hotspot is up")
        region = GatewayRegion(name=self._identity.region_name, confirmed=self._identity.region is not None)
        gain_ddbi = self._identity.antenna_gain_ddbi
        permit = self._gate.check(radio, request, gateway_region=region, antenna_gain_ddbi=gain_ddbi, purpose=purpose)
        # As the gate's ledger does: spent from here on, also when the radio then fails or says nothing.
        self._metrics.count(
            "skerry_airtime_seconds_total",
            permit.airtime_us / 1_000_000,
            device=radio.device_id,
            band=_band_of(permit, region.name),
        )
        outcome = await self._gate.transmit(
            radio, request, gateway_region=region, antenna_gain_ddbi=gain_ddbi, purpose=purpose, commit=True
        )
        return radio.device_id, outcome


def _band_of(permit: Permit, region: str) -> str:
    """Return the sub-band by its edges in Hz; the whole band of a region without duty limits."""
    if permit.band is not None:
        return name_of(permit.band)
    low_hz, high_hz = band_edges_hz(region) or (0, 0)
    return f"{low_hz}-{high_hz}"
