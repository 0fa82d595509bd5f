"""Which radio a frame goes out by."""

from skerry_agent.runtime.radio_set import WRAP_US, RadioSet
from skerry_firmware_bridge.basic_station.radio import StationRadio
from skerry_testing.runtime import FakeRadio, frame
from skerry_wire.frames import TransmitOutcome, TransmitRequest


def test_beacons_go_out_by_the_radio_that_has_been_up_longest() -> None:
    radios, one, two = RadioSet(), FakeRadio("a"), FakeRadio("b")
    assert radios.first is None
    radios.up(one)
    radios.up(two)
    radios.up(one)
    assert radios.first is one
    radios.down("a")
    assert radios.first is two
    radios.up(one)
    assert radios.first is two
    radios.expect("c")
    assert radios.seen == ("a", "b", "c")


def test_a_downlink_goes_to_the_radio_whose_counter_its_window_is_stated_in() -> None:
    radios, one, two = RadioSet(), FakeRadio("a"), FakeRadio("b")
    radios.up(one)
    radios.up(two)
    radios.heard("a", frame(tmst_us=500))
    radios.heard("b", frame(tmst_us=WRAP_US - 700))
    assert radios.for_window(1_000_500) is one
    assert radios.for_window((WRAP_US - 700 + 5_000_000) % WRAP_US) is two
    assert radios.for_window(123) is one  # nothing tells
    assert radios.for_window(None) is one
    radios.down("b")
    assert radios.for_window((WRAP_US - 700 + 5_000_000) % WRAP_US) is one


def test_a_radio_that_sends_only_downlinks_is_the_last_resort_for_beacons() -> None:
    radios = RadioSet()
    station = StationRadio(eui=bytes(8), has_lbt=False, send=_never)
    radios.up(station)
    assert radios.first is station
    radios.up(FakeRadio())
    assert radios.first is not station


async def _never(eui: bytes, request: TransmitRequest) -> TransmitOutcome:
    raise AssertionError(eui, request)
