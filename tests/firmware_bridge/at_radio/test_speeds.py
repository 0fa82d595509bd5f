"""A port's speed is found once and kept while its module hangs."""

from skerry_firmware_bridge.at_radio.rn2483 import Rn2483
from skerry_firmware_bridge.at_radio.speeds import Speeds
from skerry_firmware_bridge.at_radio.wio_e5 import WioE5


def test_each_speed_is_tried_in_turn_until_one_answers() -> None:
    speeds, tried = Speeds(WioE5()), []
    for _ in range(3):
        tried.append(speeds.now)
        speeds.silent()
    assert tried == [9600, 115_200, 9600]


def test_a_speed_that_worked_is_kept_while_the_module_hangs_and_doubted_now_and_then() -> None:
    speeds = Speeds(WioE5())
    speeds.silent()
    speeds.answered()
    tried = []
    for _ in range(8):
        tried.append(speeds.now)
        speeds.silent()
    assert tried == [115_200] * 3 + [9600] + [115_200] * 4
    speeds.answered()
    assert speeds.now == 115_200


def test_a_module_with_one_speed_keeps_it() -> None:
    speeds = Speeds(Rn2483())
    for _ in range(9):
        speeds.silent()
    assert speeds.now == 57_600
