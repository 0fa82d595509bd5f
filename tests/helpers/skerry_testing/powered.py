"""Carries, records and pays while every sync is recorded: `python -m skerry_testing.powered DIR RECORD START`.

DIR was made by `create_agent` before the Unix time START. Everything that it says was done is noted as acknowledged.
"""

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from skerry_testing.power import acknowledge, observe

if TYPE_CHECKING:
    from skerry_simulate.clock import SimulatedClock
    from skerry_wire.frames import ReceivedFrame

EPOCHS = 2
PACKETS = 3


async def main(folder: Path, record: Path, clock: "SimulatedClock") -> None:
    """Carry, record, pay."""
    # Imported here: the observer must be in place before any of our code keeps a reference to os.fdatasync.
    from skerry_agent.evidence import EvidenceLog, TimeKeeper
    from skerry_client.paths import choose_paths
    from skerry_coverage.evidence.entry import EntryKind, TimeSource
    from skerry_keys.software import SoftwareSigner
    from skerry_testing.agents import NETWORK, opened_house, stated_payments
    from skerry_testing.evidence import BOOT
    from skerry_wallet.chain.embedded import EmbeddedCluster

    command = (sys.executable, "-m", "skerry_testing.power", str(record), str(folder))
    signer = SoftwareSigner.from_key_file(choose_paths(folder, environ={}).gateway_key.read_bytes())
    time = TimeKeeper(clock, boot_id=BOOT)
    time.synchronised(TimeSource.SIMULATED, error_ns=0)
    chain = folder / "operator" / "chain"
    async with (
        EmbeddedCluster(chain, network=NETWORK, clock=clock, command=command) as cluster,
        opened_house(folder, clock=clock, cluster=cluster) as (house, stores),
    ):
        log = await EvidenceLog.open(stores.main, signer=signer, network=NETWORK, clock=clock, time=time)
        operator = house.operator("power")
        for epoch in range(EPOCHS):
            for number in range(PACKETS):
                frame = _uplink(epoch * PACKETS + number, clock)
                packet_id = f"{epoch}/{number}"
                assert await operator.carry(signer.public_key, frame, packet_id=packet_id, region="EU868")
                acknowledge("packet", frame.phy.hex())
                entry = await log.append(EntryKind.FRAME, frame.phy, link="test", source="test")
                acknowledge("evidence", entry.id.hex())
            await log.seal()
            await clock.sleep(200)
            await house.oracle.advance()
            for paid, _ in await stated_payments(house):
                acknowledge("paid", str(paid))


def _uplink(number: int, clock: "SimulatedClock") -> "ReceivedFrame":
    from skerry_wire.frames import Crc, ReceivedFrame

    phy = b"\x40" + (0x78000100).to_bytes(4, "little") + b"\x00" + number.to_bytes(2, "little") + b"\x01payload!MIC!"
    return ReceivedFrame(
        phy=phy, frequency_hz=868_100_000, datarate="SF7BW125", rssi_dbm=-60, snr_db=9.5, tmst_us=number,
        crc=Crc.OK, received_wall_ns=clock.wall_ns(), received_monotonic_ns=clock.monotonic_ns(), source="udp test",
    )  # fmt: skip


if __name__ == "__main__":
    root, record_folder = Path(sys.argv[1]), Path(sys.argv[2])
    observe(record_folder, root)
    from skerry_simulate.clock import SimulatedClock

    simulated = SimulatedClock(start_s=int(sys.argv[3]))
    with asyncio.Runner(loop_factory=simulated.new_event_loop) as runner:
        runner.run(main(root, record_folder, simulated))
