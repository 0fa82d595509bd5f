"""The one gate through which every frame leaves, emulated radios included (DESIGN, Agent).

Order of checks: region confirmed by the owner, limits known, radio able, beacons allowed, frequency, EIRP, dwell time,
duty cycle. A limit that is not known is a refusal. Without `commit` nothing is sent and nothing is spent.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from skerry_core.clock import Clock
from skerry_firmware_bridge.band_plan import band_edges_hz
from skerry_firmware_bridge.duty import WINDOW_S, DutyLedger, DutyStore
from skerry_firmware_bridge.errors import TransmitRefused
from skerry_firmware_bridge.radio import Radio
from skerry_radio.errors import RadioRefused, UnknownRegion
from skerry_radio.lora import Datarate, airtime_us
from skerry_radio.regions import DutyBand, RegionLimits, region_limits, region_params
from skerry_wire.frames import TransmitOutcome, TransmitRequest, TransmitStatus

__all__ = ["GatewayRegion", "Permit", "Purpose", "TransmitGate"]


class Purpose(Enum):
    """Why a frame is sent; beacons have rules of their own."""

    BEACON = "beacon"
    DOWNLINK = "downlink"


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayRegion:
    """The region a hotspot is in, and whether its owner has confirmed that it stands there."""

    name: str
    confirmed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Permit:
    """What a frame costs: its time on air, and the sub-band that pays for it (None = no duty limit)."""

    airtime_us: int
    band: DutyBand | None
    spent_us: int
    budget_us: int | None


class TransmitGate:
    """Call `load` once at the start. `limits` returns a region's limits and raises `UnknownRegion`."""

    def __init__(
        self, *, clock: Clock, store: DutyStore, limits: Callable[[str], RegionLimits] = region_limits
    ) -> None:
        self._ledger = DutyLedger(clock=clock, store=store)
        self._limits = limits
        self._loaded = False

    async def load(self) -> None:
        """Read the duty ledger of earlier runs."""
        await self._ledger.load()
        self._loaded = True

    async def transmit(
        self,
        radio: Radio,
        request: TransmitRequest,
        *,
        gateway_region: GatewayRegion,
        antenna_gain_ddbi: int,
        purpose: Purpose,
        commit: bool = False,
    ) -> TransmitOutcome:
        """Send a frame if every limit allows it; a dry run ends as failed with reason `dry_run`.

        Air time counts as spent even when the radio then fails or says nothing, since the frame may be on the air.
        Raises `TransmitRefused`, and what `Radio.send` raises.
        """
        permit = self.check(
            radio, request, gateway_region=gateway_region, antenna_gain_ddbi=antenna_gain_ddbi, purpose=purpose
        )
        if not commit:
            return TransmitOutcome(status=TransmitStatus.FAILED, reason="dry_run")
        if permit.band is not None:
            await self._ledger.spend(radio.device_id, permit.band, permit.airtime_us)
        return await radio.send(request)

    def check(
        self,
        radio: Radio,
        request: TransmitRequest,
        *,
        gateway_region: GatewayRegion,
        antenna_gain_ddbi: int,
        purpose: Purpose,
    ) -> Permit:
        """Return what the frame would cost. Raises `TransmitRefused` with the first limit that forbids it."""
        if not self._loaded:
            raise TransmitRefused("E_TX_LEDGER", "The duty ledger has not been read yet.")
        limits = self._known_limits(gateway_region)
        _check_radio(radio, request, limits)
        _check_frequency(request, limits, purpose)
        _check_eirp(request, limits, antenna_gain_ddbi)
        time_us = _airtime_us(request)
        _check_dwell(request, limits, time_us)
        return self._check_duty(radio, request, limits, time_us)

    def _known_limits(self, region: GatewayRegion) -> RegionLimits:
        if not region.confirmed:
            raise TransmitRefused(
                "E_TX_UNCONFIRMED", f"The owner has not confirmed region {region.name}.", region=region.name
            )
        try:
            return self._limits(region.name)
        except UnknownRegion:
            raise TransmitRefused(
                "E_TX_REGION", f"No limits are known for region {region.name!r}.", region=region.name
            ) from None

    def _check_duty(self, radio: Radio, request: TransmitRequest, limits: RegionLimits, time_us: int) -> Permit:
        if limits.duty_bands is None:
            raise TransmitRefused(
                "E_TX_UNKNOWN", f"The duty-cycle limit of {limits.region} is not known.", limit="duty"
            )
        if not limits.duty_bands:
            return Permit(airtime_us=time_us, band=None, spent_us=0, budget_us=None)
        band = limits.duty_band(request.frequency_hz)
        if band is None:
            raise TransmitRefused(
                "E_TX_FREQUENCY",
                f"{request.frequency_hz} Hz lies in no sub-band of {limits.region}.",
                frequency_hz=request.frequency_hz,
            )
        spent_us = self._ledger.spent_us(radio.device_id, band)
        budget_us = band.limit_ppm * WINDOW_S  # parts per million of an hour, in microseconds
        if spent_us + time_us > budget_us:
            raise TransmitRefused(
                "E_TX_DUTY",
                f"The frame needs {time_us} us of air time; {budget_us - spent_us} us are left in this hour.",
                airtime_us=time_us,
                spent_us=spent_us,
                budget_us=budget_us,
            )
        return Permit(airtime_us=time_us, band=band, spent_us=spent_us, budget_us=budget_us)


def _check_radio(radio: Radio, request: TransmitRequest, limits: RegionLimits) -> None:
    if not radio.traits.can_transmit:
        raise TransmitRefused("E_TX_RADIO", f"{radio.device_id} cannot transmit.", device=radio.device_id)
    if radio.traits.downlinks_only and not request.inverted_polarity:
        raise TransmitRefused(
            "E_TX_POLARITY",
            f"{radio.device_id} sends only downlinks to devices: its protocol has no message for a beacon.",
            device=radio.device_id,
        )
    if limits.needs_lbt and not radio.traits.has_lbt:
        raise TransmitRefused(
            "E_TX_LBT",
            f"{limits.region} demands listening before sending, which this radio lacks.",
            region=limits.region,
        )


def _check_frequency(request: TransmitRequest, limits: RegionLimits, purpose: Purpose) -> None:
    edges = band_edges_hz(limits.region)
    if edges is None:
        raise TransmitRefused("E_TX_UNKNOWN", f"The band of {limits.region} is not known.", limit="frequency")
    if purpose is Purpose.BEACON:
        if limits.beacons_refused is not None:
            raise TransmitRefused("E_TX_BEACONS_OFF", f"Beacons are off in {limits.region}: {limits.beacons_refused}.")
        allowed = request.frequency_hz in region_params(limits.region).channels_hz
    else:
        allowed = edges[0] <= request.frequency_hz <= edges[1]
    if not allowed:
        raise TransmitRefused(
            "E_TX_FREQUENCY",
            f"{request.frequency_hz} Hz is outside the channels of {limits.region}.",
            frequency_hz=request.frequency_hz,
        )


def _check_eirp(request: TransmitRequest, limits: RegionLimits, antenna_gain_ddbi: int) -> None:
    eirp_ddbm = request.power_dbm * 10 + antenna_gain_ddbi
    if eirp_ddbm > limits.max_eirp_ddbm:
        raise TransmitRefused(
            "E_TX_EIRP",
            f"{eirp_ddbm / 10} dBm EIRP exceed the {limits.max_eirp_ddbm / 10} dBm of {limits.region}.",
            eirp_ddbm=eirp_ddbm,
            max_eirp_ddbm=limits.max_eirp_ddbm,
        )


def _airtime_us(request: TransmitRequest) -> int:
    try:
        rate = Datarate.parse(request.datarate)
    except RadioRefused as error:
        raise TransmitRefused("E_TX_DATARATE", f"{request.datarate!r} is no LoRa data rate.") from error
    return airtime_us(rate, len(request.phy))


def _check_dwell(request: TransmitRequest, limits: RegionLimits, time_us: int) -> None:
    limit_ms = limits.dwell_down_ms if request.inverted_polarity else limits.dwell_up_ms
    if limit_ms is None:
        raise TransmitRefused("E_TX_UNKNOWN", f"The dwell-time limit of {limits.region} is not known.", limit="dwell")
    if limit_ms and time_us > limit_ms * 1000:
        raise TransmitRefused(
            "E_TX_DWELL",
            f"The frame is {time_us} us on the air; {limits.region} allows {limit_ms} ms.",
            airtime_us=time_us,
            dwell_ms=limit_ms,
        )
