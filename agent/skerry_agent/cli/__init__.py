"""The command line. `main` is the `skerry` program; each verb group is a file beside this one, imported on use.

Results go to stdout, chatter to stderr; `--json` gives JSON everywhere. Exit codes: 0 ok, 1 error, 2 usage,
3 no agent is running, 4 unhealthy, 5 needs attention.
"""

import sys

from skerry_agent.cli.group import root

__all__ = ["main"]


def main() -> None:
    """Run the program and exit with its code."""
    from skerry_agent.cli.exits import run_command

    sys.exit(run_command(root, sys.argv[1:]))
