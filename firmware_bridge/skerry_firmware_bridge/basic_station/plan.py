"""The channel plan that a Basic Station is told: `router_config` from a region's published channels.

One plan serves SX1301 and SX1302 concentrators: station reads both under `sx1301_conf` and `hwspec` sx1301/N, and takes
what belongs to the hardware (radio types, gain tables, RSSI offsets) from its own file. Duty cycle and listening before
sending stay in force in the station where it has rules for them: `nodc`, `nodwell`, `nocca` are never sent, and neither
are `rmtsh` and `runcmd`.
"""

from collections.abc import Sequence
from typing import Any

from skerry_core.clock import NS_PER_S
from skerry_firmware_bridge.band_plan import band_edges_hz
from skerry_radio.lora import Datarate
from skerry_radio.regions import region_limits, region_params

__all__ = ["datarates", "listens_first", "router_config"]

RADIO_REACH_HZ = 400_000  # a radio of the concentrator hears channels this far from its centre
RADIOS = 2
UNUSED = [-1, 0, 0]
DOWN_ONLY_FROM = 8
# Station 2.0.6 drops every downlink when it is told a region that it has no rules for (`s2e.c`). Those get the rules of
# AU915, which add nothing to what this message says: the band and the power are ours, the duty cycle is the gate's.
_NO_RULES = "AU915"
_STATION_NAMES = {
    "EU868": "EU863", "US915": "US902", "AU915": "AU915", "AU915_SB1": "AU915", "AS923_1": "AS923-1",
    "AS923_1B": "AS923-1", "AS923_1C": "AS923-1", "KR920": "KR920",
}  # fmt: skip

# The one channel of another bandwidth that a concentrator has: (Hz, spreading factor, kHz) by plan.
_LORA_STD: dict[str, tuple[int, int, int]] = {
    "EU868": (868_300_000, 7, 250),
    "US915": (904_600_000, 8, 500),
    "AU915": (917_500_000, 8, 500),
    "AU915_SB1": (915_900_000, 8, 500),
}
_LISTENING = ("AS923-1", "KR920")  # where station itself listens before it sends
_LISTENING_BUILDS = ("linux", "linuxV2", "rpi", "kerlink")  # for SX1301; on an SX1302 station never listens


def listens_first(region: str, version: object) -> bool:
    """Return whether a station listens before it sends in this region; `version` is what it says of itself.

    A build for SX1301 does not even start there without the hardware for it. Of a build that is not known nothing is
    assumed.
    """
    _, _, build = str(version).partition("(")
    return _STATION_NAMES.get(region) in _LISTENING and build.partition("/")[0] in _LISTENING_BUILDS


def datarates(region: str) -> list[Datarate | None]:
    """Return the region's table of sixteen data rates (LoRaWAN regional parameters); None = unused or FSK."""
    if region.startswith("US915"):
        up = [Datarate(10, 125), Datarate(9, 125), Datarate(8, 125), Datarate(7, 125), Datarate(8, 500)]
    elif region.startswith("AU915"):
        up = [*(Datarate(factor, 125) for factor in range(12, 6, -1)), Datarate(8, 500)]
    else:
        up = [*(Datarate(factor, 125) for factor in range(12, 6, -1)), Datarate(7, 250)]
    table: list[Datarate | None] = [*up, *[None] * (16 - len(up))]
    if region.startswith(("US915", "AU915")):
        table[8:14] = [Datarate(factor, 500) for factor in range(12, 6, -1)]
    return table


def router_config(region: str, *, wall_ns: int) -> dict[str, Any]:
    """Return the message; `wall_ns` is now.

    Raises `UnknownRegion`, and `ValueError` for a plan that two radios cannot cover.
    """
    edges = band_edges_hz(region)
    channels = sorted(region_params(region).channels_hz)
    if edges is None or not all(edges[0] <= channel <= edges[1] for channel in channels):
        raise ValueError(f"the channels of {region} are not known")
    rates = [
        UNUSED if rate is None else [rate.spreading_factor, rate.bandwidth_khz, int(number >= DOWN_ONLY_FROM)]
        for number, rate in enumerate(datarates(region))
    ]
    return {
        "msgtype": "router_config",
        "NetID": None,  # no filter: witnesses and packets are judged here
        "JoinEui": None,
        "region": _STATION_NAMES.get(region, _NO_RULES),
        "hwspec": "sx1301/1",
        "freq_range": list(edges),
        "max_eirp": region_limits(region).max_eirp_ddbm / 10,  # station may only lower what it knows of a region
        "DRs": rates,
        "sx1301_conf": [_concentrator(channels, _LORA_STD.get(region))],
        "MuxTime": wall_ns / NS_PER_S,
    }


def _concentrator(channels: Sequence[int], standard: tuple[int, int, int] | None) -> dict[str, Any]:
    centres: list[int] = []
    placed: list[tuple[int, int]] = []
    for channel in channels:
        if not centres or channel > centres[-1] + RADIO_REACH_HZ:
            centres.append(channel + RADIO_REACH_HZ)
        placed.append((len(centres) - 1, channel - centres[-1]))
    if len(centres) > RADIOS:
        raise ValueError("two radios do not reach all channels")
    conf: dict[str, Any] = {f"radio_{number}": {"enable": True, "freq": hz} for number, hz in enumerate(centres)}
    for number in range(8):
        if number < len(placed):
            radio, offset_hz = placed[number]
            conf[f"chan_multiSF_{number}"] = {"enable": True, "radio": radio, "if": offset_hz}
        else:
            conf[f"chan_multiSF_{number}"] = {"enable": False}
    return conf | {"chan_Lora_std": _standard(centres, standard), "chan_FSK": {"enable": False}}


def _standard(centres: Sequence[int], standard: tuple[int, int, int] | None) -> dict[str, Any]:
    """Return the channel of another bandwidth, on the radio that is nearest."""
    if standard is None:
        return {"enable": False}
    channel_hz, factor, khz = standard
    radio = min(range(len(centres)), key=lambda number: abs(channel_hz - centres[number]))
    place = {"enable": True, "radio": radio, "if": channel_hz - centres[radio]}
    return place | {"bandwidth": khz * 1000, "spread_factor": factor}
