"""`python -m skerry_wallet.chain`: the chain process, or the chain as a server; `skerry chain` calls the same."""

import argparse
import asyncio
import gc
import sys
from pathlib import Path

from skerry_core.clock import Clock, SystemClock
from skerry_core.errors import UserError
from skerry_wallet.chain.child import run

__all__ = ["main", "serve"]

_GARBAGE_EVERY = 50_000  # objects; a request leaves no cycles, so looking for some at each 700 takes time for nothing


def main(arguments: list[str] | None = None) -> int:
    """Serve the agent on standard input and output, or clients on a port; return the exit code."""
    parser = argparse.ArgumentParser(prog="skerry chain")
    parser.add_argument("--dir", type=Path, required=True, help="directory of the embedded chain")
    parser.add_argument("--serve", action="store_true", help="serve JSON-RPC and WebSocket on 127.0.0.1")
    parser.add_argument("--port", type=int, default=8899, help="HTTP port; the next one is used too (8899)")
    parser.add_argument("--network", default="", help="name of the network of a new chain")
    chosen = parser.parse_args(arguments)
    if not chosen.serve:
        return run(chosen.dir)
    try:
        asyncio.run(serve(chosen.dir, network=chosen.network, port=chosen.port, clock=SystemClock()))
    except KeyboardInterrupt:
        return 0
    except UserError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


async def serve(directory: Path, *, network: str, port: int, clock: Clock) -> None:
    """Serve a chain directory until cancelled; prints the address. Raises `UserError`."""
    from skerry_wallet.chain.bank import Bank
    from skerry_wallet.rpc.server import ChainServer

    bank = Bank(directory, network=network, now_ms=clock.wall_ms())
    try:
        server = ChainServer(bank, clock=clock, port=port)
        gc.freeze()  # modules and the opened chain live as long as this process; a busy server need not walk them
        gc.set_threshold(_GARBAGE_EVERY)
        await server.run(lambda: print(server.url, flush=True))
    finally:
        bank.close()


if __name__ == "__main__":
    sys.exit(main())
