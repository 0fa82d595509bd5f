"""The channel plan that a Basic Station is told: `router_config` from a region's published channels."""

from collections.abc import Sequence
from typing import Any

from skerry_firmware_bridge.band_plan import band_edges_hz
from skerry_radio.lora import Datarate
from skerry_radio.regions import region_params

__all__ = ["datarates", "router_config"]

RADIO_REACH_HZ = 400_000  # a radio of the concentrator hears channels this far from its centre
RADIOS = 2
UNUSED = [-1, 0, 0]
DOWN_ONLY_FROM = 8
_STATION_NAMES = {
    "EU868": "EU863", "US915": "US902", "AU915": "AU915", "AU915_SB1": "AU915", "AS923_1": "AS923-1",
    "AS923_1B": "AS923-1", "AS923_1C": "AS923-1", "AS923_2": "AS923-2", "AS923_3": "AS923-3", "AS923_4": "AS923-4",
    "IN865": "IN865", "KR920": "KR920", "RU864": "RU864", "CN470": "CN470",
}  # fmt: skip


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


def router_config(region: str) -> dict[str, Any]:
    """Return the message. Raises `UnknownRegion`, and `ValueError` for a plan that two radios cannot cover."""
    edges = band_edges_hz(region)
    channels = sorted(region_params(region).channels_hz)
    if edges is None:
        raise ValueError(f"the band of {region} is not known")
    rates = [
        UNUSED if rate is None else [rate.spreading_factor, rate.bandwidth_khz, int(number >= DOWN_ONLY_FROM)]
        for number, rate in enumerate(datarates(region))
    ]
    return {
        "msgtype": "router_config",
        "NetID": None,  # no filter: witnesses and packets are judged here
        "JoinEui": None,
        "region": _STATION_NAMES.get(region, region),
        "hwspec": "sx1301/1",
        "freq_range": list(edges),
        "DRs": rates,
        "sx1301_conf": [_concentrator(channels)],
    }


def _concentrator(channels: Sequence[int]) -> dict[str, Any]:
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
    return conf | {"chan_Lora_std": {"enable": False}, "chan_FSK": {"enable": False}}
