import pytest

from skerry_coverage.iot.beacon import build_beacon, conducted_power_dbm
from skerry_coverage.iot.errors import BeaconRefused
from skerry_coverage.iot.region_message import decode_region_params, encode_region_params
from skerry_radio.regions import published_regions, region_params
from skerry_wire.generated.region_pb2 import blockchain_region_params_v1
from skerry_wire.lorawan import beacon_data
from skerry_wire.sink import Entropy

REMOTE = Entropy(data=b"\x07" * 32, timestamp_s=1_700_000_000, version=0)


@pytest.mark.parametrize("region", published_regions())
def test_every_published_region_gives_a_beacon_that_witnesses_recognise(region: str) -> None:
    params = region_params(region)
    beacon = build_beacon(remote=REMOTE, local=b"\x01\x02\x03\x04", params=params, gain_ddbi=12)
    assert beacon_data(beacon.phy) == beacon.data
    assert beacon.frequency_hz in params.channels_hz
    assert beacon.conducted_power_dbm * 10 + 12 <= params.max_eirp_ddbm


@pytest.mark.parametrize("region", published_regions())
def test_parameters_survive_the_wire(region: str) -> None:
    encoded = encode_region_params(region_params(region)).SerializeToString()
    decoded = decode_region_params(region, blockchain_region_params_v1.FromString(encoded))
    assert decoded == region_params(region)


def test_parameters_for_an_unknown_region_are_refused() -> None:
    with pytest.raises(BeaconRefused, match="no_region_params"):
        decode_region_params("UNKNOWN", encode_region_params(region_params("EU868")))
    with pytest.raises(BeaconRefused, match="no_region_params"):
        decode_region_params("EU868", blockchain_region_params_v1())


def test_power_is_cut_and_never_negative() -> None:
    eu868 = region_params("EU868")
    assert conducted_power_dbm(eu868, 12) == 14
    assert conducted_power_dbm(eu868, -3) == 16
    assert conducted_power_dbm(eu868, 161) == 0
    with pytest.raises(BeaconRefused, match="no_conducted_power"):
        conducted_power_dbm(eu868, 162)
