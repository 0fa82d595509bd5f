"""The desktop program: PySide6 windows over the agent's HTTP API."""
