"""Recorded datagrams sent to a whole agent: each is acknowledged, and the log holds documented reports only."""

import logging
import re
from pathlib import Path

import pytest

from skerry_agent.background import Background
from skerry_core.clock import SystemClock, io_timeout
from skerry_core.errors import UsageError
from skerry_simulate.replay import recorded, replay
from skerry_testing.agents import free_udp_port
from skerry_testing.cli import skerry
from skerry_testing.runtime import FakeOperator, open_agent, open_runtime_stores

ROOT = Path(__file__).resolve().parents[2]
RECORDINGS = ROOT / "tests" / "vectors" / "gwmp"
PAGE = ROOT / "docs" / "packet-forwarders.md"
LIMIT_S = 60.0


async def test_every_recorded_datagram_is_dealt_with(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    documented = set(re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (`.*?) \|", PAGE.read_text(), re.MULTILINE))))
    datagrams = recorded([RECORDINGS])
    clock = SystemClock()
    async with open_runtime_stores(tmp_path / "state", clock) as stores, io_timeout(LIMIT_S):
        app = await open_agent(stores, tmp_path, clock, operator=FakeOperator(clock), gwmp__listen="127.0.0.1:0")
        async with Background() as background:
            background.start(app.agent.run(), name="agent")
            (radios,) = app.agent.radios
            await radios.listening.wait()
            assert radios.server is not None
            done = await replay(datagrams, radios.server.address)
        assert (done.sent, done.acknowledged) == (len(datagrams), done.owed)
        assert done.owed >= 20
        assert await stores.packets.count() >= 5
    loud = [record.getMessage() for record in caplog.records if record.levelno > logging.INFO]
    reported = [line for line in loud if "down (The server was stopped.)" not in line]
    codes = [line[line.rindex("(") + 1 : -1] for line in reported]
    assert len(codes) == len(set(codes)) >= 5
    assert set(codes) <= documented


def test_without_an_agent_the_replay_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "one.json").write_text('{"cases": [{"in": {"datagram_hex": "02000102aa555a0000000001"}}]}')
    server = f"127.0.0.1:{free_udp_port()}"
    ran = skerry(tmp_path, "simulate", "packet-forwarder", "--replay", str(tmp_path / "one.json"), "--server", server)
    assert ran.code == 1
    assert "1 datagrams were not acknowledged" in ran.err
    assert "gwmp.listen" in ran.err


@pytest.mark.parametrize("content", ["nonsense", "[]", '{"cases": [{"in": {"datagram_hex": "zz"}}]}', '{"cases": []}'])
def test_a_file_that_is_no_recording_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "one.json").write_text(content)
    with pytest.raises(UsageError, match="E_RECORDING"):
        recorded([tmp_path])
