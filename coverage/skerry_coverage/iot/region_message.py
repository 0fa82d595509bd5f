"""Region parameters as the protocol's message and back: what a config service sends, what a gateway caches."""

from skerry_coverage.iot.errors import BeaconRefused
from skerry_radio.regions import RegionParams
from skerry_wire.generated.region_pb2 import (
    RegionSpreading,
    blockchain_region_param_v1,
    blockchain_region_params_v1,
    blockchain_region_spreading_v1,
)

__all__ = ["decode_region_params", "encode_region_params"]


def encode_region_params(params: RegionParams) -> blockchain_region_params_v1:
    """Return the message; all channels of a region share power and spreading list."""
    spreading = blockchain_region_spreading_v1(
        tagged_spreading=[
            {"region_spreading": RegionSpreading.Value(name), "max_packet_size": largest}
            for name, largest in params.spreading
        ]
    )
    return blockchain_region_params_v1(
        region_params=[
            blockchain_region_param_v1(
                channel_frequency=channel,
                bandwidth=params.bandwidth_hz,
                max_eirp=params.max_eirp_ddbm,
                spreading=spreading,
            )
            for channel in params.channels_hz
        ]
    )


def decode_region_params(region: str, message: blockchain_region_params_v1) -> RegionParams:
    """Return the parameters of a message, by the rules of beacon building (iot-poc 1.3).

    The spreading list and bandwidth are the first channel's, the power limit is the highest. Raises `BeaconRefused`
    no_region_params for region UNKNOWN, an empty list or an unknown spreading number.
    """
    if region == "UNKNOWN" or not message.region_params:
        raise BeaconRefused("no_region_params", region)
    first = message.region_params[0]
    names = {number: name for name, number in RegionSpreading.items()}
    try:
        spreading = tuple(
            (names[tag.region_spreading], tag.max_packet_size) for tag in first.spreading.tagged_spreading
        )
    except KeyError as error:
        raise BeaconRefused("no_region_params", f"{region}: spreading number {error}") from None
    return RegionParams(
        region=region,
        channels_hz=tuple(param.channel_frequency for param in message.region_params),
        bandwidth_hz=first.bandwidth,
        max_eirp_ddbm=max(param.max_eirp for param in message.region_params),
        spreading=spreading,
    )
