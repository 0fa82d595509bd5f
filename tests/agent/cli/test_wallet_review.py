"""`skerry wallet review`: a remote agent builds, this computer reads, signs and sends; nothing else is signed."""

import base64
from pathlib import Path

import pytest

from skerry_agent.api.tokens import new_token
from skerry_agent.wallet.unsigned_service import unsigned_desk
from skerry_client.paths import choose_paths
from skerry_core.clock import SystemClock
from skerry_testing.api import Served
from skerry_testing.cli import Ran, running_agent, skerry
from skerry_testing.helium_server import HeliumServer, owner_home, serving
from skerry_testing.wallet import address_of, signer
from skerry_wallet.payout.payment import ZERO_BLOCKHASH
from skerry_wallet.programs import transfer_lamports
from skerry_wallet.spending.transfer import Transfer
from skerry_wallet.transaction import compile_message, parse_transaction, signer_key

FRIEND = address_of("friend")
CLOCK = SystemClock()


@pytest.fixture
def wallet(tmp_path: Path) -> tuple[Path, str, list[str]]:
    return owner_home(tmp_path)


def asked(
    wallet: tuple[Path, str, list[str]], server: HeliumServer, monkeypatch: pytest.MonkeyPatch, *more: str
) -> Ran:
    """Ask a remote agent for a transfer of 0.02 SOL and review it here."""
    home, _, _ = wallet
    remote = home.parent / "remote"
    secrets: list[str] = []

    async def prepare(served: Served) -> None:
        paths = choose_paths(remote, environ={})
        served.server.serve_transactions(unsigned_desk(paths, cluster=None, url=server.url, clock=CLOCK))
        made = new_token("desktop", ["wallet"], now_ns=CLOCK.wall_ns())
        await served.stores.tokens.add(made.row)
        secrets.extend([made.secret, served.server.address])

    wish = ["kind=transfer", f"to={FRIEND}", "token=SOL", "amount=20000000"]
    with running_agent(remote, prepare=prepare):
        monkeypatch.setenv("SKERRY_TOKEN", secrets[0])
        return skerry(
            home, "--address", secrets[1], "wallet", "review", "mine", *(f"--ask={one}" for one in wish),
            "--cluster", server.url, *more, "--json",
        )  # fmt: skip


def test_what_a_remote_agent_built_is_read_here_signed_here_and_lands(
    wallet: tuple[Path, str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = HeliumServer(owner=wallet[1])
    with serving(server):
        dry = asked(wallet, server, monkeypatch)
        assert server.sent == []
        sent = asked(wallet, server, monkeypatch, "--commit", *wallet[2])
    assert dry.code == 0, dry.err
    assert (dry.json["paid"], dry.json["destinations"]) == ({"SOL": "20000000"}, [FRIEND])
    assert "warning" not in dry.err
    assert sent.json["state"] == "final"
    (raw,) = server.sent
    assert parse_transaction(raw).message.keys[0] == signer_key(signer("owner"))


def test_an_agent_that_builds_something_else_than_it_says_is_found_out(
    wallet: tuple[Path, str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    from skerry_agent.wallet import unsigned

    async def theft(cluster: object, **wanted: object) -> bytes:
        thief = signer_key(signer("thief"))
        made = Transfer(owner=signer_key(signer("owner")), to=thief, token=None, amount=20_000_000)
        return made.message(open_account=False)

    monkeypatch.setattr(unsigned, "transfer_message", theft)
    server = HeliumServer(owner=wallet[1])
    skerry(wallet[0], "wallet", "allow", FRIEND, "--only")
    with serving(server):
        ran = asked(wallet, server, monkeypatch, "--commit", *wallet[2])
    assert ran.json["error"]["code"] == "E_SPENDING_DESTINATION"  # it shows the thief, and the list refuses it
    assert server.sent == []


def test_a_file_holds_a_message_or_a_whole_transaction_and_only_ones_own(
    wallet: tuple[Path, str, list[str]],
) -> None:
    home, owner, _ = wallet
    server = HeliumServer(owner=owner)
    mine, other = (signer_key(signer(name)) for name in ("owner", "somebody"))
    message = Transfer(owner=mine, to=other, token=None, amount=10**7).message(open_account=False)
    foreign = compile_message(other, [transfer_lamports(source=other, target=mine, lamports=1)], ZERO_BLOCKHASH)
    contents = {"message": message, "transaction": b"\x01" + bytes(64) + message, "foreign": foreign, "bad": b"?"}
    found = {}
    with serving(server):
        for name, content in contents.items():
            file = home / name
            file.write_bytes(base64.b64encode(content))
            ran = skerry(home, "wallet", "review", "mine", str(file), "--cluster", server.url, "--json")
            found[name] = ran.json["error"]["code"] if "error" in ran.json else ran.json["paid"]
        neither = skerry(home, "wallet", "review", "mine", "--cluster", server.url, "--json")
    assert found == {
        "message": {"SOL": "10000000"}, "transaction": {"SOL": "10000000"}, "foreign": "E_TX_SIGNERS",
        "bad": "E_TX_FILE",
    }  # fmt: skip
    assert neither.json["error"]["code"] == "E_TX_FILE"
