"""The numbers that the IoT rules take; a profile's dated entry names them, and its hash covers them."""

from dataclasses import dataclass

__all__ = ["PocParameters"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PocParameters:
    """Limits of the beacon and witness rules; the defaults are the last that ran on Helium (iot-poc section 4)."""

    beacon_interval_s: int = 21_600
    entropy_lifespan_s: int = 180
    max_witnesses: int = 14
    max_lag_after_beacon_ms: int = 4_000
    max_lag_after_first_witness_ms: int = 1_500
    max_frequency_offset_hz: int = 100_000
    min_distance_cells: int = 8
    max_distance_km: int = 100
    reciprocity_window_s: int = 172_800
    reciprocity_required: bool = True
