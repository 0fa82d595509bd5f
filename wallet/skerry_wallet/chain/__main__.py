"""`python -m skerry_wallet.chain --dir DIR`: the chain process; `skerry chain` calls the same function."""

import argparse
import sys
from pathlib import Path

from skerry_wallet.chain.child import run

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> int:
    """Serve the agent on standard input and output; return the exit code."""
    parser = argparse.ArgumentParser(prog="skerry chain", description=__doc__)
    parser.add_argument("--dir", type=Path, required=True, help="directory of the embedded chain")
    return run(parser.parse_args(arguments).dir)


if __name__ == "__main__":
    sys.exit(main())
