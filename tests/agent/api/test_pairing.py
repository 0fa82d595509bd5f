from pathlib import Path

import pytest

from skerry_agent.api.pairing import LIFETIME_S, new_pairing
from skerry_client import calls
from skerry_client.errors import ApiProblem
from skerry_client.http import AgentClient
from skerry_client.models import Paired
from skerry_client.pairing import PairingString
from skerry_core.clock import NS_PER_S, SystemClock
from skerry_core.errors import UsageError
from skerry_testing.api import Served, serve_api
from skerry_testing.cli import running_agent, skerry


async def code_for(served: Served, *, age_s: int = 0) -> str:
    code, row = new_pairing("laptop", ["read", "control"], now_ns=SystemClock().wall_ns() - age_s * NS_PER_S)
    await served.stores.pairings.add(row)
    return code


async def redeem(served: Served, code: str) -> Paired:
    async with AgentClient.open(served.server.address, token=None) as agent:
        return await agent.call(calls.pair(code))


async def test_a_code_becomes_a_token_once(tmp_path: Path) -> None:
    async with serve_api(tmp_path) as served:
        code = await code_for(served)
        paired = await redeem(served, f" {code.lower()} ")
        assert paired.token not in repr(paired)
        async with AgentClient.open(served.server.address, token=paired.token) as agent:
            assert (await agent.call(calls.capabilities())).scopes == ("read", "control")
        with pytest.raises(ApiProblem, match="E_PAIRING"):
            await redeem(served, code)
        assert [row.name for row in await served.stores.tokens.all()] == ["laptop"]
        lines = (await served.stores.audit.page()).rows
        assert sorted((line.action, line.outcome) for line in lines) == [("pair", "ok"), ("pair", "refused")]


async def test_an_old_code_is_refused(tmp_path: Path) -> None:
    async with serve_api(tmp_path) as served:
        with pytest.raises(ApiProblem, match="E_PAIRING"):
            await redeem(served, await code_for(served, age_s=LIFETIME_S))


async def test_guessing_codes_is_slowed_down(tmp_path: Path) -> None:
    async with serve_api(tmp_path) as served:
        good = await code_for(served)
        for _ in range(6):
            with pytest.raises(ApiProblem, match="E_PAIRING"):
                await redeem(served, "ABCDEFGHJK")
        with pytest.raises(ApiProblem, match="E_THROTTLED"):
            await redeem(served, good)


def test_pairing_never_gives_wallet() -> None:
    with pytest.raises(UsageError, match="E_TOKEN_SCOPE"):
        new_pairing("x", ["read", "wallet"], now_ns=1)


def test_the_command_line_prints_a_string_that_the_other_side_reads(tmp_path: Path) -> None:
    assert skerry(tmp_path, "token", "create", "--pair").code == 3
    with running_agent(tmp_path):
        ran = skerry(tmp_path, "token", "create", "--pair", "--name", "laptop")
        found = PairingString.from_text(ran.out)
        assert found.address == (tmp_path / "api.address").read_text().strip()
        assert found.fingerprint is None
        assert skerry(tmp_path, "token", "create", "--pair", "--scope", "wallet").code == 2


GOOD = "skerry-pair:https://192.168.1.7:8474#sha256=" + "ab" * 32 + "&code=ABCDEFGHJK"


def test_a_pairing_string_comes_back_as_it_went_in() -> None:
    for text in (GOOD, "skerry-pair:http://127.0.0.1:8474#code=ABCDEFGHJK", "skerry-pair:https://[fe80::1]:8474#sha256="
                 + "00" * 32 + "&code=2222222222"):  # fmt: skip
        assert PairingString.from_text(text + "\n").to_text() == text
    assert "ABCDEFGHJK" not in repr(PairingString.from_text(GOOD))


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "https://192.168.1.7:8474",
        GOOD.replace("https", "ftp"),
        GOOD.replace(":8474", ""),
        GOOD.replace(":8474", ":99999"),
        GOOD.replace("192.168.1.7", ""),
        GOOD.replace("192.168.1.7", "me:pw@192.168.1.7"),
        GOOD.replace(":8474", ":8474/path"),
        GOOD.replace("ABCDEFGHJK", "abc"),
        GOOD.replace("sha256=", "sha1="),
        GOOD.replace("ab" * 32, "ab"),
        GOOD.replace("https", "http"),
        "skerry-pair:https://192.168.1.7:8474#code=ABCDEFGHJK",
        "skerry-pair:https://[::1#code=ABCDEFGHJK",
        GOOD + "x" * 600,
    ],
)
def test_a_damaged_pairing_string_is_refused(wrong: str) -> None:
    with pytest.raises(UsageError, match="E_PAIRING_STRING"):
        PairingString.from_text(wrong)
