"""What else is on the air and on the wire: sensors that send uplinks, datagrams captured from real forwarders."""

import json
import socket
from pathlib import Path
from random import Random

from skerry_agent.demo.plan import CENTRE
from skerry_agent.demo.world import World
from skerry_radio.regions import region_params

__all__ = ["captured_datagrams", "replay_captures", "send_uplinks"]

DEVICES = 4
UPLINK_PERIOD_S = 300
UPLINK_BYTES = (20, 60)
DEVICE_DBM = 14.0
DEVICE_HEIGHT_M = 1.5
DEV_ADDR_BASE = 0x78000100
CAPTURES = ("gwmp.captured", "gwmp.decode")


async def send_uplinks(world: World) -> None:
    """Let a few sensors send data frames until cancelled; hotspots that hear them carry them for data credits."""
    import h3

    random = Random(f"{world.plan.seed} sensors")  # noqa: S311 - a simulation must repeat itself
    channels = region_params(world.plan.region).channels_hz
    stations = []
    for number in range(DEVICES):
        lat, lon = (CENTRE[0] + random.uniform(-0.03, 0.03), CENTRE[1] + random.uniform(-0.06, 0.06))
        stations.append(
            world.medium.add(
                name=f"sensor {number}",
                cell=h3.latlng_to_cell(lat, lon, 12),
                gain_dbi=0.0,
                height_m=DEVICE_HEIGHT_M,
                listens=None,
            )
        )
    counter = 0
    while True:
        for number, station in enumerate(stations):
            await world.clock.sleep(UPLINK_PERIOD_S / DEVICES)
            phy = _data_frame(DEV_ADDR_BASE + number, counter, random)
            world.medium.transmit(
                station,
                phy=phy,
                frequency_hz=random.choice(channels),
                datarate=random.choice(("SF7BW125", "SF9BW125", "SF10BW125")),
                power_dbm=DEVICE_DBM,
                inverted=False,
            )
        counter += 1


def captured_datagrams(folder: Path) -> list[bytes]:
    """Return the datagrams of the GWMP vectors in a folder; none when it is not there."""
    found = []
    for name in CAPTURES:
        file = folder / f"{name}.json"
        if file.exists():
            cases = json.loads(file.read_text())["cases"]
            found += [bytes.fromhex(case["in"]["datagram_hex"]) for case in cases]
    return found


async def replay_captures(world: World, datagrams: list[bytes]) -> int:
    """Send captured datagrams to the first hotspot's real UDP port; return how many it answered."""
    (radios,) = world.apps[0].agent.radios
    assert radios.server is not None
    answered = 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.setblocking(False)
        sender.connect(radios.server.address)
        for datagram in datagrams:
            sender.send(datagram)
            await world.clock.sleep(1)  # simulated time stands still until the server has read it
            try:
                sender.recv(2048)
                answered += 1
            except BlockingIOError:
                continue  # acknowledgements and broken headers are not answered
    return answered


def _data_frame(dev_addr: int, counter: int, random: Random) -> bytes:
    """Return an unconfirmed data frame with random content and integrity code: the network server would check that."""
    header = bytes([0x40]) + dev_addr.to_bytes(4, "little") + b"\x00" + (counter & 0xFFFF).to_bytes(2, "little")
    return header + b"\x01" + random.randbytes(random.randint(*UPLINK_BYTES)) + random.randbytes(4)
