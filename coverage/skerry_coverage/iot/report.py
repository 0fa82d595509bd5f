"""Builds the reports that a gateway signs: after a beacon was sent, after one was heard (iot-poc 1.4, 2.2).

Signing is the caller's (`skerry_wire.signing.sign_message`): the agent signs with its session key or its gateway key.
"""

import struct

from skerry_coverage.iot.beacon import Beacon
from skerry_coverage.iot.errors import BeaconRefused
from skerry_wire.frames import ReceivedFrame, TransmitOutcome, TransmitStatus
from skerry_wire.generated.poc_lora_pb2 import lora_beacon_report_req_v1, lora_witness_report_req_v1
from skerry_wire.lorawan import beacon_data

__all__ = ["beacon_report", "reported_power_dbm", "snr_ddb", "witness_report"]


def reported_power_dbm(outcome: TransmitOutcome, requested_dbm: int) -> int:
    """Return the power to report after a transmission.

    Raises `BeaconRefused` no_beacon_tx_power (adjusted to an unstated power) or beacon_tx_failure: then there is no
    report.
    """
    match outcome.status:
        case TransmitStatus.SENT:
            return requested_dbm
        case TransmitStatus.ADJUSTED if outcome.power_dbm is not None:
            return outcome.power_dbm
        case TransmitStatus.ADJUSTED:
            raise BeaconRefused("no_beacon_tx_power", "the radio changed the power without saying to what")
        case TransmitStatus.FAILED:
            raise BeaconRefused("beacon_tx_failure", outcome.reason or "")


def beacon_report(
    *, beacon: Beacon, gateway: bytes, outcome: TransmitOutcome, timestamp_ns: int
) -> lora_beacon_report_req_v1:
    """Return the unsigned report of a sent beacon; `timestamp_ns` is the system time now, after the transmission.

    Raises `BeaconRefused` as `reported_power_dbm`.
    """
    return lora_beacon_report_req_v1(
        pub_key=gateway,
        local_entropy=beacon.local_entropy,
        remote_entropy=beacon.remote_entropy,
        data=beacon.data,
        frequency=beacon.frequency_hz,
        datarate=beacon.datarate,
        tx_power=reported_power_dbm(outcome, beacon.conducted_power_dbm),
        timestamp=timestamp_ns,
        tmst=outcome.tmst_us or 0,
    )


def witness_report(*, frame: ReceivedFrame, gateway: bytes, timestamp_ns: int) -> lora_witness_report_req_v1:
    """Return the unsigned report of a heard beacon. Raises `ValueError` for a frame that is no beacon."""
    data = beacon_data(frame.phy)
    if data is None:
        raise ValueError("the frame is no beacon")
    return lora_witness_report_req_v1(
        pub_key=gateway,
        data=data,
        timestamp=timestamp_ns,
        tmst=frame.tmst_us,
        signal=frame.rssi_dbm * 10,
        snr=snr_ddb(frame.snr_db),
        frequency=frame.frequency_hz,
        datarate=frame.datarate,
    )


def snr_ddb(snr_db: float) -> int:
    """Return tenths of dB as gateways compute them: single-precision times ten, cut toward zero."""
    single = struct.unpack("<f", struct.pack("<f", snr_db))[0]
    return int(struct.unpack("<f", struct.pack("<f", single * 10))[0])
