import pytest

from skerry_radio.errors import UnknownRegion
from skerry_radio.lora import Datarate, airtime_us
from skerry_radio.regions import known_limits, published_regions, region_limits, region_params


@pytest.mark.parametrize("region", published_regions())
def test_every_published_region_has_limits_with_a_source(region: str) -> None:
    limits = region_limits(region)
    assert limits.max_eirp_ddbm == region_params(region).max_eirp_ddbm
    assert limits.source


def test_limits_exist_for_published_regions_only() -> None:
    assert set(known_limits()) == set(published_regions())


@pytest.mark.parametrize("region", ["AU915_SB2", "EU868_A", "UNKNOWN", ""])
def test_a_region_that_nobody_published_is_refused(region: str) -> None:
    with pytest.raises(UnknownRegion):
        region_params(region)
    with pytest.raises(UnknownRegion):
        region_limits(region)


@pytest.mark.parametrize("region", published_regions())
def test_every_channel_lies_in_a_duty_band_where_there_are_any(region: str) -> None:
    limits = region_limits(region)
    if limits.duty_bands and limits.beacons_refused is None:
        assert all(limits.duty_band(channel) for channel in region_params(region).channels_hz)


def test_the_stricter_of_two_touching_bands_counts() -> None:
    band = region_limits("EU868").duty_band(865_000_000)
    assert band is not None
    assert band.limit_ppm == 1_000
    assert region_limits("EU868").duty_band(868_650_000) is None


def test_a_beacon_fits_the_dwell_limit_wherever_there_is_one() -> None:
    for region in published_regions():
        limits = region_limits(region)
        spreading = 12 if region_params(region).spreading[0] == ("SF12", 65) else 9
        if limits.dwell_up_ms:
            assert airtime_us(Datarate(spreading, 125), 52) <= limits.dwell_up_ms * 1000


def test_listen_before_talk_and_switched_off_regions_are_marked() -> None:
    assert [name for name in known_limits() if region_limits(name).needs_lbt] == ["KR920"]
    assert [name for name in known_limits() if region_limits(name).beacons_refused] == ["CN470", "EU433"]
