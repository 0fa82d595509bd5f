"""The RF medium: physics that a radio amateur would recognise, and equal results for equal seeds."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import h3.api.basic_str as h3
import pytest

from skerry_radio.path_loss import fspl_db
from skerry_simulate.clock import SimulatedClock
from skerry_simulate.landscape import Landscape, distance_m
from skerry_simulate.medium import Reception, RfMedium, Station

CENTRE = h3.latlng_to_cell(52.5, 13.4, 8)
CELLS = [h3.cell_to_center_child(cell, 12) for cell in sorted(h3.grid_disk(CENTRE, 6))]
PLAIN = Landscape(seed=1, relief_m=0)
HZ = 868_100_000


@dataclass
class Air:
    """A medium with stations by number and what each has heard."""

    clock: SimulatedClock
    medium: RfMedium
    heard: dict[str, list[Reception]] = field(default_factory=dict)

    def station(self, name: str, cell: str, *, height_m: float = 10.0) -> Station:
        inbox = self.heard.setdefault(name, [])
        return self.medium.add(name=name, cell=cell, on_frame=inbox.append, height_m=height_m)

    def send(
        self, station: Station, text: bytes, *, rate: str = "SF9BW125", hz: int = HZ, inverted: bool = False
    ) -> None:
        self.medium.transmit(station, phy=text, frequency_hz=hz, datarate=rate, power_dbm=14, inverted=inverted)

    def texts(self, name: str) -> list[bytes]:
        return [reception.frame.phy for reception in self.heard[name]]


def play(scene: Callable[[Air], None], *, seed: int = 7, landscape: Landscape | None = PLAIN) -> Air:
    """Run a scene that starts its transmissions at once, or by `clock.call_at`; return what became of it."""
    clock = SimulatedClock(start_s=1_790_000_000)

    async def main() -> Air:
        air = Air(clock, RfMedium(clock=clock, seed=seed, landscape=landscape))
        scene(air)
        await clock.sleep(60)
        return air

    with asyncio.Runner(loop_factory=clock.new_event_loop) as runner:
        return runner.run(main())


def test_a_near_station_hears_and_the_signal_is_weaker_than_in_free_space() -> None:
    def scene(air: Air) -> None:
        sender = air.station("a", CELLS[0])
        air.station("b", CELLS[5])
        air.send(sender, b"hello")

    air = play(scene)
    (reception,) = air.heard["b"]
    a, b = (air.medium._stations[name] for name in "ab")
    free_dbm = 14 + 1.2 + 1.2 - fspl_db(distance_m=distance_m(a.place, b.place), frequency_hz=HZ)
    assert free_dbm - 40 < reception.signal_dbm <= free_dbm
    assert reception.rssi_dbm >= reception.signal_dbm
    assert air.heard["a"] == []


def test_a_slow_frame_reaches_where_a_fast_one_is_lost_in_noise() -> None:
    far = h3.cell_to_center_child(h3.latlng_to_cell(52.5, 13.75, 8), 12)

    def scene(air: Air) -> None:
        sender = air.station("a", CELLS[0])
        air.station("b", far)
        air.send(sender, b"fast", rate="SF7BW500", hz=868_300_000)
        air.send(sender, b"slow", rate="SF12BW125")

    air = play(scene)
    assert air.texts("b") == [b"slow"]
    assert air.medium.lost["noise"] == 1


def test_of_two_frames_at_once_the_much_stronger_survives() -> None:
    def scene(air: Air) -> None:
        near, far = air.station("near", CELLS[61]), air.station("far", CELLS[-1])
        air.station("ear", CELLS[62])
        air.send(near, b"near")
        air.send(far, b"far")

    air = play(scene)
    assert air.texts("ear") == [b"near"]
    assert air.medium.lost["collision"] >= 1


def test_equally_strong_frames_destroy_each_other_unless_they_differ_in_channel_or_spreading(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("skerry_simulate.medium.SHADOWING_DB", 0.0)
    monkeypatch.setattr("skerry_simulate.medium.FADING_DB", 0.0)

    def scene(rate: str, hz: int) -> Callable[[Air], None]:
        def start(air: Air) -> None:
            first, second = air.station("one", CELLS[60]), air.station("two", CELLS[60])
            air.station("ear", CELLS[62])
            air.send(first, b"one")
            air.send(second, b"two", rate=rate, hz=hz)

        return start

    assert play(scene("SF9BW125", HZ)).texts("ear") == []
    assert sorted(play(scene("SF9BW125", 868_300_000)).texts("ear")) == [b"one", b"two"]
    assert sorted(play(scene("SF10BW125", HZ)).texts("ear")) == [b"one", b"two"]


def test_a_station_that_is_sending_hears_nothing() -> None:
    def scene(air: Air) -> None:
        first, second = air.station("one", CELLS[60]), air.station("two", CELLS[61])
        air.send(first, b"one", rate="SF7BW125", hz=868_300_000)
        air.send(second, b"two", rate="SF12BW125")

    air = play(scene)
    assert air.texts("one") == []
    assert air.texts("two") == []
    assert air.medium.lost["half_duplex"] == 2


def test_gateways_do_not_hear_each_others_downlinks() -> None:
    def scene(air: Air) -> None:
        sender = air.station("a", CELLS[0])
        air.station("b", CELLS[5])
        air.send(sender, b"down", inverted=True)

    assert play(scene).texts("b") == []


def test_hills_cost_signal_and_height_gives_it_back() -> None:
    hills = Landscape(seed=3, relief_m=300)
    far = h3.cell_to_center_child(h3.latlng_to_cell(52.5, 13.5, 8), 12)

    def loss(landscape: Landscape, height_m: float) -> float:
        losses: list[float] = []

        def scene(air: Air) -> None:
            a = air.station("a", CELLS[0], height_m=height_m)
            b = air.station("b", far, height_m=height_m)
            losses.append(air.medium.loss_db(a, b, HZ))
            assert losses == [air.medium.loss_db(b, a, HZ)]

        play(scene, landscape=landscape)
        return losses[0]

    assert loss(hills, 10) > loss(PLAIN, 10)
    assert loss(hills, 300) < loss(hills, 10)


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 1, 0]])
def test_the_order_of_tasks_changes_nothing(order: list[int]) -> None:
    def scene(numbers: list[int]) -> Callable[[Air], None]:
        def start(air: Air) -> None:
            stations = {number: air.station(str(number), CELLS[number * 20]) for number in range(3)}
            air.station("ear", CELLS[30])
            for number in numbers:
                air.send(stations[number], bytes([number]) * 20, hz=868_100_000 + 200_000 * number)

        return start

    def facts(air: Air) -> set[tuple[str, bytes, float, float, int]]:
        return {
            (name, heard.frame.phy, heard.signal_dbm, heard.snr_db, heard.frame.end_ns)
            for name, inbox in air.heard.items()
            for heard in inbox
        }

    assert facts(play(scene(order))) == facts(play(scene([0, 1, 2])))
    assert facts(play(scene(order))) != facts(play(scene(order), seed=8))


def test_a_name_is_given_once() -> None:
    def scene(air: Air) -> None:
        air.station("a", CELLS[0])
        with pytest.raises(ValueError, match="exists"):
            air.station("a", CELLS[1])

    play(scene)
