"""A beacon that the owner asks for: what would be sent and what it would cost, and the sending itself.

It takes the place of this interval's planned beacon, and leaves through the same gate. Made by the composition root for
the API's POST /api/v1/beacons.
"""

from collections.abc import Callable

from skerry_agent.api.view import BeaconOffer
from skerry_agent.evidence import TimeKeeper
from skerry_agent.runtime.beaconer import Beaconer, beacon_request
from skerry_core.clock import Clock
from skerry_core.errors import RefusedError, SkerryError
from skerry_coverage.iot.beacon import Beacon
from skerry_firmware_bridge.errors import TransmitRefused
from skerry_firmware_bridge.radio import Radio
from skerry_firmware_bridge.transmit import GatewayRegion, Permit, Purpose, TransmitGate
from skerry_radio.errors import UnknownRegion
from skerry_radio.regions import region_limits

__all__ = ["BeaconNow"]


class BeaconNow:
    """The owner's beacons of one hotspot. `region` None: the owner has confirmed none."""

    def __init__(
        self,
        *,
        hotspot: str,
        region: str | None,
        antenna_gain_ddbi: int,
        beaconer: Beaconer | None,
        radio: Callable[[], Radio | None],
        gate: TransmitGate,
        time: TimeKeeper,
        clock: Clock,
    ) -> None:
        self._hotspot = hotspot
        self._region = region
        self._gain_ddbi = antenna_gain_ddbi
        self._beaconer = beaconer
        self._radio = radio
        self._gate = gate
        self._time = time
        self._clock = clock

    async def offer(self) -> BeaconOffer:
        """Return what would be sent now; nothing is sent, spent or kept. Raises `RefusedError` when nothing can be."""
        beaconer, radio = self._possible()
        try:
            beacon = await beaconer.example()
        except SkerryError as error:
            raise _refused("E_BEACON_INPUTS", f"The operator's inputs are missing: {error}.") from error
        try:
            permit, refusal = self._check(beacon, radio), None
        except TransmitRefused as error:
            permit, refusal = None, error
        return self._offer(beacon, radio, permit=permit, refusal=refusal)

    async def send(self) -> BeaconOffer:
        """Send this interval's beacon now; return what was sent and what is left. Raises `RefusedError`."""
        beaconer, radio = self._possible()
        try:
            beacon, row = await beaconer.send_now()
        except TransmitRefused as error:
            raise _refused(error.code, error.detail) from error
        except SkerryError as error:
            raise _refused("E_BEACON_NOT_SENT", f"The beacon was not sent: {error}.") from error
        try:
            permit = self._check(beacon, radio)
        except TransmitRefused:
            permit = None  # the air time of this hour is used up now, which is not this beacon's failure
        return self._offer(beacon, radio, permit=permit, beacon_id=row.id)

    def _possible(self) -> tuple[Beaconer, Radio]:
        beaconer, radio = self._beaconer, self._radio()
        if beaconer is None:
            raise _refused(
                "E_NO_BEACONS", "This agent sends no beacons.", "Set an operator, and beacon.interval_s above 0."
            )
        if radio is None:
            raise _refused("E_NO_RADIO", "No radio of this hotspot is up.", "skerry doctor")
        if not self._time.is_synchronised:
            raise _refused(
                "E_CLOCK", "The clock is not right, so its report could not be stamped.", "timedatectl set-ntp true"
            )
        if beaconer.has_sent():
            raise _refused(
                "E_BEACON_IRREGULAR",
                "This interval's beacon has been sent; the operator counts a second one as irregular.",
                "skerry beacon list",
            )
        return beaconer, radio

    def _check(self, beacon: Beacon, radio: Radio) -> Permit:
        return self._gate.check(
            radio,
            beacon_request(beacon),
            gateway_region=GatewayRegion(name=self._region or "UNKNOWN", confirmed=self._region is not None),
            antenna_gain_ddbi=self._gain_ddbi,
            purpose=Purpose.BEACON,
        )

    def _offer(
        self,
        beacon: Beacon,
        radio: Radio,
        *,
        permit: Permit | None,
        refusal: TransmitRefused | None = None,
        beacon_id: str | None = None,
    ) -> BeaconOffer:
        return BeaconOffer(
            hotspot=self._hotspot,
            device_id=radio.device_id,
            region=self._region,
            frequency_hz=beacon.frequency_hz,
            datarate=beacon.datarate,
            power_dbm=beacon.conducted_power_dbm,
            eirp_ddbm=beacon.conducted_power_dbm * 10 + self._gain_ddbi,
            max_eirp_ddbm=_max_eirp_ddbm(self._region),
            airtime_us=permit.airtime_us if permit else None,
            duty_spent_us=permit.spent_us if permit else None,
            duty_budget_us=permit.budget_us if permit else None,
            refusal=refusal.code if refusal else None,
            refusal_text=refusal.detail if refusal else None,
            beacon=beacon_id,
            as_of_ns=self._clock.wall_ns(),
        )


def _max_eirp_ddbm(region: str | None) -> int | None:
    try:
        return region_limits(region).max_eirp_ddbm if region else None
    except UnknownRegion:
        return None


def _refused(code: str, detail: str, remedy: str = "") -> RefusedError:
    return RefusedError(code, detail, remedy=remedy)
