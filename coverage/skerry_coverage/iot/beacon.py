"""Builds beacons from entropy and region parameters; the agent sends them, the verifier rebuilds and compares them."""

import base64
import hashlib
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from skerry_coverage.iot.chacha import keystream_low_bytes
from skerry_coverage.iot.errors import BeaconRefused
from skerry_radio.regions import RegionParams
from skerry_wire.generated.data_rate_pb2 import data_rate
from skerry_wire.lorawan import BEACON_DATA_BYTES
from skerry_wire.sink import Entropy

__all__ = [
    "BEACON_HEADER",
    "Beacon",
    "beacon_payload",
    "beacon_payloads",
    "beacon_seed",
    "build_beacon",
    "conducted_power_dbm",
    "select_datarate",
]

BEACON_HEADER = b"\xe0"  # message type 7 (proprietary), major version 0
_KNOWN_VERSIONS = (0, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Beacon:
    """A beacon ready to send; power is conducted power in dBm."""

    data: bytes
    frequency_hz: int
    datarate: str
    conducted_power_dbm: int
    local_entropy: bytes
    remote_entropy: bytes
    seed: bytes

    @property
    def phy(self) -> bytes:
        """The 52 bytes on the air; a beacon has no integrity code."""
        return BEACON_HEADER + self.data

    @property
    def beacon_id(self) -> str:
        """The identifier in logs and windows: base64 of the payload."""
        return base64.b64encode(self.data).decode("ascii")


def build_beacon(
    *, remote: Entropy, local: bytes, params: RegionParams, gain_ddbi: int, payload: bytes | None = None
) -> Beacon:
    """Build the beacon that entropy, region and asserted gain determine (iot-poc 1.2, 1.3).

    `payload` is `beacon_payload` of this beacon's seed where the caller has it already. Raises `BeaconRefused`
    invalid_version, no_region_params, no_datarate, no_conducted_power.
    """
    if remote.version not in _KNOWN_VERSIONS:
        raise BeaconRefused("invalid_version", f"entropy version {remote.version}")
    if not params.channels_hz:
        raise BeaconRefused("no_region_params", params.region)
    seed = beacon_seed(remote_data=remote.data, timestamp_s=remote.timestamp_s, local=local)
    data = payload or beacon_payload(seed)
    return Beacon(
        data=data,
        frequency_hz=params.channels_hz[int.from_bytes(data[:2], "little") % len(params.channels_hz)],
        datarate=select_datarate(params, BEACON_DATA_BYTES),
        conducted_power_dbm=conducted_power_dbm(params, gain_ddbi),
        local_entropy=local,
        remote_entropy=remote.data,
        seed=seed,
    )


def beacon_seed(*, remote_data: bytes, timestamp_s: int, local: bytes) -> bytes:
    """Return the 32-byte seed; versions are not hashed, the local timestamp is always 0."""
    return hashlib.sha256(remote_data + struct.pack("<q", timestamp_s) + local + struct.pack("<q", 0)).digest()


def beacon_payload(seed: bytes) -> bytes:
    """Return the 51 payload bytes: the low byte of each of the first 51 key-stream words."""
    return beacon_payloads([seed])[0]


def beacon_payloads(seeds: Sequence[bytes]) -> list[bytes]:
    """Return the payloads of many seeds; several dozen at once cost a third of the time of each alone."""
    return [words[:BEACON_DATA_BYTES] for words in keystream_low_bytes(seeds)]


@lru_cache(maxsize=256)
def select_datarate(params: RegionParams, payload_bytes: int) -> str:
    """Return the first stored data rate that fits; the list is never sorted. Raises `BeaconRefused` no_datarate."""
    for spreading, largest in params.spreading:
        if largest >= payload_bytes:
            name = f"{spreading}BW{params.bandwidth_hz // 1000}"
            if name not in data_rate.keys():  # noqa: SIM118 - an enum wrapper, not a dict
                break
            return name
    raise BeaconRefused("no_datarate", f"{payload_bytes} bytes fit no data rate of {params.region}")


def conducted_power_dbm(params: RegionParams, gain_ddbi: int) -> int:
    """Return the limit less the antenna gain, cut to whole dBm. Raises `BeaconRefused` no_conducted_power.

    A difference between -1 and 0 is refused too: upstream's behaviour there is not known (iot-poc, not verified 7).
    """
    remaining_ddbm = params.max_eirp_ddbm - gain_ddbi
    if remaining_ddbm < 0:
        raise BeaconRefused("no_conducted_power", f"a gain of {gain_ddbi} tenths of dBi exceeds the region's limit")
    return remaining_ddbm // 10
