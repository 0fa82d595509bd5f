"""An agent in LAN mode has a certificate of its own: the window accepts that one and no other."""

from pathlib import Path

from pytestqt.qtbot import QtBot

from skerry_client.errors import NotReachable
from skerry_gui.session import Connection
from skerry_testing.agent_thread import AgentThread
from skerry_testing.window import Opener

OWN = {"api.tls_certificate": "own"}


def test_the_agents_own_certificate_is_accepted_by_its_fingerprint(opener: Opener, tmp_path: Path) -> None:
    with AgentThread(tmp_path, flags=OWN) as agent:
        assert agent.served.server.address.startswith("https://")
        session = opener.live(agent)
        assert session.connection is Connection.LIVE
        session.stop()


def test_another_certificate_gets_no_token(opener: Opener, tmp_path: Path, qtbot: QtBot) -> None:
    with AgentThread(tmp_path, flags=OWN) as agent:
        agent.served.paths.fingerprint.write_text("00" * 32)
        session = opener.session(tmp_path)
        qtbot.waitUntil(lambda: session.connection is Connection.LOST, timeout=60_000)
        assert isinstance(session.error, NotReachable)
        assert "skerry_api_requests_total{" not in agent.served.metrics.text()
        session.stop()
