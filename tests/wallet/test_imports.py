"""The agent's process stays light: nothing of the wallet that it imports loads solders."""

import os
import subprocess
import sys

AGENT_SIDE = (
    "skerry_wallet.chain.embedded",
    "skerry_wallet.dc.credits",
    "skerry_wallet.ledger.entries",
    "skerry_wallet.ledger.export",
    "skerry_wallet.ledger.reconcile",
    "skerry_wallet.payout.payer",
    "skerry_wallet.payout.sqlite_store",
    "skerry_wallet.rpc.client",
    "skerry_wallet.tokens",
)


def test_solders_is_not_loaded_in_the_agents_process() -> None:
    program = f"import sys; import {', '.join(AGENT_SIDE)}; print('solders' in sys.modules)"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
