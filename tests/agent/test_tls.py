import stat
from pathlib import Path

import pytest

from skerry_agent.tls import fingerprint_of, own_certificate
from skerry_client import calls
from skerry_client.errors import NotReachable
from skerry_client.http import AgentClient
from skerry_core.errors import RefusedError
from skerry_testing.api import serve_api


def test_the_own_certificate_is_made_once_with_a_private_key(tmp_path: Path) -> None:
    first = own_certificate(tmp_path / "tls", now_s=1_790_000_000)
    pin = fingerprint_of(first.certificate)
    assert stat.S_IMODE(first.key.stat().st_mode) == 0o600
    assert fingerprint_of(own_certificate(tmp_path / "tls", now_s=1_800_000_000).certificate) == pin
    assert len(pin) == 64


def test_a_file_that_is_no_certificate_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("x")
    for file in (tmp_path / "x", tmp_path / "absent"):
        with pytest.raises(RefusedError, match="E_TLS"):
            fingerprint_of(file)


async def test_an_agent_with_its_own_certificate_is_reached_by_its_fingerprint_only(tmp_path: Path) -> None:
    async with serve_api(tmp_path, flags={"api.tls_certificate": "own"}) as served:
        address, pin = (file.read_text().strip() for file in (served.paths.address, served.paths.fingerprint))
        assert (address, pin) == (served.server.address, served.server.fingerprint)
        async with AgentClient.open(address, token=served.token, fingerprint=pin) as agent:
            assert (await agent.call(calls.status())).version
        for wrong in ("00" * 32, None):
            async with AgentClient.open(address, token=served.token, fingerprint=wrong) as agent:
                with pytest.raises(NotReachable):
                    await agent.call(calls.status())
    assert not served.paths.fingerprint.exists()
