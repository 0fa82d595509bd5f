"""The embedded cluster: starts on demand, survives its child's death, follows simulated time, stops when idle."""

import asyncio
import os
import random
import signal
from pathlib import Path

import pytest

from skerry_core.clock import SystemClock
from skerry_simulate.clock import SimulatedClock
from skerry_testing.wallet import NETWORK, START_S, address_of, signer, simulated
from skerry_wallet.chain.embedded import EmbeddedCluster
from skerry_wallet.chain.machine import SLOT_MS
from skerry_wallet.chain.protocol import BrokenFrame, FrameBuffer, encode_frame
from skerry_wallet.errors import ClusterError, ClusterUnavailable, TransactionRejected
from skerry_wallet.programs import transfer_lamports
from skerry_wallet.transaction import compile_message, sign_message, signer_key

KILLS = int(os.environ.get("SKERRY_SOAK_KILLS", "20"))


def test_it_follows_simulated_time_and_starts_by_itself(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with EmbeddedCluster(tmp_path, network=NETWORK, clock=clock) as cluster:
            assert cluster.process_id is None
            assert await cluster.block_height() == 0
            await clock.sleep(86_400)
            assert await cluster.block_height() == 86_400_000 // SLOT_MS
            assert clock.wall_s() == START_S + 86_400

    simulated(main)


def test_an_idle_child_ends_and_the_next_request_starts_another(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with EmbeddedCluster(tmp_path, network=NETWORK, clock=clock, idle_stop_s=0.0) as cluster:
            signature = await cluster.airdrop(address_of("payer"), 10**9)
            first = cluster.process_id
            ended = asyncio.Event()
            asyncio.get_running_loop().call_later(0.01, ended.set)
            with clock.hold("test"):
                await ended.wait()
            (status,) = await cluster.statuses([signature])
            assert status is not None
            assert cluster.process_id != first

    simulated(main)


async def test_twenty_kills_lose_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    """The child is killed at random moments while transfers run; every acknowledged one is there, each once."""
    chance = random.Random(20)
    payer = signer("payer")
    acknowledged: list[str] = []
    refusals: list[object] = []
    async with EmbeddedCluster(tmp_path, network=NETWORK, clock=SystemClock()) as cluster:
        await cluster.airdrop(address_of("payer"), 10**12)

        async def pay(number: int) -> None:
            target = signer_key(signer(f"target {number}"))
            call = transfer_lamports(source=signer_key(payer), target=target, lamports=1_000_000)
            raw = sign_message(
                compile_message(signer_key(payer), [call], (await cluster.latest_blockhash()).blockhash), [payer]
            )
            for _ in range(5):
                try:
                    acknowledged.append(await cluster.send(raw))
                    return
                except ClusterUnavailable:
                    continue
                except TransactionRejected as refusal:
                    refusals.append(refusal.error)
                    return
            pytest.fail("five restarts in a row failed")

        def kill() -> None:
            if cluster.process_id is not None:
                os.kill(cluster.process_id, signal.SIGKILL)

        for kill_number in range(KILLS):
            asyncio.get_running_loop().call_later(chance.uniform(0.0, 0.02), kill)
            async with asyncio.TaskGroup() as group:
                for number in range(10):
                    group.create_task(pay(kill_number * 10 + number), name=f"test: pay {number}")
            kill()
        targets = await cluster.accounts([address_of(f"target {number}") for number in range(10 * KILLS)])
        assert [target.lamports if target else 0 for target in targets] == [1_000_000] * 10 * KILLS
        assert None not in await cluster.statuses(acknowledged)
        assert set(refusals) <= {"AlreadyProcessed"}  # the answer was lost with the child


def test_a_cancelled_request_does_not_give_its_answer_to_the_next(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with EmbeddedCluster(tmp_path, network=NETWORK, clock=clock) as cluster:
            await cluster.genesis_hash()
            for _ in range(10):
                cancelled = asyncio.ensure_future(cluster.latest_blockhash())
                await asyncio.tasks.sleep(0)
                cancelled.cancel()
                assert await cluster.minimum_rent_lamports(0) == 890_880
                assert isinstance(await cluster.block_height(), int)

    simulated(main)


def test_a_child_that_cannot_start_is_said_to_be_unavailable(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with EmbeddedCluster(tmp_path, network=NETWORK, clock=clock, command=("/bin/false",)) as cluster:
            with pytest.raises((ClusterUnavailable, EOFError)) as failure:
                await cluster.block_height()
            assert isinstance(failure.value, ClusterUnavailable)

    simulated(main)


def test_damage_and_a_foreign_network_reach_the_agent_as_errors_for_people(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with EmbeddedCluster(tmp_path, network=NETWORK, clock=clock) as cluster:
            await cluster.airdrop(address_of("payer"), 10**9)
        async with EmbeddedCluster(tmp_path, network="other", clock=clock) as cluster:
            with pytest.raises(ClusterError) as refusal:
                await cluster.block_height()
            assert refusal.value.code == "E_CHAIN_NETWORK"
        (tmp_path / "journal").write_bytes(b"garbage garbage")
        async with EmbeddedCluster(tmp_path, network=NETWORK, clock=clock) as cluster:
            with pytest.raises(ClusterError) as refusal:
                await cluster.block_height()
            assert refusal.value.code == "E_CHAIN_DAMAGED"

    simulated(main)


def test_frames_arrive_whole_however_they_are_cut() -> None:
    messages = [[1, "send", b"x" * 300, 5], [2, "rent", 0, 6]]
    stream = b"".join(encode_frame(message) for message in messages)
    buffer = FrameBuffer()
    assert [message for position in range(len(stream)) for message in buffer.feed(stream[position : position + 1])] == (
        messages
    )


@pytest.mark.parametrize("raw", [b"\xff\xff\xff\xff", b"\x01\x00\x00\x00\xff", b"\x01\x00\x00\x00\x05"])
def test_broken_frames_are_said_to_be_broken(raw: bytes) -> None:
    with pytest.raises(BrokenFrame):
        FrameBuffer().feed(raw)
