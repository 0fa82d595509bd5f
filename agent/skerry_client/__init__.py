"""Client of the agent's HTTP API; the core does no input or output, transports are thin."""
