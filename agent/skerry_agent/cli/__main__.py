"""`python -m skerry_agent.cli`."""

from skerry_agent.cli import main

main()
