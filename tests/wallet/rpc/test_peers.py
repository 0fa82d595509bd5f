"""`skerry chain serve` driven by the clients that developers use: web3.js, kit and solana-py.

`./dev test --peers` installs them.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from skerry_testing.node import need_node

pytestmark = pytest.mark.peers

PEERS = Path(__file__).parent / "peers"
LIMIT_S = 60


@pytest.fixture
def chain_url(tmp_path: Path) -> Iterator[str]:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    command = [sys.executable, "-m", "skerry_wallet.chain", "--dir", str(tmp_path), "--serve", "--port", "0"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            url = process.stdout.readline().strip()
            assert url.startswith("http://"), "the server did not start"
            yield url
        finally:
            process.terminate()


def run_node(script: str, package: str, url: str, *, major: int = 18) -> Any:
    need_node(package, major=major)
    done = subprocess.run(
        ["node", str(PEERS / script), url], capture_output=True, text=True, timeout=LIMIT_S, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_web3_js_sends_confirms_and_makes_a_mint(chain_url: str) -> None:
    assert run_node("web3.cjs", "@solana/web3.js", chain_url) == {
        "target": 1_000_005,
        "fetched_fee": 5000,
        "balance": "5",
        "parsed": "5000000",
        "fee": 5000,
        "preview_error": None,
        "refusal": "SendTransactionError",
        "supply": "5000000",
    }


def test_kit_sends_and_confirms(chain_url: str) -> None:
    assert run_node("kit.mjs", "@solana/kit", chain_url, major=20) == {"balance": 1_000_000_000 - 5000}


async def test_solana_py_sends_and_confirms(chain_url: str) -> None:
    api = pytest.importorskip("solana.rpc.async_api")
    from solders.keypair import Keypair
    from solders.message import Message
    from solders.pubkey import Pubkey
    from solders.system_program import TransferParams, transfer
    from solders.transaction import Transaction

    payer, target = Keypair(), Pubkey.new_unique()
    async with api.AsyncClient(chain_url) as client:
        airdrop = (await client.request_airdrop(payer.pubkey(), 10**9)).value
        await client.confirm_transaction(airdrop)
        blockhash = (await client.get_latest_blockhash()).value.blockhash
        call = transfer(TransferParams(from_pubkey=payer.pubkey(), to_pubkey=target, lamports=1_000_000))
        transaction = Transaction([payer], Message([call], payer.pubkey()), blockhash)
        await client.confirm_transaction((await client.send_transaction(transaction)).value)
        assert (await client.get_balance(target)).value == 1_000_000
