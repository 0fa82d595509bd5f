"""Client of the agent's HTTP API: `calls` and `sse` do no input or output, `http` is the thin aiohttp transport.

`models` are the typed answers, `paths` tells where a local agent's address and token files are.
"""
