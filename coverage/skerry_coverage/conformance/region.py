"""Conformance kinds of the family `region`."""

import hashlib
from typing import Any

from skerry_core.conformance import CaseError, Kind
from skerry_coverage.conformance.shapes import Case
from skerry_coverage.iot.beacon import select_datarate
from skerry_coverage.iot.region_message import encode_region_params
from skerry_radio.errors import UnknownRegion
from skerry_radio.regions import RegionParams, region_params
from skerry_wire.generated.region_pb2 import region as region_enum
from skerry_wire.lorawan import BEACON_DATA_BYTES

__all__ = ["KINDS", "published"]


def published(name: str) -> RegionParams:
    """Return a region's parameters; the expected failure is `no_region_params`."""
    try:
        return region_params(name)
    except UnknownRegion as error:
        raise CaseError(error.reason) from None


def _params(case: Case) -> dict[str, Any]:
    params = published(case["region"])
    encoded = encode_region_params(params).SerializeToString(deterministic=True)
    return {
        "region_number": region_enum.Value(params.region),
        "channels_hz": list(params.channels_hz),
        "bandwidth_hz": params.bandwidth_hz,
        "max_eirp_ddbm": params.max_eirp_ddbm,
        "spreading": [list(entry) for entry in params.spreading],
        "beacon_datarate": select_datarate(params, BEACON_DATA_BYTES),
        "encoded_size": len(encoded),
        "encoded_sha256_hex": hashlib.sha256(encoded).hexdigest(),
    }


KINDS: dict[str, Kind] = {"region.params": Kind(run=_params)}
