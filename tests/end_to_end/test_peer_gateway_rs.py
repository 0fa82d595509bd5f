"""Helium's gateway-rs on emulated radios joins a Skerry oracle by its five settings.

Runs when PEER_GATEWAY_RS names a `helium_gateway` program; it gets loopback addresses only. The beacon interval is
shortened (a setting of gateway-rs), nothing else is changed. Takes about five minutes: an oracle judges a beacon once
no witness of it can be valid any more.
"""

import asyncio
import base64
import json
import os
import socket
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import h3.api.basic_str as h3
import pytest

from skerry_core.clock import SystemClock
from skerry_keys.software import SoftwareSigner
from skerry_keys.tag import KeyType
from skerry_simulate.forwarder import PacketForwarderEmulator
from skerry_simulate.medium import Reception, RfMedium
from skerry_testing.network_server import packet_port
from skerry_testing.oracle import SeededRandom, signer
from skerry_testing.oracle_process import OracleProcess, running_oracle
from skerry_testing.village import STEP_DEGREES

PROGRAM = os.environ.get("PEER_GATEWAY_RS", "")
LIMIT_S = 560
INTERVAL_S = 30
DEV_ADDR = 0x78000001
UPLINK = b"\x40" + DEV_ADDR.to_bytes(4, "little") + bytes.fromhex("000100") + b"\x01" + b"payload" + b"MIC!"
DOWNLINK = b"\x60" + DEV_ADDR.to_bytes(4, "little") + b"\x00\x01\x00MIC!"
# All but the first beacons come too soon after one another here, and the first of all had nobody to witness before.
EXPECTED = {"valid", "irregular_interval", "gateway_no_valid_beacons", "gateway_no_valid_witnesses"}

pytestmark = [
    pytest.mark.peers,
    pytest.mark.skipif(not PROGRAM, reason="PEER_GATEWAY_RS names no gateway-rs program"),
    pytest.mark.timeout(LIMIT_S + 30),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hotspot:
    """One gateway-rs with its files and the cell it stands in."""

    folder: Path
    cell: str
    gwmp_port: int

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()


def free_port(kind: socket.SocketKind) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def settings(folder: Path, gwmp_port: int, oracle: OracleProcess) -> str:
    """Return a settings file; the five lines that name the oracle are those of docs/join-with-gateway-rs.md."""
    return f"""
keypair = "{folder / "gateway_key.bin"}"
listen = "127.0.0.1:{gwmp_port}"
api = "127.0.0.1:{free_port(socket.SOCK_STREAM)}"

[log]
level = "debug"
timestamp = true

[router]
uri = "http://{oracle.address}"
queue = 20

[config]
uri = "http://{oracle.address}"
pubkey = "{oracle.public_key}"

[poc]
entropy_uri = "http://{oracle.address}"
ingest_uri = "http://{oracle.address}"
interval = {INTERVAL_S}
"""


def make_hotspot(folder: Path, number: int, key: bytes | None, oracle: OracleProcess) -> Hotspot:
    """Write a hotspot's files, let gateway-rs make its key where none is given, and let it join."""
    folder.mkdir()
    gwmp_port = free_port(socket.SOCK_DGRAM)
    config, key_file = folder / "settings.toml", folder / "gateway_key.bin"
    config.write_text(settings(folder, gwmp_port, oracle))
    if key is not None:
        key_file.write_bytes(key)
    # It makes a missing key when it reads its settings; the command itself then fails, as no server runs yet.
    subprocess.run([PROGRAM, "-c", str(config), "key", "info"], check=False, capture_output=True, timeout=20)
    cell = h3.latlng_to_cell(54.0 + STEP_DEGREES * number, 12.0, 12)
    oracle.join(gateway=key_file, owner=signer(f"owner {number}"), cell=cell, region="EU868")
    return Hotspot(folder=folder, cell=cell, gwmp_port=gwmp_port)


@asynccontextmanager
async def on_air(hotspot: Hotspot, number: int, medium: RfMedium, clock: SystemClock) -> AsyncIterator[None]:
    """Run gateway-rs, with an emulated packet forwarder as its radio."""
    with (hotspot.folder / "log").open("w") as log:
        program = await asyncio.create_subprocess_exec(
            PROGRAM, "-c", str(hotspot.folder / "settings.toml"), "server", stdout=log, stderr=log
        )
    forwarder = PacketForwarderEmulator(
        eui=bytes(7) + bytes([number + 1]), cell=h3.cell_to_center_child(hotspot.cell, 13), medium=medium, clock=clock,
        server=("127.0.0.1", hotspot.gwmp_port), seed=number,
    )  # fmt: skip
    try:
        async with forwarder:
            yield
    finally:
        program.terminate()
        await program.wait()


async def until(clock: SystemClock, what: str, found: Callable[[], bool], hotspots: list[Hotspot]) -> None:
    deadline_ns = clock.monotonic_ns() + LIMIT_S * 10**9
    while not await asyncio.to_thread(found):
        logs = "\n".join(hotspot.log[-3_000:] for hotspot in hotspots)
        assert clock.monotonic_ns() < deadline_ns, f"never came: {what}\n{logs}"
        await clock.sleep(1)


async def test_gateway_rs_joins_by_five_settings_beacons_witnesses_and_routes_packets(tmp_path: Path) -> None:
    clock = SystemClock()
    medium = RfMedium(clock=clock, seed=1)
    heard: list[Reception] = []
    ecc = SoftwareSigner.generate(SeededRandom("ecc"), key_type=KeyType.ECC_COMPACT)
    # Five, because gateway-rs chooses its moments by chance: of three, two may beacon at once and not be witnessed.
    keys = [None, signer("hotspot 1").to_key_file(), ecc.to_key_file(), None, None]
    async with AsyncExitStack() as stack:
        oracle = stack.enter_context(running_oracle(tmp_path / "oracle"))
        lns = await stack.enter_async_context(packet_port(downlink=DOWNLINK))
        route = {
            "id": "farm", "oui": 1, "net_id": "00003C", "max_copies": 3, "dev_addr_ranges": [["78000000", "78000007"]],
            "server": {"protocol": "gwmp", "host": "127.0.0.1", "port": lns.port},
        }  # fmt: skip
        oracle.run("route", "add", "-", text=json.dumps(route))
        hotspots = [make_hotspot(tmp_path / str(n), n, key, oracle) for n, key in enumerate(keys)]
        for number, hotspot in enumerate(hotspots):
            await stack.enter_async_context(on_air(hotspot, number, medium, clock))

        def everybody(text: str, *, count: int = 1) -> Callable[[], bool]:
            return lambda: all(hotspot.log.count(text) >= count for hotspot in hotspots)

        await until(clock, "region parameters", everybody("fetched config region_params"), hotspots)
        await until(clock, "both sessions", everybody("initialized session", count=2), hotspots)

        device = medium.add(
            name="device", cell=h3.cell_to_center_child(hotspots[1].cell, 13), height_m=2,
            listens=lambda frame: frame.inverted, on_frame=heard.append,
        )  # fmt: skip
        medium.transmit(device, phy=UPLINK, frequency_hz=868_100_000, datarate="SF9BW125", power_dbm=14, inverted=False)
        rxpk = await lns.uplinks.get()
        assert base64.b64decode(rxpk["data"]) == UPLINK
        assert (rxpk["freq"], rxpk["datr"]) == (868.1, "SF9BW125")
        await until(clock, "the downlink on the air", lambda: bool(heard), hotspots)
        assert heard[0].frame.phy == DOWNLINK

        await until(clock, "beacons", everybody("poc beacon report submitted"), hotspots)
        await until(clock, "witnesses", everybody("poc witness report submitted"), hotspots)

        def judged() -> bool:
            counts = oracle.counts()
            return all(counts.get(kind, {}).get("valid", 0) >= 2 for kind in ("beacon", "witness"))

        await until(clock, "valid verdicts", judged, hotspots)
        counts = oracle.counts()
        print(counts)
        assert counts.keys() == {"beacon", "witness"}, "refused calls"
        assert {reason for reasons in counts.values() for reason in reasons} <= EXPECTED
