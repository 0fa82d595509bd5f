"""Being an operator inside the agent: oracle, routes, treasury and chain of one network in one folder."""
