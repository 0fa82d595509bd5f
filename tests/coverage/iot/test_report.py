import pytest

from skerry_coverage.iot.beacon import build_beacon
from skerry_coverage.iot.errors import BeaconRefused
from skerry_coverage.iot.report import beacon_report, snr_ddb, witness_report
from skerry_radio.regions import region_params
from skerry_wire.fields import to_fields
from skerry_wire.frames import Crc, ReceivedFrame, TransmitOutcome, TransmitStatus
from skerry_wire.sink import Entropy

GATEWAY = b"\x01" + b"\x05" * 32
BEACON = build_beacon(
    remote=Entropy(data=b"\x07" * 32, timestamp_s=1_700_000_000, version=0),
    local=b"\x01\x02\x03\x04",
    params=region_params("US915"),
    gain_ddbi=12,
)


def heard(phy: bytes, snr_db: float = 3.5) -> ReceivedFrame:
    return ReceivedFrame(
        phy=phy,
        frequency_hz=904_700_000,
        datarate="SF9BW125",
        rssi_dbm=-108,
        snr_db=snr_db,
        tmst_us=77,
        crc=Crc.OK,
        received_wall_ns=1,
        received_monotonic_ns=2,
        source="udp 127.0.0.1:1",
    )


def test_a_beacon_report_states_what_was_sent() -> None:
    outcome = TransmitOutcome(status=TransmitStatus.ADJUSTED, power_dbm=27, tmst_us=9)
    report = beacon_report(beacon=BEACON, gateway=GATEWAY, outcome=outcome, timestamp_ns=5)
    fields = to_fields(report)
    assert (report.tx_power, report.tmst, report.timestamp) == (27, 9, 5)
    assert (fields["datarate"], report.frequency) == (BEACON.datarate, BEACON.frequency_hz)
    assert report.data == BEACON.data


def test_no_report_without_a_confirmed_transmission() -> None:
    for outcome, reason in (
        (TransmitOutcome(status=TransmitStatus.FAILED, reason="timeout"), "beacon_tx_failure"),
        (TransmitOutcome(status=TransmitStatus.ADJUSTED), "no_beacon_tx_power"),
    ):
        with pytest.raises(BeaconRefused, match=reason):
            beacon_report(beacon=BEACON, gateway=GATEWAY, outcome=outcome, timestamp_ns=5)


def test_a_witness_report_states_what_was_heard_in_tenths() -> None:
    report = witness_report(frame=heard(BEACON.phy, snr_db=-7.25), gateway=GATEWAY, timestamp_ns=6)
    assert (report.signal, report.snr, report.tmst, report.data) == (-1080, -72, 77, BEACON.data)


def test_a_frame_that_is_no_beacon_gives_no_report() -> None:
    with pytest.raises(ValueError, match="no beacon"):
        witness_report(frame=heard(b"\x40" + BEACON.data), gateway=GATEWAY, timestamp_ns=6)


def test_tenths_of_snr_are_exact_for_every_step_a_radio_reports() -> None:
    assert [snr_ddb(step / 10) for step in range(-300, 301)] == list(range(-300, 301))
