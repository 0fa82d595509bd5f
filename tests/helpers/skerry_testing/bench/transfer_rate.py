"""Transfers per second through `skerry chain serve`, with confirmation, and through the virtual machine alone."""

import asyncio
import base64
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import aiohttp

from skerry_core.clock import NS_PER_S, SystemClock
from skerry_testing.bench.processes import cpu_s
from skerry_testing.wallet import address_of, signer
from skerry_wallet.programs import transfer_lamports
from skerry_wallet.transaction import compile_message, parse_transaction, sign_message, signer_key

__all__ = ["bare_vm_per_s", "served_per_s"]

TRANSFERS = 8_000
CONNECTIONS = {1: 64, 100: 8}


def bare_vm_per_s() -> float:
    """Execute signed transfers in a fresh LiteSVM in this process, signature checks included."""
    from solders.litesvm import LiteSVM
    from solders.pubkey import Pubkey
    from solders.transaction import VersionedTransaction

    vm = LiteSVM()
    vm.airdrop(Pubkey(signer_key(signer("payer"))), 10**12)
    signed = [VersionedTransaction.from_bytes(raw) for raw in _signed(str(vm.latest_blockhash()), TRANSFERS)]
    clock = SystemClock()
    started_ns = clock.monotonic_ns()
    for transaction in signed:
        vm.send_transaction(transaction)
    return TRANSFERS * NS_PER_S / (clock.monotonic_ns() - started_ns)


def served_per_s(folder: Path, *, batch: int) -> tuple[float, float]:
    """Send signed transfers to a served chain and ask until the last one is confirmed; signing is not counted.

    Returns the rate by the clock and by the server's processor time.
    """
    folder.mkdir()
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-P", "-m", "skerry_agent.cli", "chain", "serve", "--dir", str(folder), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environ) as child:
        assert child.stdout is not None
        try:
            url = child.stdout.readline().strip()
            before_s = cpu_s(child.pid)
            rate = asyncio.run(_send_all(url, batch))
            return rate, TRANSFERS / (cpu_s(child.pid) - before_s)
        finally:
            child.terminate()


async def _send_all(url: str, batch: int) -> float:
    clock = SystemClock()
    limit = aiohttp.TCPConnector(limit=CONNECTIONS[batch])
    async with aiohttp.ClientSession(connector=limit) as session:
        await _ask(session, url, _call("requestAirdrop", address_of("payer"), 10**12))
        found = await _ask(session, url, _call("getLatestBlockhash"))
        signed = await asyncio.to_thread(_signed, found["result"]["value"]["blockhash"], TRANSFERS)
        bodies = [_call("sendTransaction", base64.b64encode(raw).decode(), {"encoding": "base64"}) for raw in signed]
        groups = iter([bodies[start : start + batch] for start in range(0, TRANSFERS, batch)])

        async def sender() -> None:
            for group in groups:
                answer = await _ask(session, url, group[0] if batch == 1 else group)
                for one in answer if isinstance(answer, list) else [answer]:
                    assert "result" in one, one

        started_ns = clock.monotonic_ns()
        async with asyncio.TaskGroup() as tasks:
            for number in range(CONNECTIONS[batch]):
                tasks.create_task(sender(), name=f"sender {number}")
        signatures = [parse_transaction(raw).signature for raw in signed]
        for start in range(0, TRANSFERS, 256):
            call = _call("getSignatureStatuses", signatures[start : start + 256])
            statuses = (await _ask(session, url, call))["result"]["value"]
            assert all(status is not None and status["err"] is None for status in statuses)
        return TRANSFERS * NS_PER_S / (clock.monotonic_ns() - started_ns)


async def _ask(session: aiohttp.ClientSession, url: str, body: Any) -> Any:
    async with session.post(url, data=json.dumps(body)) as response:
        return await response.json(content_type=None)


def _call(method: str, *params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}


def _signed(blockhash: str, count: int) -> list[bytes]:
    payer, target = signer("payer"), signer_key(signer("target"))
    key = signer_key(payer)
    return [
        sign_message(
            compile_message(key, [transfer_lamports(source=key, target=target, lamports=10**6 + n)], blockhash), [payer]
        )
        for n in range(count)
    ]
